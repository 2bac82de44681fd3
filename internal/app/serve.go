package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"igny8/internal/config"
)

func (c *cli) serve() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Serve: migrate, fill an empty catalogue, listen", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := c.load(cmd)
			if err != nil {
				return err
			}
			return serving(cmd.Context(), cfg, log, func(ctx context.Context, a *App, base string) error {
				a.banner(ctx, c.err, base)
				return nil
			}, true)
		}}
}

// serving opens everything, listens, runs then with the base address, and goes on
// serving until the context ends when stay is set. Listening comes first, so that
// a taken port is told before anything is done.
func serving(ctx context.Context, cfg config.Config, log *slog.Logger, then func(context.Context, *App, string) error, stay bool) (err error) {
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen: %w (choose another address with --addr)", err)
	}
	defer l.Close()
	base := reachable(l.Addr().(*net.TCPAddr))
	d, err := openDB(ctx, cfg, true)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := migrate(ctx, d); err != nil {
		return err
	}
	a, err := build(ctx, cfg, base, log, d)
	if err != nil {
		return err
	}
	stop, failed, err := a.start(ctx, l)
	if err != nil {
		return err
	}
	defer stop()
	if err := then(ctx, a, base); err != nil || !stay {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// reachable is an address a browser can open: never 0.0.0.0.
func reachable(a *net.TCPAddr) string {
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(a.Port))
}

// banner tells the operator where everything is.
func (a *App) banner(ctx context.Context, w io.Writer, base string) {
	name, err := a.db.Describe(ctx)
	if err != nil {
		name = "database"
	}
	fmt.Fprintf(w, "igny8 %s on %s\n\n", Version, name)
	line := func(what, where string) { fmt.Fprintf(w, "  %-12s %s\n", what, where) }
	line("start page", base+"/")
	line("staff", base+"/staff")
	line("API", base+"/api/v1")
	line("reference", base+"/docs/api")
	if a.mailbox() {
		line("mailbox", base+"/dev/mail  (no mail server is set; letters stay here)")
	}
	if a.cfg.DatabaseURL == "" {
		line("data", a.cfg.Data)
	}
	if token, err := a.auth.NewSetup(ctx); err == nil && token != "" {
		fmt.Fprintf(w, "\n  No staff user yet, so nobody can approve payments. Open this once, within 30 minutes:\n  %s/setup/%s\n  or run: igny8 staff create --email you@example.com --password-stdin\n", base, token)
	}
	for _, f := range []finding{mailServer(a.cfg), trustedProxies(a.cfg)} {
		if !f.OK && !a.near {
			fmt.Fprintf(w, "\n  Warning: %s: %s\n  %s\n", f.What, f.Why, f.Fix)
		}
	}
	fmt.Fprintln(w, "\nStop with Ctrl-C.")
}
