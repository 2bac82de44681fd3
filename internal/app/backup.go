package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"igny8/internal/backup"
	"igny8/internal/config"
	"igny8/internal/db"
)

// saved is what the commands about backups print.
type saved struct {
	File string `json:"file"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
	Size int64  `json:"size"` // bytes
	backup.Manifest
}

func (c *cli) backup() *cobra.Command {
	var to, tools string
	cmd := &cobra.Command{Use: "backup -o FILE", Short: "Copy the whole installation, which may be running, into one file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := c.load(cmd)
			if err != nil {
				return err
			}
			if _, err := os.Stat(databaseURL(cfg)); cfg.DatabaseURL == "" && err != nil {
				return fmt.Errorf("there is no database to copy: %w (is --data right?)", err)
			}
			return c.withDB(cmd, func(ctx context.Context, cfg config.Config, _ *slog.Logger, d *db.DB) error {
				secret, err := kept(cfg)
				if err != nil {
					return err
				}
				m, err := backup.Create(ctx, backup.Source{DB: d, URL: cfg.DatabaseURL, Data: cfg.Data, Secret: secret, Version: Version, Tools: tools}, to)
				if err != nil {
					return err
				}
				return c.tell(to, m, nil, "saved")
			})
		}}
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to make; it must not be there yet")
	cmd.Flags().StringVar(&tools, "pg-bin", "", "folder of PostgreSQL's client programs")
	cmd.MarkFlagRequired("output")
	cmd.AddCommand(c.verify())
	return cmd
}

// kept is the secret that the server uses, without making one.
func kept(cfg config.Config) (string, error) {
	if cfg.Secret != "" {
		return cfg.Secret, nil
	}
	return readSecret(filepath.Join(cfg.Data, secretName))
}

func (c *cli) verify() *cobra.Command {
	return &cobra.Command{Use: "verify FILE", Short: "Look whether a backup is as it was made", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := backup.Verify(cmd.Context(), args[0])
			if err != nil && !backup.Damaged(err) {
				return err
			}
			return c.tell(args[0], m, err, "whole")
		}}
}

func (c *cli) restore() *cobra.Command {
	var tools string
	cmd := &cobra.Command{Use: "restore FILE", Short: "Make an installation of a backup in an empty place; everybody logs in again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, _, err := c.load(cmd)
			if err != nil {
				return err
			}
			m, err := backup.Restore(cmd.Context(), args[0], backup.Target{Data: cfg.Data, File: filepath.Join(cfg.Data, databaseFile), URL: cfg.DatabaseURL, Tools: tools})
			if err != nil {
				return err
			}
			if cfg.Secret != "" {
				fmt.Fprintln(c.err, "The server uses the secret of its settings: give it the one of the backup, which is now in", filepath.Join(cfg.Data, secretName))
			}
			fmt.Fprintln(c.err, "All sessions, tokens and links in letters of before have ended. Not so API keys: those that were revoked since "+
				m.CreatedAt.Format("2006-01-02 15:04 MST")+" are good again; look at them, and at staff and members who were taken away since.")
			return c.tell(args[0], m, nil, "restored")
		}}
	cmd.Flags().StringVar(&tools, "pg-bin", "", "folder of PostgreSQL's client programs")
	return cmd
}

// tell prints what became of a backup; one that is damaged is a finding.
func (c *cli) tell(file string, m backup.Manifest, damaged error, what string) error {
	s := saved{File: file, OK: damaged == nil, Manifest: m}
	if info, err := os.Stat(file); err == nil {
		s.Size = info.Size()
	}
	if damaged != nil {
		s.Why = damaged.Error()
	}
	err := c.print(s, func(w io.Writer) {
		if damaged != nil {
			fmt.Fprintf(w, "BAD   %s\n      why: %s\n      fix: use another backup\n", file, s.Why)
			return
		}
		fmt.Fprintf(w, "%s %s: %s, schema %d, %d files, %d bytes, of %s by igny8 %s\n", what, file, m.Database, m.Schema, m.Files(), s.Size,
			m.CreatedAt.Format("2006-01-02 15:04:05 MST"), m.Version)
	})
	if err == nil && damaged != nil {
		return errFinding
	}
	return err
}
