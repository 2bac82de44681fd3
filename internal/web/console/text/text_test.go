package text_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"igny8/internal/web/console/text"
)

var (
	used    = regexp.MustCompile(`text\.T\(ctx, "([^"]+)"|\.T\("([^"]+)"`)
	counted = regexp.MustCompile(`(?:text\.N|limit)\(ctx, "([^"]+)"|\.N\("([^"]+)"`)
	said    = regexp.MustCompile(`Saying\("([^"]+)"\)`)
	hole    = regexp.MustCompile(`\{\d\}`)
)

// TestEveryKeyThatPagesUseExists reads the pages' sources: a text that is missing
// in English would be shown as its key. Keys that end in a dot are completed at
// run time.
func TestEveryKeyThatPagesUseExists(t *testing.T) {
	seen := 0
	check := func(file, key string) {
		if strings.HasSuffix(key, ".") {
			if !slices.ContainsFunc(text.Keys(text.English), func(k string) bool { return strings.HasPrefix(k, key) }) {
				t.Errorf("%s: no text of en.json begins with %q", file, key)
			}
			return
		}
		if seen++; !text.Has(text.English, key) {
			t.Errorf("%s: %q is not in en.json", file, key)
		}
	}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") || d.Name() == "doc.go" {
			return err
		}
		if !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".templ") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range used.FindAllStringSubmatch(string(src), -1) {
			check(name, m[1]+m[2])
		}
		for _, m := range counted.FindAllStringSubmatch(string(src), -1) {
			check(name, m[1]+m[2]+".one")
			check(name, m[1]+m[2]+".other")
		}
		for _, m := range said.FindAllStringSubmatch(string(src), -1) {
			check(name, "said."+m[1])
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d keys found, %v", seen, err)
	}
}

// The pages that must be whole in every language.
var whole = []string{"signup.", "pay.", "login.", "error.", "form.", "nav.", "upload.", "copy.", "pricing.", "plan.", "verify.", "landing.",
	"month.", "timeline.", "steps.", "time.", "age.", "page.", "chart.", "said.logged_out", "said.saved", "said.verified", "said.welcome", "status.",
	"second.", "factor.", "totp.", "codes.", "passkey.", "said.login_over", "said.totp_off", "said.passkey_"}

// customerKeys are the words of the customer area, from its own part.
func customerKeys(t *testing.T) (keys []string) {
	t.Helper()
	data, err := os.ReadFile("customer.en.json")
	words := map[string]string{}
	if err == nil {
		err = json.Unmarshal(data, &words)
	}
	if err != nil || len(words) < 150 {
		t.Fatalf("%d words, %v", len(words), err)
	}
	return slices.Sorted(maps.Keys(words))
}

// The pages of customers are whole in every language, and nothing of them is left in
// English by mistake.
func TestTheCustomerAreaSpeaksEveryLanguage(t *testing.T) {
	same := []string{"audit.system", "credits.reference"} // a name, and no words
	latin := regexp.MustCompile(`[A-Za-z]{3,}`)
	for _, l := range text.Languages()[1:] {
		for _, key := range customerKeys(t) {
			if !text.Has(l, key) {
				t.Errorf("customer.%s.json lacks %q", l, key)
				continue
			}
			words := text.Texts{Lang: l}.T(key)
			if slices.Contains(same, key) {
				continue
			}
			for _, w := range latin.FindAllString(words, -1) {
				if !slices.Contains([]string{"igny", "IANA", "Asia", "Karachi", "CSV"}, w) {
					t.Errorf("customer.%s.json: %q has %q in Latin letters", l, key, w)
				}
			}
		}
	}
}

func TestSignupPayAndLoginSpeakEveryLanguage(t *testing.T) {
	for _, l := range text.Languages() {
		for _, key := range text.Keys(text.English) {
			if slices.ContainsFunc(whole, func(p string) bool { return strings.HasPrefix(key, p) }) && !text.Has(l, key) {
				t.Errorf("%s.json lacks %q", l, key)
			}
		}
	}
}

func TestTranslationsHaveTheSamePlaceholders(t *testing.T) {
	holes := func(l text.Lang, key string) []string {
		found := hole.FindAllString(text.Texts{Lang: l}.T(key), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, l := range text.Languages()[1:] {
		for _, key := range text.Keys(l) {
			if strings.HasPrefix(key, "error.") && !text.Has(text.English, key) {
				continue // English comes from the service
			}
			if !text.Has(text.English, key) {
				t.Errorf("%s.json has %q, which English lacks", l, key)
			} else if !slices.Equal(holes(l, key), holes(text.English, key)) {
				t.Errorf("%s.json: %q has other placeholders than English", l, key)
			}
		}
	}
}

func TestPick(t *testing.T) {
	for _, c := range []struct {
		asked, chosen, accept string
		want                  text.Lang
	}{
		{"", "", "", "en"},
		{"ur", "ar", "en", "ur"},
		{"xx", "ar", "en", "ar"},
		{"", "", "fr-FR,ur-PK;q=0.8,en;q=0.5", "ur"},
		{"", "", "AR", "ar"},
		{"../etc", "<script>", ";;;,,,", "en"},
	} {
		if got := text.Pick(c.asked, c.chosen, c.accept); got != c.want {
			t.Errorf("Pick(%q, %q, %q) = %s, want %s", c.asked, c.chosen, c.accept, got, c.want)
		}
	}
}

func TestArgumentsAreIsolatedFromRightToLeft(t *testing.T) {
	if got := (text.Texts{Lang: text.Urdu}).T("pay.until", "7 Dec"); !strings.Contains(got, "\u20687 Dec\u2069") {
		t.Errorf("Urdu: %q", got)
	}
	if got := (text.Texts{}).T("pay.until", "7 Dec"); got != "by 7 Dec" {
		t.Errorf("English: %q", got)
	}
	if got := (text.Texts{Lang: text.Arabic}).T("said.nothing"); got != "said.nothing" {
		t.Errorf("a key nobody has: %q", got)
	}
}
