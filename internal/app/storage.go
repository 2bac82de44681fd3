package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"igny8/internal/config"
	"igny8/internal/db"
	"igny8/internal/durable"
)

// What the data folder holds; with PostgreSQL all but the database.
const (
	databaseFile = "igny8.db"
	secretName   = "secret"
	filesName    = "files"
)

// openDB opens the configured database. serving takes SQLite's lock file. It refuses
// to begin an empty database where there was one.
func openDB(ctx context.Context, cfg config.Config, serving bool) (*db.DB, error) {
	if cfg.DatabaseURL == "" {
		if err := lostDatabase(cfg.Data); err != nil {
			return nil, err
		}
	}
	o := db.Options{URL: databaseURL(cfg), Exclusive: serving, Now: cfg.Now}
	o.Hook = failpoint()
	return db.Open(ctx, o)
}

func databaseURL(cfg config.Config) string {
	if cfg.DatabaseURL != "" {
		return cfg.DatabaseURL
	}
	return filepath.Join(cfg.Data, databaseFile)
}

// lostDatabase looks whether the folder's database is gone, or empty, while other
// things of an installation are still there.
func lostDatabase(folder string) error {
	info, err := os.Stat(filepath.Join(folder, databaseFile))
	state := "missing"
	switch {
	case err == nil && info.Size() > 0:
		return nil
	case err == nil:
		state = "empty (0 bytes)"
	case !errors.Is(err, fs.ErrNotExist):
		return nil // opening it says what is wrong
	}
	files, _ := os.ReadDir(filepath.Join(folder, filesName))
	_, secret := os.Stat(filepath.Join(folder, secretName))
	if len(files) == 0 && (err != nil || secret != nil) {
		return nil
	}
	return fmt.Errorf("the database %s is %s, but the secret or files of an installation lie beside it: "+
		"move the folder away and put a backup in its place with `igny8 restore FILE`; if the data are on PostgreSQL, set IGNY8_DATABASE_URL; "+
		"for a new installation choose another folder with --data", filepath.Join(folder, databaseFile), state)
}

// minSecret is how many characters a secret has at least.
const minSecret = 32

// loadSecret returns the configured secret, or the one in the data folder, which
// is made at first.
func loadSecret(cfg config.Config) (string, error) {
	if cfg.Secret != "" {
		return cfg.Secret, nil
	}
	path := filepath.Join(cfg.Data, secretName)
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	b := make([]byte, 32)
	rand.Read(b)
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	err = durable.Write(path, []byte(hex.EncodeToString(b)+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) { // else another process was faster
		return "", fmt.Errorf("write the secret: %w", err)
	}
	return readSecret(path)
}

func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if len(secret) < minSecret {
		return "", fmt.Errorf("the secret in %s has %d characters, and at least %d are needed: put the whole one back from a backup; "+
			"if nothing was stored with it yet, remove the file, and a new one is made", path, len(secret), minSecret)
	}
	return secret, nil
}
