package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/blob"
	"igny8/internal/catalog"
	"igny8/internal/config"
	"igny8/internal/db"
	"igny8/internal/doctor"
)

// finding is one line of `igny8 doctor`: what was looked at, whether it is all
// right, and if not, why and what mends it.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
	Fix  string `json:"fix,omitempty"`
	Note bool   `json:"note,omitempty"` // worth knowing, but no fault
}

func (c *cli) doctor() *cobra.Command {
	var only bool
	cmd := &cobra.Command{Use: "doctor [--invariants]", Short: "Is it all right? Each line says what, why and how to mend it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := c.withDB(cmd, func(ctx context.Context, cfg config.Config, _ *slog.Logger, d *db.DB) error {
				var list []finding
				if f := sound(ctx, d); !only || !f.OK {
					list = append(list, f)
				}
				if !only {
					list = append(list, examine(ctx, cfg, d)...)
				}
				list = append(list, invariants(ctx, cfg, d)...)
				return c.report(list)
			})
			if db.Damaged(err) { // so much that it could not be opened
				return c.report([]finding{damagedFile(err)})
			}
			return err
		}}
	cmd.Flags().BoolVar(&only, "invariants", false, "only what must hold at every moment (domain rules, as SQL)")
	return cmd
}

func (c *cli) report(list []finding) error {
	bad := 0
	for _, f := range list {
		if !f.OK && !f.Note {
			bad++
		}
	}
	err := c.print(map[string]any{"ok": bad == 0, "findings": list}, func(w io.Writer) {
		for _, f := range list {
			mark := "ok  "
			switch {
			case f.Note && !f.OK:
				mark = "note"
			case !f.OK:
				mark = "BAD "
			}
			fmt.Fprintf(w, "%s  %s\n", mark, f.What)
			if !f.OK {
				fmt.Fprintf(w, "      why: %s\n", f.Why)
				if f.Fix != "" {
					fmt.Fprintf(w, "      fix: %s\n", f.Fix)
				}
			}
		}
	})
	if err == nil && bad > 0 {
		return errFinding
	}
	return err
}

// examine looks at the installation.
func examine(ctx context.Context, cfg config.Config, d *db.DB) []finding {
	list := []finding{database(ctx, d), schema(ctx, d), secretFile(cfg), writable(cfg), private(cfg)}
	list = append(list, mailServer(cfg), trustedProxies(cfg))
	if cfg.PublicURL == "" {
		list = append(list, finding{What: "public address", Note: true, Why: "links in letters will point at the listening address", Fix: "set IGNY8_PUBLIC_URL"})
	}
	return append(append(list, people(ctx, d)...), accountNumbers(ctx, d))
}

func mailServer(cfg config.Config) finding {
	switch {
	case cfg.SMTPURL != "":
		return finding{What: "mail server: set", OK: true}
	case near(cfg):
		return finding{What: "mail server", Note: true, Why: "none is set, so customers get no letters; they are kept and shown at /dev/mail", Fix: "set IGNY8_SMTP_URL"}
	}
	return finding{What: "mail server", Note: true, Why: "none is set, so nobody gets a letter: no password can be reset, no address proved", Fix: "set IGNY8_SMTP_URL"}
}

// trustedProxies looks for a server that is reached from elsewhere and believes no
// proxy: behind one, all its visitors would count as one person.
func trustedProxies(cfg config.Config) finding {
	switch {
	case cfg.Proxies != "":
		return finding{What: "trusted proxies: " + cfg.Proxies, OK: true}
	case near(cfg):
		return finding{What: "trusted proxies: none, and the server is reached on this machine only", OK: true}
	}
	return finding{What: "trusted proxies", Note: true,
		Why: "the server is reached from elsewhere and none is named; behind a proxy all visitors share one limit of signups and logins",
		Fix: "set IGNY8_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1, unless there is no proxy"}
}

func database(ctx context.Context, d *db.DB) finding {
	name, err := d.Describe(ctx)
	if err != nil {
		return finding{What: "database", Why: err.Error(), Fix: "check that the server runs and --database-url is right"}
	}
	return finding{What: "database: " + name, OK: true}
}

func schema(ctx context.Context, d *db.DB) finding {
	steps, err := d.MigrationStatus(ctx)
	if err != nil {
		return finding{What: "schema", Why: err.Error()}
	}
	for _, s := range steps {
		if !s.Applied {
			return finding{What: "schema", Why: "step " + s.Name + " is not done", Fix: "run igny8 migrate"}
		}
	}
	return finding{What: fmt.Sprintf("schema: %d steps done", len(steps)), OK: true}
}

func secretFile(cfg config.Config) finding {
	if cfg.Secret != "" {
		return finding{What: "secret: from the settings", OK: true}
	}
	switch _, err := readSecret(filepath.Join(cfg.Data, secretName)); {
	case errors.Is(err, fs.ErrNotExist):
		return finding{What: "secret", Note: true, Why: "there is none yet", Fix: "igny8 serve makes one at its first start"}
	case err != nil:
		return finding{What: "secret", Why: err.Error()}
	}
	return finding{What: "secret: kept in the data folder", OK: true}
}

// sound looks at SQLite's file as a whole.
func sound(ctx context.Context, d *db.DB) finding {
	if d.Postgres() {
		return finding{What: "database file: PostgreSQL looks after its own", OK: true}
	}
	if err := d.Check(ctx); err != nil {
		return damagedFile(err)
	}
	return finding{What: "database file: its pages fit together", OK: true}
}

func damagedFile(err error) finding {
	return finding{What: "database file", Why: err.Error(),
		Fix: "stop the server, move the data folder away, and put a backup in its place: igny8 restore FILE"}
}

// private looks for what others on this machine could read.
func private(cfg config.Config) finding {
	var wide []string
	err := filepath.WalkDir(cfg.Data, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && info.Mode()&fs.ModeSymlink == 0 {
			wide = append(wide, path)
		}
		if errors.Is(err, fs.ErrNotExist) || len(wide) < 5 { // what a running server removes meanwhile is no fault
			return nil
		}
		return fs.SkipAll
	})
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return finding{What: "who can read the data folder", Why: err.Error()}
	case len(wide) > 0:
		return finding{What: "who can read the data folder", Why: "others on this machine can reach " + strings.Join(wide, ", "),
			Fix: "chmod -R go= " + cfg.Data}
	}
	return finding{What: "data folder: open to its owner only", OK: true}
}

func writable(cfg config.Config) finding {
	f, err := os.CreateTemp(cfg.Data, ".doctor-*")
	if err != nil {
		return finding{What: "data folder", Why: err.Error(), Fix: "let the server's user write to " + cfg.Data + ", and see that its disk is not full"}
	}
	f.Close()
	os.Remove(f.Name())
	return finding{What: "data folder: can be written", OK: true}
}

func people(ctx context.Context, d *db.DB) []finding {
	staff, err := account.NewService(d).Staff(ctx)
	if err != nil {
		return []finding{{What: "staff", Why: err.Error()}}
	}
	approvers, both := 0, ""
	for _, u := range staff {
		if !account.May(u, igny8.PermPayments) {
			continue
		}
		approvers++
		if account.May(u, igny8.PermPlatform) {
			both = u.Email
		}
	}
	switch {
	case !slices.ContainsFunc(staff, func(u account.User) bool { return u.Status == "active" }):
		return []finding{{What: "staff", Why: "there is no staff user, so nobody can approve payments",
			Fix: "igny8 staff create --email you@example.com --password-stdin"}}
	case approvers < 2:
		return []finding{{What: fmt.Sprintf("staff: %d", len(staff)), OK: true}, {What: "two people", Note: true,
			Why: "fewer than two of staff may approve payments, so one approval suffices for every amount; the audit log marks such approvals with one_approver",
			Fix: "igny8 staff create --permissions payments --email colleague@example.com --password-stdin"}}
	case both != "":
		return []finding{{What: fmt.Sprintf("staff: %d", len(staff)), OK: true}, {What: "two people", Note: true,
			Why: both + " may both approve payments and make staff; whom they make is no second person beside them",
			Fix: "give platform to somebody who does not approve payments"}}
	}
	return []finding{{What: fmt.Sprintf("staff: %d", len(staff)), OK: true}}
}

// accountNumbers looks for payment methods that customers would be sent to
// without an account number.
func accountNumbers(ctx context.Context, d *db.DB) finding {
	methods, err := catalog.New(d).Placeholders(ctx)
	if err != nil {
		return finding{What: "payment methods", Why: err.Error()}
	}
	if len(methods) > 0 {
		return finding{What: "payment methods", Note: true, Why: fmt.Sprintf("%d of them still show placeholders instead of your account numbers", len(methods)),
			Fix: "set their fields in the catalogue, or switch them off"}
	}
	return finding{What: "payment methods: account numbers are set", OK: true}
}

// everything is what must hold at every moment, in the database and between it and
// the files.
func everything(ctx context.Context, d *db.DB, files blob.Store) (doctor.Report, error) {
	report, err := doctor.Run(ctx, d)
	if err != nil {
		return report, err
	}
	check, err := doctor.Files(ctx, d, files)
	report.Checks = append(report.Checks, check)
	return report, err
}

// invariants runs what must hold at every moment.
func invariants(ctx context.Context, cfg config.Config, d *db.DB) []finding {
	files, err := blob.OpenFolder(filepath.Join(cfg.Data, "files"))
	if err != nil {
		return []finding{{What: "files", Why: err.Error(), Fix: "see that this user may read the data folder"}}
	}
	defer files.Close()
	report, err := everything(ctx, d, files)
	if err != nil {
		if db.Damaged(err) {
			return []finding{{What: "invariants", Why: "the database is damaged, so they cannot be checked", Fix: "put a backup in its place: igny8 restore FILE"}}
		}
		return []finding{{What: "invariants", Why: err.Error(), Fix: "run igny8 migrate first, and see that the database answers"}}
	}
	var list []finding
	for _, check := range report.Checks {
		f := finding{What: check.Name + ": " + check.Text, OK: len(check.Findings) == 0}
		for i, x := range check.Findings {
			if i == 5 {
				f.Why += fmt.Sprintf("; and %d more", len(check.Findings)-5)
				break
			}
			if i > 0 {
				f.Why += "; "
			}
			f.Why += x.Account + " " + x.Detail
		}
		if !f.OK {
			f.Fix = "stop billing for the account and look at its audit log; nothing is repaired by itself"
		}
		list = append(list, f)
	}
	return list
}
