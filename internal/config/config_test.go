package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "igny8.env")
	os.WriteFile(file, []byte("# a comment\nIGNY8_DATA=/from/file\nIGNY8_PUBLIC_URL = https://file.example\n"), 0o600)
	c, err := Load([]string{"IGNY8_PUBLIC_URL=https://env.example", "HOME=/x"}, file, map[string]string{"IGNY8_ADDR": "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range c.Settings() {
		got[s.Name] = s.Value + " " + s.Origin
	}
	for name, want := range map[string]string{
		"IGNY8_ADDR": "127.0.0.1:1 flag", "IGNY8_PUBLIC_URL": "https://env.example environment",
		"IGNY8_DATA": "/from/file file", "IGNY8_RATE_LIMITS": "on default", "IGNY8_SECRET": " default",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
}

func TestSecretsComeFromFilesAndAreNotShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	secret := strings.Repeat("s", 40)
	os.WriteFile(file, []byte(secret+"\n"), 0o600)
	c, err := Load([]string{"IGNY8_SECRET_FILE=" + file}, "", nil)
	if err != nil || c.Secret != secret {
		t.Fatalf("secret %q, %v", c.Secret, err)
	}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, secret) {
			t.Errorf("%s shows the secret", s.Name)
		}
	}
}

func TestBadSettingsSayWhatToDo(t *testing.T) {
	for env, want := range map[string]string{
		"IGNY8_SECRET=short":              "at least 32",
		"IGNY8_PUBLIC_URL=example.com":    "http://",
		"IGNY8_SMTP_URL=mail:25":          "smtp://",
		"IGNY8_RATE_LIMITS=no":            "on or off",
		"IGNY8_SECRET_FILE=/absent":       "IGNY8_SECRET_FILE",
		"IGNY8_STAFF_SECOND_FACTOR=maybe": "must be required, optional or auto",

		"IGNY8_PUBLIC_URL=https://x.example?a=1":      "a query",
		"IGNY8_PUBLIC_URL=https://x.example/?":        "a query",
		"IGNY8_PUBLIC_URL=https://x.example/app":      "a path",
		"IGNY8_PUBLIC_URL=https://x.example#top":      "a fragment",
		"IGNY8_PUBLIC_URL=https://x.example#":         "a fragment",
		"IGNY8_PUBLIC_URL=https://me:pw@x.example":    "a user",
		"IGNY8_PUBLIC_URL=https://:443":               "http://",
		"IGNY8_PUBLIC_URL=javascript://x.example/%0a": "http://",
	} {
		if _, err := Load([]string{env}, "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", env, err)
		}
	}
	for _, url := range []string{"https://app.example.com", "https://app.example.com/", "http://[::1]:8080", "https://app.example.com:8443"} {
		if _, err := Load([]string{"IGNY8_PUBLIC_URL=" + url}, "", nil); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	file := filepath.Join(t.TempDir(), "f")
	os.WriteFile(file, []byte("IGNY8_TYPO=1\n"), 0o600)
	if _, err := Load(nil, file, nil); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("unknown setting in a file: %v", err)
	}
}

func TestADatabaseOfAnotherKindIsRefusedWithoutItsPassword(t *testing.T) {
	for _, url := range []string{"postgre://u:s3cret@h/d", "mysql://u:s3cret@h/d", "notaurl", "sqlite:foo.db", "file:/x/igny8.db",
		"Postgres://u:s3cret@h/d", "postgres:/u:s3cret@h/d", "postgres//h/d", "host=h user=u password=s3cret", "postgres://u:s3cret%zz@h/d", "/data/igny8.db"} {
		_, err := Load([]string{"IGNY8_DATABASE_URL=" + url}, "", nil)
		if err == nil || !strings.Contains(err.Error(), "postgres://") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "postgres://u:p@h/d", "postgresql://h/d?sslmode=disable", "postgres:///d?host=/var/run/postgresql"} {
		if _, err := Load([]string{"IGNY8_DATABASE_URL=" + url}, "", nil); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
