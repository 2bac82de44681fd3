package site

import (
	"errors"
	"strings"
	"testing"

	"igny8"
)

func TestNormalizeDomain(t *testing.T) {
	for in, want := range map[string]string{
		"example.com":                         "example.com",
		"https://Www.Example.com/x?y#z":       "example.com",
		"HTTP://EXAMPLE.COM":                  "example.com",
		"//example.com/path":                  "example.com",
		"  example.com\n":                     "example.com",
		"example.com.":                        "example.com",
		"https://example.com.":                "example.com",
		"example.com/":                        "example.com",
		"example.com?q=https://other.example": "example.com",
		"example.com#top":                     "example.com",
		"example.com/a@b:c":                   "example.com",
		"www.example.com":                     "example.com",
		"www.www.example.com":                 "example.com",
		"WWW.Example.Co.Uk":                   "example.co.uk",
		"blog.example.co.uk":                  "blog.example.co.uk",
		"www.blog.example.co.uk":              "blog.example.co.uk",
		"blog.www.example.com":                "blog.www.example.com",
		"www2.example.com":                    "www2.example.com",
		"www.com":                             "www.com",
		"www.co.uk":                           "www.co.uk",
		"www.github.io":                       "www.github.io",
		"acme.github.io":                      "acme.github.io",
		"shop.acme.com.pk":                    "shop.acme.com.pk",
		"müller.de":                           "xn--mller-kva.de",
		"MÜLLER.de":                           "xn--mller-kva.de",
		"xn--mller-kva.de":                    "xn--mller-kva.de",
		"https://www.例え.jp/パス":                "xn--r8jz45g.jp",
		"例え。jp":                               "xn--r8jz45g.jp",
		"ｅｘａｍｐｌｅ．ｃｏｍ":                         "example.com",
		"پاکستان.example":                     "xn--mgbai9azgqp6j.example",
		"faß.de":                              "xn--fa-hia.de",
		"acme.example":                        "acme.example",
		"a-b.example":                         "a-b.example",
		"1and1.com":                           "1and1.com",
		"127.0.0.1.nip.example":               "127.0.0.1.nip.example",
		"localhost.example.com":               "localhost.example.com",
		"test.com":                            "test.com",
		strings.Repeat("a", 63) + ".example":  strings.Repeat("a", 63) + ".example",
	} {
		if got, err := NormalizeDomain(in); err != nil || got != want {
			t.Errorf("NormalizeDomain(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestNormalizeDomainRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                   "invalid_domain",
		"   ":                                "invalid_domain",
		".":                                  "invalid_domain",
		"https://":                           "invalid_domain",
		"https:///path":                      "invalid_domain",
		"ftp://example.com":                  "invalid_domain",
		"javascript://example.com/%0aalert":  "invalid_domain",
		"mailto:me@example.com":              "invalid_domain",
		"https://me@example.com":             "invalid_domain",
		"https://me:secret@example.com/":     "invalid_domain",
		"https://example.com@evil.example":   "invalid_domain",
		`https://example.com\@evil.example`:  "invalid_domain",
		`example.com\path`:                   "invalid_domain",
		"exa mple.com":                       "invalid_domain",
		"example.com other.example":          "invalid_domain",
		"example.com\r\nHost: other.example": "invalid_domain",
		"example.com\x00":                    "invalid_domain",
		"exam\xffple.com":                    "invalid_domain",
		"example..com":                       "invalid_domain",
		".example.com":                       "invalid_domain",
		"example.com..":                      "invalid_domain",
		"-example.com":                       "invalid_domain",
		"example-.com":                       "invalid_domain",
		"exa_mple.com":                       "invalid_domain",
		"*.example.com":                      "invalid_domain",
		"exam%70le.com":                      "invalid_domain",
		"example.com:http":                   "invalid_domain",
		"<script>.com":                       "invalid_domain",
		"xn--a.example":                      "invalid_domain",
		strings.Repeat("a", 64) + ".example": "invalid_domain",
		strings.Repeat("a.", 126) + "com":    "invalid_domain",
		strings.Repeat("x", 3000) + ".com":   "invalid_domain",
		"com":                                "public_suffix",
		"co.uk":                              "public_suffix",
		"www.ck":                             "", // an exception in the list: see below
		"foo.ck":                             "public_suffix",
		"https://github.io/acme":             "public_suffix",
		"рф":                                 "public_suffix",
		"127.0.0.1":                          "ip_address",
		"http://127.0.0.1:8080/":             "ip_address",
		"127.1":                              "ip_address",
		"2130706433":                         "ip_address",
		"0x7f000001":                         "ip_address",
		"0x7F.0.0.1":                         "ip_address",
		"0177.0.0.1":                         "ip_address",
		"999.999.999.999":                    "ip_address",
		"example.0x":                         "ip_address",
		"１２７.０.０.１":                          "ip_address",
		"8.8.8.8.":                           "ip_address",
		"[::1]":                              "ip_address",
		"http://[2001:db8::1]:8080/x":        "ip_address",
		"2001:db8::1":                        "ip_address",
		"::ffff:127.0.0.1":                   "ip_address",
		"fe80::1%eth0":                       "ip_address",
		"example.com:8080":                   "port_not_allowed",
		"https://example.com:443/":           "port_not_allowed",
		"example.com:":                       "port_not_allowed",
		"localhost":                          "local_name",
		"http://localhost:3000":              "local_name",
		"LOCALHOST.":                         "local_name",
		"app.localhost":                      "local_name",
		"printer.local":                      "local_name",
		"db.internal":                        "local_name",
		"site.test":                          "local_name",
		"no.invalid":                         "local_name",
		"router.home.arpa":                   "local_name",
		"intranet":                           "local_name",
		"mysite":                             "local_name",
	} {
		got, err := NormalizeDomain(in)
		if want == "" {
			if err != nil {
				t.Errorf("NormalizeDomain(%q) = %v, want it accepted", in, err)
			}
			continue
		}
		var e *igny8.Error
		if !errors.As(err, &e) || e.Kind != igny8.Invalid || len(e.Fields) != 1 {
			t.Errorf("NormalizeDomain(%q) = %q, %v, want %s", in, got, err, want)
			continue
		}
		if f := e.Fields[0]; f.Code != want || f.Pointer != "#/domain" || got != "" {
			t.Errorf("NormalizeDomain(%q) = %q, %s at %s, want %s", in, got, f.Code, f.Pointer, want)
		}
	}
}

func FuzzNormalizeDomain(f *testing.F) {
	for _, s := range []string{"https://Www.Example.com/x?y#z", "www.www.co.uk", "müller.de", "[::1]:80", "0x7f.1",
		"ａ。ｂ．com", "xn--mller-kva.de", "a\u00adb.example", "www.com", "ß.www.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := NormalizeDomain(s)
		if err != nil {
			if igny8.KindOf(err) != igny8.Invalid {
				t.Errorf("NormalizeDomain(%q): %v", s, err)
			}
			return
		}
		if twice, err := NormalizeDomain(once); err != nil || twice != once {
			t.Errorf("NormalizeDomain(%q) = %q, again %q, %v", s, once, twice, err)
		}
		if len(once) > maxDomain || once != strings.ToLower(once) || strings.Trim(once, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" ||
			!strings.Contains(once, ".") {
			t.Errorf("NormalizeDomain(%q) = %q", s, once)
		}
	})
}
