package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"igny8/internal/audit"
	"igny8/internal/config"
	"igny8/internal/db"
)

func (c *cli) audit() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "The log of who did what"}
	cmd.AddCommand(&cobra.Command{Use: "verify", Short: "Check every account's chain, and the platform's, from its first row to its head", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withDB(cmd, func(ctx context.Context, _ config.Config, _ *slog.Logger, d *db.DB) error {
				out := struct {
					Breaks []string `json:"breaks"`
				}{[]string{}}
				err := d.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
					found, err := audit.Verify(ctx, tx)
					out.Breaks = append(out.Breaks, found...)
					return err
				})
				if err != nil {
					return err
				}
				if err := c.print(out, func(w io.Writer) {
					for _, b := range out.Breaks {
						fmt.Fprintln(w, b)
					}
					if len(out.Breaks) == 0 {
						fmt.Fprintln(w, "every chain verifies")
					}
				}); err != nil {
					return err
				}
				if len(out.Breaks) > 0 {
					return fmt.Errorf("%w%d chains are broken: rows were changed behind the program's back", errFinding, len(out.Breaks))
				}
				return nil
			})
		}})
	return cmd
}
