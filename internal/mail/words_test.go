package mail

import (
	"strings"
	"testing"
)

// Whoever signs up with somebody else's address must not send them words of their own.
func TestLettersRepeatNoStrangersMessage(t *testing.T) {
	for _, lang := range []string{"en", "ur", "ar"} {
		for _, name := range []string{"http://evil.example/win CLICK", "evil.example/win", "www.evil", "win\r\nBcc: x", strings.Repeat("a", 61), "a@evil.example"} {
			p, err := Render(Letter{To: "a@example.com", Lang: lang, Template: "verify", Data: map[string]any{"Name": name, "Link": "https://igny8.example/verify/abc"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{p.Subject, p.Plain, p.HTML} {
				if strings.Contains(part, "evil") || strings.Contains(part, "Bcc") || strings.Contains(part, strings.Repeat("a", 61)) || strings.Contains(part, " ,") {
					t.Errorf("%s, %q: %s", lang, name, part)
				}
			}
			if !strings.Contains(p.Plain, "https://igny8.example/verify/abc") {
				t.Errorf("the link is gone: %s", p.Plain)
			}
			p, err = Render(Letter{Lang: lang, Template: "invitation", Data: map[string]any{"Account": name, "Inviter": "a@example.com", "Role": "editor",
				"Link": "https://igny8.example/invite/abc", "Until": "2026-12-01"}})
			if err != nil || strings.Contains(p.Subject+p.Plain+p.HTML, "evil") {
				t.Errorf("%s, an account named %q: %v %s %s", lang, name, err, p.Subject, p.Plain)
			}
		}
		for _, name := range []string{"Ayesha", "عائشہ", "J. R. O'Neill-Smith", "Maersk A/S"} {
			p, err := Render(Letter{Lang: lang, Template: "verify", Data: map[string]any{"Name": name, "Link": "https://igny8.example/verify/abc"}})
			if err != nil || !strings.Contains(p.Plain, name) {
				t.Errorf("%s: %q is not greeted: %v %s", lang, name, err, p.Plain)
			}
		}
	}
}
