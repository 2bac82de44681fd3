package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/blob"
	"igny8/internal/config"
	"igny8/internal/db"
	"igny8/internal/desk"
	"igny8/internal/kdf"
)

// errFinding ends a command with status 1: it worked, and found something.
var errFinding = errors.New("")

// Main runs the command line and returns the exit status: 0 fine, 1 a finding, 2
// could not run. Data goes to out, talk to errOut.
func Main(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	c := &cli{in: in, out: out, err: errOut}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case errors.Is(err, errFinding):
		if err != errFinding {
			fmt.Fprintln(errOut, "igny8:", strings.TrimSpace(err.Error()))
		}
		return 1
	default:
		fmt.Fprintln(errOut, "igny8:", explain(err))
		return 2
	}
}

// explain is an error for the terminal: the sentences, with what is wrong where.
func explain(err error) string {
	var e *igny8.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := e.Detail
	for _, f := range e.Fields {
		text += "\n  " + strings.TrimPrefix(f.Pointer, "#/") + ": " + f.Detail
	}
	return text
}

// Commands is the tree of commands, for the reference.
func Commands() *cobra.Command { return (&cli{}).root() }

type cli struct {
	in       io.Reader
	out, err io.Writer
	json     bool
	file     string
	flags    map[string]*string // by setting
}

// flagsOf maps the flags to the settings they set.
var flagsOf = map[string]string{
	"addr": "IGNY8_ADDR", "data": "IGNY8_DATA", "database-url": "IGNY8_DATABASE_URL", "public-url": "IGNY8_PUBLIC_URL",
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "igny8", Short: "The back office of a SaaS: sign-up, billing, approvals, credits", SilenceUsage: true, SilenceErrors: true,
		Long: "igny8 signs customers up, bills them in their own currency, lets staff approve\npayments that arrive outside any gateway, and meters credits.\n\nStart with `igny8 demo`, or `igny8 serve` in an empty folder.",
	}
	c.flags = map[string]*string{}
	f := root.PersistentFlags()
	c.flags["addr"] = f.String("addr", "", "where to listen (default 127.0.0.1:8080)")
	c.flags["data"] = f.String("data", "", "data folder (default ./data)")
	c.flags["database-url"] = f.String("database-url", "", "postgres://… instead of SQLite")
	c.flags["public-url"] = f.String("public-url", "", "the address people reach this server at")
	f.StringVar(&c.file, "config", "", "file of NAME=value settings")
	f.BoolVar(&c.json, "json", false, "print data as JSON")
	root.AddCommand(c.serve(), c.demo(), c.staff(), c.migrate(), c.config(), c.doctor(), c.backup(), c.restore(), c.audit(), c.openapi(), c.version(), c.derive(), c.inspect())
	return root
}

const derivePasswords = "derive-passwords"

// derive is the other end of kdf.Processes. It goes on when Ctrl-C reaches all of the
// terminal's processes, for the logins that the server still answers.
func (c *cli) derive() *cobra.Command {
	return &cobra.Command{Use: derivePasswords, Short: "What serve starts for itself to hash passwords in", Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return kdf.Serve(c.in, c.out) }}
}

const inspectFiles = "inspect-files"

// inspect is the other end of blob.Intake's processes, and goes on as derive does.
func (c *cli) inspect() *cobra.Command {
	return &cobra.Command{Use: inspectFiles, Short: "What serve starts for itself to look into files that customers send", Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return blob.Serve(c.in, c.out) }}
}

// load reads the settings for a command.
func (c *cli) load(cmd *cobra.Command) (config.Config, *slog.Logger, error) {
	given := map[string]string{}
	for flag, setting := range flagsOf {
		if cmd.Flags().Changed(flag) {
			given[setting] = *c.flags[flag]
		}
	}
	cfg, err := config.Load(os.Environ(), c.file, given)
	var h slog.Handler = slog.NewTextHandler(c.err, nil)
	if cfg.LogFormat == "json" {
		h = slog.NewJSONHandler(c.err, nil)
	}
	return cfg, slog.New(h), err
}

// print writes v as JSON, or as text by the function.
func (c *cli) print(v any, text func(io.Writer)) error {
	if !c.json {
		text(c.out)
		return nil
	}
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// withDB runs f on the open database without serving.
func (c *cli) withDB(cmd *cobra.Command, f func(ctx context.Context, cfg config.Config, log *slog.Logger, d *db.DB) error) error {
	cfg, log, err := c.load(cmd)
	if err != nil {
		return err
	}
	ctx := db.Patient(cmd.Context(), 10*time.Minute) // whoever waits here can end it
	d, err := openDB(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer d.Close()
	return f(ctx, cfg, log, d)
}

func (c *cli) migrate() *cobra.Command {
	status := func(ctx context.Context, d *db.DB) error {
		list, err := d.MigrationStatus(ctx)
		if err != nil {
			return err
		}
		pending := false
		err = c.print(list, func(w io.Writer) {
			for _, m := range list {
				state := "done"
				if !m.Applied {
					state, pending = "pending", true
				}
				fmt.Fprintf(w, "%-8s %s\n", state, m.Name)
			}
		})
		for _, m := range list {
			pending = pending || !m.Applied
		}
		if err == nil && pending {
			return errFinding
		}
		return err
	}
	cmd := &cobra.Command{Use: "migrate [up|status]", Short: "Bring the database to this version, or say what is missing",
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"up", "status"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withDB(cmd, func(ctx context.Context, _ config.Config, _ *slog.Logger, d *db.DB) error {
				if len(args) == 0 || args[0] == "up" {
					if err := migrate(ctx, d); err != nil {
						return err
					}
				}
				return status(ctx, d)
			})
		}}
	return cmd
}

func (c *cli) config() *cobra.Command {
	return &cobra.Command{Use: "config", Short: "Show every setting and where its value comes from", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := c.load(cmd)
			if err != nil {
				return err
			}
			return c.print(cfg.Settings(), func(w io.Writer) {
				for _, s := range cfg.Settings() {
					fmt.Fprintf(w, "%-24s %-28s %s\n", s.Name, s.Value, s.Origin)
				}
			})
		}}
}

func (c *cli) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return c.print(map[string]string{"version": Version}, func(w io.Writer) { fmt.Fprintln(w, Version) })
		}}
}

func (c *cli) openapi() *cobra.Command {
	return &cobra.Command{Use: "openapi", Short: "Print the OpenAPI document that this program serves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "igny8-openapi")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			cfg, log, err := c.load(cmd)
			if err != nil {
				return err
			}
			cfg.Data, cfg.DatabaseURL, cfg.Secret, cfg.OldSecret, cfg.StaffEmail = dir, "", "", "", ""
			cfg.PublicURL = ""
			d, err := openDB(cmd.Context(), cfg, false)
			if err != nil {
				return err
			}
			defer d.Close()
			if err := migrate(cmd.Context(), d); err != nil {
				return err
			}
			a, err := build(cmd.Context(), cfg, "http://localhost", log, d)
			if err != nil {
				return err
			}
			doc, err := a.api.OpenAPI()
			if err != nil {
				return err
			}
			_, err = c.out.Write(doc)
			return err
		}}
}

func (c *cli) staff() *cobra.Command {
	cmd := &cobra.Command{Use: "staff", Short: "Platform staff: who approves payments"}
	var email string
	var permissions []string
	var fromStdin bool
	create := &cobra.Command{Use: "create --email E --password-stdin", Short: "Make a staff user; the password comes on standard input", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !fromStdin {
				return errors.New("give the password on standard input with --password-stdin, so that it stays out of the shell's history")
			}
			password, err := io.ReadAll(io.LimitReader(c.in, 4096))
			if err != nil {
				return err
			}
			return c.withAuth(cmd, func(ctx context.Context, a *App) error {
				u, err := a.desk.AddStaff(ctx, igny8.SystemActor, desk.NewStaff{Email: email, Password: strings.TrimRight(string(password), "\r\n"), Permissions: named(permissions)})
				if err != nil {
					return err
				}
				return c.print(map[string]string{"id": u.ID.String(), "email": u.Email}, func(w io.Writer) { fmt.Fprintf(w, "created %s %s\n", u.ID, u.Email) })
			})
		}}
	create.Flags().StringVar(&email, "email", "", "address of the staff user")
	create.Flags().StringSliceVar(&permissions, "permissions", nil, "what they may, such as payments,accounts; all when it is left out")
	create.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	create.MarkFlagRequired("email")
	disable := &cobra.Command{Use: "disable EMAIL", Short: "End a staff user's access and sessions", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withAuth(cmd, func(ctx context.Context, a *App) error {
				if err := a.desk.DisableStaff(ctx, args[0]); err != nil {
					return fmt.Errorf("disable %s: %w", args[0], err)
				}
				return nil
			})
		}}
	cmd.AddCommand(create, c.staffList(), disable, c.resetSecondFactor())
	return cmd
}

func (c *cli) resetSecondFactor() *cobra.Command {
	var email string
	cmd := &cobra.Command{Use: "reset-second-factor --email E", Short: "Take a lost second factor away from a staff user, and end their sessions", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withAuth(cmd, func(ctx context.Context, a *App) error {
				if err := a.auth.ResetStaffFactors(ctx, email); err != nil {
					return fmt.Errorf("reset %s: %w", email, err)
				}
				return nil
			})
		}}
	cmd.Flags().StringVar(&email, "email", "", "address of the staff user")
	cmd.MarkFlagRequired("email")
	return cmd
}

// named are the permissions that the command line names, with "platform." or
// without; all when it names none.
func named(short []string) (out []igny8.Permission) {
	for _, name := range short {
		if name != string(igny8.PermPlatform) && !strings.HasPrefix(name, "platform.") {
			name = "platform." + name
		}
		out = append(out, igny8.Permission(name))
	}
	if len(short) == 0 {
		return igny8.StaffPermissions()
	}
	return out
}

func (c *cli) staffList() *cobra.Command {
	type row struct {
		ID          string             `json:"id"`
		Email       string             `json:"email"`
		Status      string             `json:"status"`
		Permissions []igny8.Permission `json:"permissions"`
	}
	return &cobra.Command{Use: "list", Short: "List the staff", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.withAuth(cmd, func(ctx context.Context, a *App) error {
			users, err := a.account.Staff(ctx)
			rows := []row{}
			for _, u := range users {
				rows = append(rows, row{u.ID.String(), u.Email, u.Status, account.Granted(u)})
			}
			if err != nil {
				return err
			}
			return c.print(rows, func(w io.Writer) {
				for _, r := range rows {
					fmt.Fprintf(w, "%s  %-9s %s  %s\n", r.ID, r.Status, r.Email, r.Permissions)
				}
			})
		})
	}}
}

// withAuth runs f with the services over a migrated database.
func (c *cli) withAuth(cmd *cobra.Command, f func(context.Context, *App) error) error {
	return c.withDB(cmd, func(ctx context.Context, cfg config.Config, log *slog.Logger, d *db.DB) error {
		if err := migrate(ctx, d); err != nil {
			return err
		}
		cfg.StaffEmail = ""
		a, err := build(ctx, cfg, "", log, d)
		if errors.Is(err, auth.ErrOtherSecret) {
			return fmt.Errorf("%w (is this the server's data folder?)", err)
		}
		if err != nil {
			return err
		}
		return f(ctx, a)
	})
}
