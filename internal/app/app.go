package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/blob"
	"igny8/internal/catalog"
	"igny8/internal/config"
	"igny8/internal/db"
	"igny8/internal/desk"
	"igny8/internal/doctor"
	"igny8/internal/event"
	"igny8/internal/gateway/smtp"
	"igny8/internal/idem"
	"igny8/internal/job"
	"igny8/internal/kdf"
	"igny8/internal/mail"
	"igny8/internal/offboard"
	"igny8/internal/ops"
	"igny8/internal/rate"
	"igny8/internal/search"
	"igny8/internal/signup"
	"igny8/internal/site"
	"igny8/internal/team"
	"igny8/internal/web"
	"igny8/internal/web/api"
	"igny8/internal/web/console"
	customerpages "igny8/internal/web/console/customer"
	personpages "igny8/internal/web/console/person"
	publicpages "igny8/internal/web/console/public"
	staffpages "igny8/internal/web/console/staff"
	"igny8/internal/web/docs"
	"igny8/internal/worker"
)

// Version is the program's version; the build sets it.
var Version = "dev"

// Standalone tells that the running file is igny8, which can be run a second time
// to hash passwords, and no other program with this package in it: a test.
var Standalone bool

// App is the running program's parts.
type App struct {
	cfg      config.Config
	settings []config.Setting
	log      *slog.Logger
	db       *db.DB
	idem     *idem.Store
	files    blob.Store
	api      *api.API

	near bool   // nobody reaches this server but from the machine itself
	host string // the name people reach it by; "" when it is not known

	admit func(context.Context, igny8.Actor, igny8.Permission, account.Need) error

	auth     *auth.Service
	account  *account.Service
	catalog  *catalog.Service
	signup   *signup.Service
	team     *team.Service
	billing  *billing.Service
	site     *site.Service
	offboard *offboard.Service
	search   *search.Service
	ops      *ops.Service
	desk     *desk.Service
	feed     *event.Feed
	pages    *console.Console
}

// admit is the account's gate for routes of the API. Tests take single checks away
// to see that another test notices.
func admit(_ context.Context, actor igny8.Actor, p igny8.Permission, n account.Need) error {
	return account.Admit(actor, p, n)
}

func hasher(cfg config.Config, log *slog.Logger) *auth.Hasher {
	if cfg.CheapHashes {
		return auth.NewCheapHasher()
	}
	derive := kdf.Derive
	if self, err := worker.Self(); err == nil && Standalone {
		derive = kdf.NewProcesses(log, self, derivePasswords).Derive
	}
	return auth.NewHasher(0, derive)
}

// inspectors are the processes in which files are inspected; nil: in this one.
func inspectors(log *slog.Logger) *worker.Processes {
	self, err := worker.Self()
	if err != nil || !Standalone {
		return nil
	}
	return blob.Processes(log, self, inspectFiles)
}

// uploads take forms with files, counted in the database so that all nodes count
// together.
func (a *App) uploads() (*web.Uploads, error) {
	lease := rate.New(a.db).Lease
	if a.cfg.RateLimits == "off" {
		lease = nil
	}
	return web.NewUploads(filepath.Join(a.cfg.Data, "uploads"), lease, a.db.Now)
}

// migrate brings tables and queue to this version and fills an empty catalogue.
func migrate(ctx context.Context, d *db.DB) error {
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := job.Migrate(ctx, d); err != nil {
		return err
	}
	return catalog.New(d).Seed(db.Patient(ctx, time.Minute))
}

// build makes the services over an open, migrated database. base begins the links
// in letters when no public address is set.
func build(ctx context.Context, cfg config.Config, base string, log *slog.Logger, d *db.DB) (*App, error) {
	public, settings := cfg.PublicURL != "", cfg.Settings() // as they were given
	issuer := cmp.Or(cfg.PublicURL, "igny8")                // the same on every node, whatever it listens on
	cfg.PublicURL = strings.TrimRight(cmp.Or(cfg.PublicURL, base), "/")
	a := &App{cfg: cfg, settings: settings, log: log, db: d, admit: admit, near: near(cfg), host: hostName(cfg, public)}
	secret, err := loadSecret(cfg)
	if err != nil {
		return nil, err
	}
	if err := auth.BindSecret(ctx, d, secret, cfg.OldSecret); err != nil {
		return nil, err
	}
	files, err := blob.OpenFolder(filepath.Join(cfg.Data, "files"))
	if err != nil {
		return nil, fmt.Errorf("open the folder for files: %w", err)
	}
	signer, err := newSigner(cfg, issuer, secret)
	if err != nil {
		return nil, err
	}
	salt, err := auth.Salt(ctx, d)
	if err != nil {
		return nil, err
	}
	identity := auth.Config{DB: d, Signer: signer, Hasher: hasher(cfg, log), Secret: auth.Derive(secret, "auth"),
		Salt: salt, PublicURL: cfg.PublicURL, StaffSecondFactor: mustHaveSecondFactor(cfg), Unlimited: cfg.RateLimits == "off", Verified: cfg.SMTPURL != ""}
	if cfg.OldSecret != "" {
		identity.OldSecret = auth.Derive(cfg.OldSecret, "auth")
	}
	a.auth = auth.New(identity)
	a.account = account.NewService(d)
	a.catalog = catalog.New(d)
	a.signup = signup.New(d, a.auth)
	a.team = team.New(d, a.auth, auth.Derive(secret, "invitations"), cfg.PublicURL)
	a.billing = billing.New(d, files, auth.Derive(secret, "billing"), cfg.PublicURL)
	if cfg.SMTPURL != "" {
		a.billing.OnlyVerified()
	}
	a.site = site.New(d)
	a.offboard = offboard.New(d, a.auth, files, cfg.PublicURL)
	a.search = search.New(d)
	credits, months := cfg.GiftLimits()
	a.desk = desk.New(d, a.auth, desk.Limits{Credits: credits, Months: months})
	a.ops = ops.New(d, ops.Installation{Version: Version, PublicURL: public, MailServer: cfg.SMTPURL != ""})
	a.feed = event.NewFeed(d)
	a.idem = idem.New(d, auth.Derive(secret, "idempotency"))
	pages, err := a.pagesOver(files, auth.Derive(secret, "console"))
	if err != nil {
		return nil, err
	}
	if a.api, err = a.routes(auth.Derive(secret, "cursor"), pages); err != nil {
		return nil, err
	}
	if cfg.OldSecret != "" {
		if err := a.auth.Reseal(ctx); err != nil {
			return nil, err
		}
	}
	return a, a.firstStaff(ctx)
}

// pagesOver is what the pages need, with the one intake of files into the store that
// they share with billing.
func (a *App) pagesOver(files blob.Store, key []byte) (console.Config, error) {
	a.files = files
	intake := blob.NewIntake(files, inspectors(a.log))
	a.billing.InspectWith(intake)
	uploads, err := a.uploads()
	return console.Config{PublicURL: a.cfg.PublicURL, Auth: a.auth, Intake: intake, Uploads: uploads, Key: key,
		Feed: a.feed, Now: a.db.Now, Dev: a.near, Demo: a.cfg.Demo}, err
}

// mustHaveSecondFactor reports whether staff must have one.
func mustHaveSecondFactor(cfg config.Config) bool {
	if cfg.StaffFactor != "auto" {
		return cfg.StaffFactor == "required"
	}
	return !cfg.Demo && !near(cfg)
}

// near reports whether the server both listens and is reached on the machine itself.
// Behind a proxy a server that listens there is reached from elsewhere all the same, so
// its public address counts too.
func near(cfg config.Config) bool {
	u, err := url.Parse(cfg.PublicURL)
	public := err == nil && (u.Hostname() == "" || loopback(net.JoinHostPort(u.Hostname(), "0")))
	return loopback(cfg.Addr) && public
}

// hostName is the name that requests must be for: the public address's when one is
// set. Without one only a server on the machine itself knows its name.
func hostName(cfg config.Config, public bool) string {
	u, err := url.Parse(cfg.PublicURL)
	if err != nil || !public && !loopback(cfg.Addr) {
		return ""
	}
	return u.Hostname()
}

func newSigner(cfg config.Config, issuer, secret string) (*auth.Signer, error) {
	key, err := auth.NewKey(auth.Derive(secret, "access tokens"))
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	var older []auth.Key
	if cfg.OldSecret != "" {
		old, err := auth.NewKey(auth.Derive(cfg.OldSecret, "access tokens"))
		if err != nil {
			return nil, fmt.Errorf("make signing key: %w", err)
		}
		older = append(older, old)
	}
	return auth.NewSigner(issuer, issuer+"/api", key, older...)
}

// routes is the one place where all routes come together.
func (a *App) routes(cursorKey []byte, pages console.Config) (*api.API, error) {
	mux := http.NewServeMux()
	c, err := a.console(mux, pages)
	if err != nil {
		return nil, err
	}
	r := api.New(api.Config{
		Config: web.Config{PublicURL: a.cfg.PublicURL, Log: a.log, Now: a.db.Now, ErrorPage: c.ErrorPage,
			Proxies: a.cfg.TrustedProxies(), Host: a.host},
		Mux:     mux,
		Version: Version,
		Authenticate: func(ctx context.Context, token string) (igny8.Actor, error) {
			return a.auth.Authenticate(ctx, token, web.ClientIP(ctx))
		},
		Admit: func(ctx context.Context, actor igny8.Actor, p igny8.Permission, n account.Need) error {
			return a.admit(ctx, actor, p, n)
		},
		Idempotency: api.StoredIn(a.idem),
		CursorKey:   cursorKey,
		RateLimits:  a.cfg.RateLimits != "off",
		Shared:      a.shared(),
		Ready:       a.db.Ping,
		Uploads:     pages.Uploads,
	})
	api.RegisterAuth(r, a.auth, a.signup, a.billing)
	api.RegisterPerson(r, a.auth)
	api.RegisterFactors(r, a.auth)
	api.RegisterKeys(r, a.auth)
	api.RegisterStaffKeys(r, a.auth)
	api.RegisterAccount(r, a.account)
	api.RegisterTeam(r, a.account, a.team, a.auth)
	api.RegisterOffboard(r, a.offboard)
	api.RegisterCatalog(r, a.catalog)
	api.RegisterBilling(r, a.billing)
	api.RegisterCredits(r, a.billing)
	api.RegisterSites(r, a.site)
	api.RegisterAdmin(r, a.billing)
	api.RegisterSearch(r, a.search)
	api.RegisterJobs(r, a.ops)
	api.RegisterStaff(r, a.desk, a.account)
	api.RegisterDesk(r, a.desk)
	if a.mailbox() {
		web.RegisterMailbox(r.Mux(), a.db)
	}
	return r, docs.Register(r.Mux(), searched(r)...)
}

// mailbox reports whether letters are shown at /dev/mail: no mail server sends them, and
// nobody but people on this machine can ask.
func (a *App) mailbox() bool { return a.cfg.SMTPURL == "" && a.near }

// searched is what the search of the documentation finds besides its pages: the
// operations of the API and the error codes.
func searched(r *api.API) (out []docs.Entry) {
	for _, rt := range r.Routes() {
		out = append(out, docs.Entry{Href: "/docs/api#" + rt.ID, Page: "API reference", Heading: rt.Summary,
			Text: rt.Method + " " + api.Prefix + rt.Path + " " + rt.Doc})
	}
	for _, c := range api.ErrorCodes() {
		out = append(out, docs.Entry{Href: "/docs/errors/" + c.Code, Page: "Error codes", Heading: c.Code,
			Text: fmt.Sprintf("HTTP status %d. %s %s", c.Status, c.Means, c.Do)})
	}
	return out
}

// shared is where nodes share allowances of requests; nil on SQLite, which has one
// node.
func (a *App) shared() api.Shared {
	if !a.db.Postgres() {
		return nil
	}
	return rate.New(a.db)
}

// console is the one place where all pages come together.
func (a *App) console(mux *http.ServeMux, cfg console.Config) (*console.Console, error) {
	c, err := console.New(cfg, mux)
	if err != nil {
		return nil, err
	}
	publicpages.Register(c, publicpages.Deps{Auth: a.auth, Catalog: a.catalog, Signup: a.signup, Billing: a.billing, Team: a.team, Logins: demoLogins(a.cfg.Demo)})
	customerpages.Register(c, customerpages.Deps{Account: a.account, Auth: a.auth, Billing: a.billing, Catalog: a.catalog, Site: a.site, Offboard: a.offboard, Team: a.team})
	personpages.Register(c, personpages.Deps{Auth: a.auth})
	a.pages = c
	staffpages.Register(c, staffpages.Deps{Hold: a.cfg.ApprovalHold(), Target: a.cfg.ApprovalTarget(), Demo: a.cfg.Demo, Settings: a.settings, Auth: a.auth, Billing: a.billing,
		Account: a.account, Desk: a.desk, Catalog: a.catalog, Search: a.search, Ops: a.ops,
		Doctor: func(ctx context.Context) (doctor.Report, error) { return everything(ctx, a.db, a.files) }})
	return c, nil
}

// firstStaff makes the staff user that the settings name, once.
func (a *App) firstStaff(ctx context.Context) error {
	if a.cfg.StaffEmail == "" {
		return nil
	}
	_, err := a.auth.CreateStaff(ctx, a.cfg.StaffEmail, a.cfg.StaffPass)
	if errors.Is(err, account.ErrEmailTaken) {
		return nil
	}
	return err
}

// sender is the mail server, or the mailbox at /dev/mail when there is none.
func (a *App) sender() (mail.Sender, error) {
	if a.cfg.SMTPURL == "" {
		return mail.Mailbox{}, nil
	}
	return smtp.New(a.cfg.SMTPURL)
}

type cleanArgs struct{}

// Kind names the job.
func (cleanArgs) Kind() string { return "idem.clean" }

// runner works the queue of this program's jobs.
func (a *App) runner() (*job.Runner, error) {
	s, err := a.sender()
	if err != nil {
		return nil, err
	}
	w := job.NewWorkers()
	mail.Register(w, a.db, s)
	a.auth.Register(w)
	a.offboard.Register(w)
	job.Handle(w, func(ctx context.Context, _ cleanArgs) error {
		_, err := a.idem.Clean(ctx)
		_, err2 := rate.New(a.db).Clean(ctx)
		return errors.Join(err, err2, a.auth.Clean(ctx), a.catalog.CleanQuotes(ctx))
	})
	job.Handle(w, func(ctx context.Context, _ billing.SweepArgs) error {
		_, err := a.billing.SweepFiles(ctx)
		return err
	})
	return job.NewRunner(a.db, w, quietly(a.log), job.Periodic{Every: time.Hour, Args: cleanArgs{}}, job.Periodic{Every: time.Hour, Args: offboard.EraseArgs{}},
		job.Periodic{Every: 15 * time.Minute, Args: billing.SweepArgs{}})
}

// quietly keeps the queue's everyday notices out of the log.
func quietly(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

// start serves on the listener and works the queue. stop ends both; failed tells
// when the server ends by itself.
func (a *App) start(ctx context.Context, l net.Listener) (stop func(), failed <-chan error, err error) {
	runner, err := a.runner()
	if err != nil {
		return nil, nil, err
	}
	if err := runner.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: a.api.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 90 * time.Second,
		WriteTimeout: 120 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	rest := a.background()
	return func() { a.stop(server, runner, rest) }, ended, nil
}

// What runs when the server is told to stop gets six seconds; what is cut off then
// has two more to end. Both halves stop at the same time, so all is over in ten.
const (
	stopWithin = 6 * time.Second
	cutWithin  = 2 * time.Second
)

func (a *App) stop(server *http.Server, runner *job.Runner, rest func()) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	a.pages.Close()
	var all sync.WaitGroup
	all.Go(rest)
	all.Go(func() {
		if err := server.Shutdown(ctx); err != nil {
			a.log.Warn("requests that did not end in time were cut off", slog.Any("error", err))
			server.Close()
		}
	})
	all.Go(func() {
		if err := runner.Stop(ctx, cutWithin); err != nil {
			a.log.Warn("jobs that did not end in time are left for the next start", slog.Any("error", err))
		}
	})
	all.Wait()
}
