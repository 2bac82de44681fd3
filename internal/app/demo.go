package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"igny8/internal/demo"
	"igny8/internal/doctor"
	publicpages "igny8/internal/web/console/public"
)

func (c *cli) demo() *cobra.Command {
	var once bool
	cmd := &cobra.Command{Use: "demo [--once]", Short: "Fill an empty database, play the whole journey, keep serving",
		Long: "demo fills an empty folder (or database) with a lived-in system, plays a new\ncustomer's whole journey over HTTP against itself, prints each step, and keeps\nserving. Its passwords are public, so it listens on a loopback address only.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := c.load(cmd)
			if err != nil {
				return err
			}
			if !loopback(cfg.Addr) {
				return errors.New("the demonstration's passwords are public: let it listen on a loopback address, such as 127.0.0.1:8080")
			}
			if once && !cmd.Flags().Changed("addr") {
				cfg.Addr = "127.0.0.1:0"
			}
			cfg = cfg.Demonstration() // the journey signs up as often as somebody wants to see it
			var back atomic.Int64     // the demonstration's past is made with the clock set back
			cfg.Now = func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
			return serving(cmd.Context(), cfg, quietly(log), func(ctx context.Context, a *App, base string) error {
				return c.play(ctx, a, base, once, func(ago time.Duration) { back.Store(int64(ago)) })
			}, !once)
		}}
	cmd.Flags().BoolVar(&once, "once", false, "end after the journey")
	return cmd
}

// demoLogins are shown on the pages of the login, in the demonstration alone.
func demoLogins(on bool) []publicpages.Login {
	if !on {
		return nil
	}
	return []publicpages.Login{{Email: demo.StaffEmail, Password: demo.Password, Staff: true}, {Email: demo.SecondEmail, Password: demo.Password, Staff: true},
		{Email: demo.CustomerEmail, Password: demo.Password}}
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *cli) play(ctx context.Context, a *App, base string, once bool, ago func(time.Duration)) error {
	services := demo.Services{Auth: a.auth, Account: a.account, Signup: a.signup, Billing: a.billing, Site: a.site, Catalog: a.catalog, Now: a.db.Now, Ago: ago}
	if err := demo.Fill(ctx, services); err != nil {
		return err
	}
	j := demo.Journey{Base: base, Out: c.out, Now: a.db.Now}
	if err := j.Play(ctx); err != nil {
		return errors.Join(errFinding, err)
	}
	report, err := doctor.Run(ctx, a.db)
	if err != nil {
		return err
	}
	if n := report.Count(); n > 0 {
		return fmt.Errorf("%w%d invariants are broken; see igny8 doctor --invariants", errFinding, n)
	}
	fmt.Fprintf(c.out, "\nAll steps done; %d invariants hold.\n", len(report.Checks))
	if once {
		return nil
	}
	fmt.Fprintf(c.err, "\nDEMO DATA. Every login has the password %s\n  staff     %s, %s\n  customer  %s\n\n", demo.Password, demo.StaffEmail, demo.SecondEmail, demo.CustomerEmail)
	a.banner(ctx, c.err, base)
	return nil
}
