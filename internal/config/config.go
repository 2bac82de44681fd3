// Package config owns the program's settings: one struct, read from flags,
// environment, a file and defaults, in this order of precedence, and where each
// value came from. It imports nothing of ours.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is every setting. The help tag is the text of the reference; secret
// values are never printed and may be given as a file by NAME_FILE.
type Config struct {
	Addr        string `env:"IGNY8_ADDR" envDefault:"127.0.0.1:8080" help:"where to listen"`
	Data        string `env:"IGNY8_DATA" envDefault:"data" help:"folder for SQLite, files and the secret"`
	DatabaseURL string `env:"IGNY8_DATABASE_URL" secret:"true" help:"postgres://… ; empty: SQLite in the data folder"`
	PublicURL   string `env:"IGNY8_PUBLIC_URL" help:"the address people reach this server at; empty: http:// and the listening address"`
	Proxies     string `env:"IGNY8_TRUSTED_PROXIES" help:"addresses or networks of your proxies, with commas: 127.0.0.1, 10.0.0.0/8. X-Forwarded-For, -Proto and -Host are believed from these alone"`
	SMTPURL     string `env:"IGNY8_SMTP_URL" secret:"true" help:"smtp://user:password@host:587?from=address ; empty: letters are kept and shown at /dev/mail"`
	Secret      string `env:"IGNY8_SECRET" secret:"true" help:"at least 32 characters; all keys are made from it. Empty: a file in the data folder. Every node of one database needs the same"`
	OldSecret   string `env:"IGNY8_SECRET_PREVIOUS" secret:"true" help:"the secret before, while it is being replaced: its access tokens stay good"`
	StaffEmail  string `env:"IGNY8_STAFF_EMAIL" help:"makes the first staff user at start, with the password in IGNY8_STAFF_PASSWORD"`
	StaffPass   string `env:"IGNY8_STAFF_PASSWORD" secret:"true" help:"password of the first staff user"`
	RateLimits  string `env:"IGNY8_RATE_LIMITS" envDefault:"on" help:"off: no limits at all; for tests only"`
	Hold        string `env:"IGNY8_APPROVAL_HOLD" envDefault:"10s" help:"how long staff may undo an approval made on the pages before it takes effect, 0s to 60s; the API approves at once"`
	Target      string `env:"IGNY8_APPROVAL_TARGET" envDefault:"2h" help:"within what time staff mean to decide on a payment; the queue compares with it"`
	StaffFactor string `env:"IGNY8_STAFF_SECOND_FACTOR" envDefault:"auto" help:"required: staff without a second factor may open nothing but its set-up; optional: they are asked to; auto: required, except in the demonstration and where this server listens and is reached on the machine itself only"`
	GiftCredits string `env:"IGNY8_GIFT_CREDITS" envDefault:"10000" help:"how many credits one member of staff gives alone within a day; more needs a second one"`
	GiftMonths  string `env:"IGNY8_GIFT_MONTHS" envDefault:"3" help:"how many months of plans one member of staff gives alone within a day; more needs a second one"`
	LogFormat   string `env:"IGNY8_LOG" envDefault:"text" help:"text or json"`

	// Demo says on every page that the data are invented. The demo command sets it.
	Demo bool
	// CheapHashes makes passwords cost nothing to check, for tests alone.
	CheapHashes bool
	// Now is the program's clock; nil is the machine's.
	Now func() time.Time

	origins map[string]string
}

// Setting is one value as it is shown to the operator.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // flag, environment, file or default
	Help   string `json:"help"`
}

// Load reads the settings. environ is os.Environ(); file may be empty, else a
// file of NAME=value lines; flags are settings by name and win over everything.
func Load(environ []string, file string, flags map[string]string) (Config, error) {
	c := Config{origins: map[string]string{}}
	values, origins := map[string]string{}, map[string]string{}
	if file != "" {
		if err := readFile(file, values, origins); err != nil {
			return c, err
		}
	}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "IGNY8_") {
			values[name], origins[name] = value, "environment"
		}
	}
	if err := readSecrets(values, origins); err != nil {
		return c, err
	}
	for name, value := range flags {
		values[name], origins[name] = value, "flag"
	}
	err := env.ParseWithOptions(&c, env.Options{Environment: values, OnSet: func(name string, _ any, isDefault bool) {
		if isDefault {
			c.origins[name] = "default"
		} else {
			c.origins[name] = origins[name]
		}
	}})
	if err != nil {
		return c, fmt.Errorf("settings: %w", err)
	}
	return c, c.validate()
}

func readFile(path string, values, origins map[string]string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("settings file: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !known(strings.TrimSuffix(strings.TrimSpace(name), "_FILE")) {
			return fmt.Errorf("settings file %s, line %d: not a setting; `igny8 config` lists them", path, n)
		}
		name = strings.TrimSpace(name)
		values[name], origins[name] = strings.TrimSpace(value), "file"
	}
	return lines.Err()
}

// readSecrets replaces NAME_FILE by NAME with the file's content.
func readSecrets(values, origins map[string]string) error {
	for _, f := range fields() {
		name := f.Tag.Get("env")
		path, ok := values[name+"_FILE"]
		if !ok || f.Tag.Get("secret") == "" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s_FILE: %w", name, err)
		}
		values[name], origins[name] = strings.TrimRight(string(data), "\r\n"), origins[name+"_FILE"]+" ("+name+"_FILE)"
	}
	return nil
}

func fields() []reflect.StructField {
	var list []reflect.StructField
	for f := range reflect.TypeFor[Config]().Fields() {
		if f.Tag.Get("env") != "" {
			list = append(list, f)
		}
	}
	return list
}

func known(name string) bool {
	for _, f := range fields() {
		if f.Tag.Get("env") == name {
			return true
		}
	}
	return false
}

func (c Config) validate() error {
	var errs []error
	if c.Secret != "" && len(c.Secret) < 32 {
		errs = append(errs, errors.New("IGNY8_SECRET is too short: use at least 32 random characters"))
	}
	if c.OldSecret != "" && len(c.OldSecret) < 32 {
		errs = append(errs, errors.New("IGNY8_SECRET_PREVIOUS is too short: it cannot have been a secret"))
	}
	errs = append(errs, checkDatabaseURL(c.DatabaseURL), checkPublicURL(c.PublicURL))
	if u, err := url.Parse(c.SMTPURL); c.SMTPURL != "" && (err != nil || u.Host == "" || u.Scheme != "smtp" && u.Scheme != "smtps") {
		errs = append(errs, errors.New("IGNY8_SMTP_URL must be smtp://user:password@host:port?from=address, or smtps://"))
	}
	if _, err := parseNetworks(c.Proxies); err != nil {
		errs = append(errs, fmt.Errorf("IGNY8_TRUSTED_PROXIES: %w", err))
	}
	if c.RateLimits != "on" && c.RateLimits != "off" {
		errs = append(errs, errors.New("IGNY8_RATE_LIMITS must be on or off"))
	}
	if d, err := time.ParseDuration(c.Hold); err != nil || d < 0 || d > time.Minute {
		errs = append(errs, errors.New("IGNY8_APPROVAL_HOLD must be a time from 0s to 60s, such as 10s"))
	}
	if d, err := time.ParseDuration(c.Target); err != nil || d < time.Minute || d > 30*24*time.Hour {
		errs = append(errs, errors.New("IGNY8_APPROVAL_TARGET must be a time from 1m to 720h, such as 2h"))
	}
	if c.StaffFactor != "required" && c.StaffFactor != "optional" && c.StaffFactor != "auto" {
		errs = append(errs, errors.New("IGNY8_STAFF_SECOND_FACTOR must be required, optional or auto"))
	}
	for name, text := range map[string]string{"IGNY8_GIFT_CREDITS": c.GiftCredits, "IGNY8_GIFT_MONTHS": c.GiftMonths} {
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
			errs = append(errs, errors.New(name+" must be a whole number from 0"))
		}
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		errs = append(errs, errors.New("IGNY8_LOG must be text or json"))
	}
	return errors.Join(errs...)
}

// checkDatabaseURL refuses whatever is no address of PostgreSQL: taken for the name of a
// file, a mistyped one would begin an empty SQLite database. It does not repeat the
// address, which may hold a password.
func checkDatabaseURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("IGNY8_DATABASE_URL cannot be read: write postgres://user:password@host:5432/database, with %xx for special characters of the password")
	case !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://"):
		return fmt.Errorf("IGNY8_DATABASE_URL must begin with postgres:// or postgresql://, not with %q; leave it empty for SQLite in the data folder", u.Scheme)
	}
	return nil
}

// checkPublicURL takes a scheme and a host. Links are made by putting a path behind
// them, and the console's cookies and routes begin at the root.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("IGNY8_PUBLIC_URL must be an http:// or https:// address")
	}
	more := ""
	switch {
	case u.User != nil:
		more = "a user"
	case strings.Trim(u.Path, "/") != "":
		more = "a path"
	case u.RawQuery != "" || u.ForceQuery:
		more = "a query (?…)"
	case strings.Contains(text, "#"):
		more = "a fragment (#…)"
	default:
		return nil
	}
	return fmt.Errorf("IGNY8_PUBLIC_URL must be a scheme and a host alone, such as https://billing.example.com: it has %s, and links are made by putting their path behind it", more)
}

// Demonstration is the settings as the demonstration runs with them: without rate
// limits, and saying on every page that the data are invented.
func (c Config) Demonstration() Config {
	c.Demo, c.RateLimits = true, "off"
	c.origins = maps.Clone(c.origins)
	c.origins["IGNY8_RATE_LIMITS"] = "demonstration"
	return c
}

// parseNetworks reads addresses and networks, with commas or spaces between them.
func parseNetworks(text string) (list []netip.Prefix, err error) {
	for one := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if ip, err := netip.ParseAddr(one); err == nil {
			ip = ip.Unmap()
			list = append(list, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(one)
		if err != nil {
			return nil, fmt.Errorf("%q is no address or network; write 127.0.0.1 or 10.0.0.0/8", one)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// TrustedProxies are the networks whose word about a visitor is believed.
func (c Config) TrustedProxies() []netip.Prefix {
	list, _ := parseNetworks(c.Proxies) // checked when the settings were read
	return list
}

// ApprovalHold is how long an approval on the pages may be undone.
func (c Config) ApprovalHold() time.Duration {
	d, _ := time.ParseDuration(c.Hold) // checked when the settings were read
	return d
}

// GiftLimits are how many credits and how many months of plans one member of staff gives
// alone within a day.
func (c Config) GiftLimits() (credits, months int64) {
	credits, _ = strconv.ParseInt(c.GiftCredits, 10, 64) // checked when the settings were read
	months, _ = strconv.ParseInt(c.GiftMonths, 10, 64)
	return credits, months
}

// ApprovalTarget is within what time staff mean to decide.
func (c Config) ApprovalTarget() time.Duration {
	d, _ := time.ParseDuration(c.Target) // checked when the settings were read
	return d
}

// Settings lists all values with their origin; secrets show only whether they
// are set.
func (c Config) Settings() []Setting {
	v := reflect.ValueOf(c)
	var list []Setting
	for _, f := range fields() {
		name := f.Tag.Get("env")
		s := Setting{Name: name, Value: v.FieldByIndex(f.Index).String(), Origin: c.origins[name], Help: f.Tag.Get("help")}
		if s.Origin == "" {
			s.Origin = "default"
		}
		if f.Tag.Get("secret") != "" && s.Value != "" {
			s.Value = "(set)"
		}
		list = append(list, s)
	}
	return list
}
