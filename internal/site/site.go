package site

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/input"
	"igny8/internal/site/sitedb"
)

// Site is a customer's web site with the sectors it covers or once covered.
type Site struct {
	sitedb.Site
	Sectors []Sector
}

// Sector is a part of the site's industry, active or not.
type Sector = sitedb.SiteSector

// Service runs the stories of sites. Who may use which is the gate's matter; the
// account is always the actor's.
type Service struct{ db *db.DB }

// New returns the service.
func New(d *db.DB) *Service { return &Service{d} }

// MaxName is the longest name of a site, in characters.
const MaxName = 100

// NewSite is what a site is made of.
type NewSite struct {
	Name     string
	Domain   string // as pasted; see NormalizeDomain
	Industry string // slug
}

// ErrDomainTaken refuses a second site of one account with one domain.
var ErrDomainTaken = igny8.E(igny8.Conflict, "domain_taken", "This account has a site with this domain already.").
	WithField("domain", "domain_taken", "Use the site that is there, or another domain.")

// Create makes a site of the actor's account. 403 wrong_site for who is limited to
// certain sites, 403 limit_reached when the plan allows no more, 409 domain_taken, 422 unknown_industry.
func (s *Service) Create(ctx context.Context, actor igny8.Actor, in NewSite) (out Site, err error) {
	if actor.Sites != nil {
		return out, igny8.ErrWrongSite
	}
	if err := s.Check(ctx, in); err != nil {
		return out, err
	}
	in.Name, in.Industry = input.Name(in.Name), input.Machine(in.Industry)
	if in.Domain, err = NormalizeDomain(in.Domain); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "site.create", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		out, err = create(ctx, tx, actor, in)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func create(ctx context.Context, tx *db.Tx, actor igny8.Actor, in NewSite) (Site, error) {
	// The account's lock puts creations in a line, so the count below holds.
	if _, err := account.Lock(ctx, tx); err != nil {
		return Site{}, err
	}
	if err := roomForSite(ctx, tx); err != nil {
		return Site{}, err
	}
	industry, err := catalog.IndustryBySlug(ctx, tx, in.Industry)
	if err != nil {
		return Site{}, err
	}
	row, err := sitedb.New(tx).InsertSite(ctx, sitedb.InsertSiteParams{AccountID: tx.Account, ID: db.NewID[igny8.SiteID](tx), Name: in.Name,
		Domain: in.Domain, IndustryID: industry.ID, IndustrySlug: industry.Slug, IndustryName: industry.Name, Now: tx.Now})
	if db.Absent(err) {
		return Site{}, ErrDomainTaken
	}
	if err != nil {
		return Site{}, fmt.Errorf("insert site: %w", err)
	}
	return Site{Site: row, Sectors: []Sector{}}, tell(ctx, tx, actor, "create", row)
}

func roomForSite(ctx context.Context, tx *db.Tx) error {
	l, err := billing.RunningLimits(ctx, tx)
	if err != nil || l.MaxSites == nil {
		return err
	}
	used, err := sitedb.New(tx).CountSites(ctx, tx.Account)
	if err != nil {
		return fmt.Errorf("count sites: %w", err)
	}
	if used >= *l.MaxSites {
		return billing.LimitReached("sites", l.PlanSlug, *l.MaxSites, used)
	}
	return nil
}

// Check tells everything that is wrong with a new site, in one error.
func (s *Service) Check(ctx context.Context, in NewSite) error {
	var faults input.Faults
	_, err := checkName(in.Name)
	faults.Add(err)
	_, err = NormalizeDomain(in.Domain)
	faults.Add(err)
	if faults.Err() == nil {
		return nil // the story looks the industry up
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := catalog.IndustryBySlug(ctx, tx, input.Machine(in.Industry))
		faults.Add(err)
		return nil
	})
	return cmp.Or(err, faults.Err())
}

func checkName(name string) (string, error) {
	name = input.Name(name)
	if !input.Visible(name) {
		return name, igny8.InvalidField("name", "required", "Give the site a name.")
	}
	if utf8.RuneCountInString(name) > MaxName {
		return name, igny8.InvalidField("name", "too_long", "Keep the name within 100 characters.")
	}
	if fault, ok := input.Check("name", name); !ok {
		return name, igny8.InvalidField("name", fault.Code, fault.Detail)
	}
	return name, nil
}

// tell writes what follows from a change of a site: event and audit row. Call it
// last; the audit row takes the lock of the chain.
func tell(ctx context.Context, tx *db.Tx, actor igny8.Actor, verb string, row sitedb.Site) error {
	past := map[string]string{"create": "created", "update": "updated", "delete": "deleted", "set_sectors": "updated"}[verb]
	if err := event.Emit(ctx, tx, "site."+past, row.ID.String(), map[string]any{
		"name": row.Name, "domain": row.Domain, "industry": row.IndustrySlug, "active": row.Active}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "site." + verb, ObjectType: "site", ObjectID: row.ID.String(),
		Details: map[string]any{"domain": row.Domain, "industry": row.IndustrySlug, "version": row.Version}})
}

// Get returns one site of the actor's account. 403 wrong_site when it is not one of
// those that the actor is limited to.
func (s *Service) Get(ctx context.Context, actor igny8.Actor, id igny8.SiteID) (out Site, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		out, err = reached(ctx, tx, actor, id)
		return err
	})
	return out, err
}

// reached reads a site that the actor may touch.
func reached(ctx context.Context, tx *db.Tx, actor igny8.Actor, id igny8.SiteID) (Site, error) {
	out, err := Get(ctx, tx, id)
	if err == nil && !actor.Reaches(id) {
		return Site{}, igny8.ErrWrongSite
	}
	return out, err
}

// Get reads a site of the transaction's account, NotFound when it was deleted.
func Get(ctx context.Context, tx *db.Tx, id igny8.SiteID) (Site, error) {
	row, err := sitedb.New(tx).GetSite(ctx, sitedb.GetSiteParams{AccountID: tx.Account, ID: id})
	if db.Absent(err) {
		return Site{}, igny8.ErrNotFound
	}
	if err != nil {
		return Site{}, fmt.Errorf("read site: %w", err)
	}
	return withSectors(ctx, tx, row)
}

func withSectors(ctx context.Context, tx *db.Tx, row sitedb.Site) (Site, error) {
	list, err := sectorsOf(ctx, tx, []sitedb.Site{row})
	if err != nil {
		return Site{}, err
	}
	return list[0], nil
}

// sectorsOf adds their sectors to rows that come newest first.
func sectorsOf(ctx context.Context, tx *db.Tx, rows []sitedb.Site) ([]Site, error) {
	out := make([]Site, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	sectors, err := sitedb.New(tx).SectorsBetween(ctx, sitedb.SectorsBetweenParams{AccountID: tx.Account,
		First: rows[len(rows)-1].ID, Last: rows[0].ID})
	if err != nil {
		return nil, fmt.Errorf("read sectors: %w", err)
	}
	at := make(map[igny8.SiteID]int, len(rows))
	for i, r := range rows {
		out[i], at[r.ID] = Site{Site: r, Sectors: []Sector{}}, i
	}
	for _, sec := range sectors {
		if i, ok := at[sec.SiteID]; ok { // not that of a deleted site between them
			out[i].Sectors = append(out[i].Sectors, sec)
		}
	}
	return out, nil
}

// List returns the sites of the actor's account that they reach, newest first.
func (s *Service) List(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[Site], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		rows, err := sitedb.New(tx).ListSites(ctx, sitedb.ListSitesParams{AccountID: tx.Account,
			BeforeID: igny8.SiteID(p.BeforeID()), AllSites: actor.Sites == nil, Sites: among(actor.Sites), PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("list sites: %w", err)
		}
		items, err := sectorsOf(ctx, tx, rows)
		if err != nil {
			return err
		}
		list = igny8.NewList(p, items, func(s Site) string { return s.ID.UUID().String() })
		return nil
	})
	return list, err
}

// among is a list of sites as the query takes it: ",id,id,".
func among(sites []igny8.SiteID) string {
	var b strings.Builder
	for _, id := range sites {
		b.WriteString("," + id.UUID().String())
	}
	return b.String() + ","
}
