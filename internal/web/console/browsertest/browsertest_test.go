package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var machine Machine

func TestMain(m *testing.M) { os.Exit(Main(m, &machine)) }

// noted is a test that notes its failures in place of failing.
type noted struct {
	testing.TB
	said []string
}

func (n *noted) Helper()                   {}
func (n *noted) Errorf(f string, a ...any) { n.said = append(n.said, fmt.Sprintf(f, a...)) }
func (n *noted) Fatalf(f string, a ...any) { n.Errorf(f, a...); panic(n) }

// failures runs f on a page of the server and returns what it failed for.
func failures(t *testing.T, base string, f func(*Page)) []string {
	t.Helper()
	n := &noted{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(n) {
				panic(r)
			}
		}()
		p := machine.Page(n, base)
		p.patience = 300 * time.Millisecond
		f(p)
	}()
	return n.said
}

const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"

// site serves one page at / with a strict policy, a script, and answers to ask for.
func site(t *testing.T, body, script string) string {
	t.Helper()
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strict)
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>T</title>`+
			`<script src="/s.js" defer></script></head><body><main><h1>Title</h1>%s</main></body></html>`, body)
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		page(w, strings.ReplaceAll(body, "LANGUAGE", r.Header.Get("Accept-Language")))
	})
	mux.HandleFunc("/post", func(w http.ResponseWriter, r *http.Request) {
		r.ParseMultipartForm(1 << 20)
		var names []string
		for _, f := range r.MultipartForm.File["proof"] {
			names = append(names, f.Filename)
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
		page(w, fmt.Sprintf("<p>Got %v and %v</p>", r.MultipartForm.Value, names))
	})
	mux.HandleFunc("/s.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Write([]byte("data: hello\n\n"))
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	mux.HandleFunc("/no", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(422) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections) // streams are open; this runs first
	return s.URL
}

func TestEveryPageIsWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	for name, c := range map[string]struct{ body, script, want string }{
		"console":     {"", `console.error('oh', 7)`, "console error: oh 7"},
		"exception":   {"", `nothing.here()`, "uncaught exception: Uncaught ReferenceError"},
		"rejection":   {"", `Promise.reject(new Error('late'))`, "late"},
		"inline code": {`<p onclick="x()">p</p>`, `document.querySelector('p').click()`, "security error"},
		"inline look": {`<p style="color:red">p</p>`, "", "security error"},
		"other host":  {`<img alt="" src="http://example.com/a.png">`, "", "security error"},
		"other page":  {"", `location = 'http://example.com/'`, "another host: http://example.com/"},
		"server":      {"", `fetch('/broken')`, "answer 503"},
		"missing":     {`<img alt="" src="/none.png">`, "", "answer 404"},
		"alert":       {"", `alert('owned')`, `alert box: "owned"`},
		"sideways":    {`<p id="far">` + strings.Repeat("wide", 500) + `</p>`, "", "by p#far"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, site(t, c.body, c.script), func(p *Page) { p.Go("/") })
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("found %q, want one with %q", got, c.want)
			}
		})
	}
}

func TestWhatIsNoFinding(t *testing.T) {
	got := failures(t, site(t, `<p>Fine</p>`, `fetch('/no'); new EventSource('/stream'); console.warn('hm')`), func(p *Page) {
		p.Go("/").See("Fine").Axe()
	})
	if len(got) > 0 {
		t.Errorf("found %q, want nothing", got)
	}
	got = failures(t, site(t, `<p>Fine</p>`, `fetch('/broken')`), func(p *Page) { p.Tolerate("answer 503").Go("/") })
	if len(got) > 0 {
		t.Errorf("found %q although tolerated", got)
	}
}

func TestAxeFindsWhatPeopleCannotUse(t *testing.T) {
	base := site(t, `<input id="nameless"><img id="bare" src="/s.js">`, "")
	for _, script := range []bool{true, false} {
		got := strings.Join(failures(t, base, func(p *Page) { p.JavaScript(script).Go("/").Axe() }), "\n")
		for _, want := range []string{"axe label (critical)", "#nameless", "axe image-alt", "#bare"} {
			if !strings.Contains(got, want) {
				t.Errorf("JavaScript %v: found %s, want %q in it", script, got, want)
			}
		}
		if strings.Contains(got, "security error") {
			t.Errorf("axe itself broke the policy: %s", got)
		}
	}
}

const form = `<form method="post" action="/post" enctype="multipart/form-data">
<label>Name <input name="name" value="old"></label>
<label for="d">Date</label><input id="d" type="date" name="day">
<label>Country <select name="country"><option value="">Choose</option><option value="PK">Pakistan</option></select></label>
<label>Proof <input type="file" name="proof"></label>
<label>I agree <input type="checkbox" name="agree" value="yes"></label>
<button>Send it</button> <button disabled id="off">Later</button></form>
<p id="lang">LANGUAGE</p><p id="mode">plain</p><p hidden>Invisible</p>`

func TestUsingAForm(t *testing.T) {
	proof := filepath.Join(t.TempDir(), "proof.png")
	if err := os.WriteFile(proof, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := site(t, form, `const m = document.getElementById('mode'); if (m) m.textContent = 'enhanced'`)
	for _, script := range []bool{true, false} {
		p := machine.Page(t, base).Viewport(360).JavaScript(script).Language("ur").Go("/")
		if got := p.Text("#lang"); got != "ur" {
			t.Errorf("the browser asked for %q, want ur", got)
		}
		if got, want := p.Text("#mode"), map[bool]string{true: "enhanced", false: "plain"}[script]; got != want {
			t.Errorf("the page is %s, want %s", got, want)
		}
		p.NotSee("Invisible")
		p.Fill("Name", "Sana Ali").Fill("Date", "2026-01-31").Fill("Country", "Pakistan").Upload("Proof", proof).Click("I agree")
		p.Click("Send it")
		p.See("name:[Sana Ali]", "day:[2026-01-31]", "country:[PK]", "agree:[yes]", "[proof.png]")
		if p.URL() != "/post" {
			t.Errorf("at %s, want /post", p.URL())
		}
	}
}

func TestWhatCannotBeDone(t *testing.T) {
	base := site(t, form+`<button>Twice</button><button>Twice</button>`, "")
	for name, c := range map[string]struct {
		act  func(*Page)
		want string
	}{
		"nothing there": {func(p *Page) { p.Click("Nowhere") }, "nothing is called so"},
		"disabled":      {func(p *Page) { p.Click("Later") }, "button#off is disabled"},
		"two of a name": {func(p *Page) { p.Click("Twice") }, "2 things are called"},
		"no field":      {func(p *Page) { p.Fill("Colour", "red") }, "there is no such field"},
		"no choice":     {func(p *Page) { p.Fill("Country", "Atlantis") }, "no choice"},
		"not seen":      {func(p *Page) { p.See("Invisible") }, "does not show"},
		"seen":          {func(p *Page) { p.NotSee("Title") }, `shows "Title"`},
		"focus":         {func(p *Page) { p.FocusKept() }, "the focus fell to the body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, base, func(p *Page) { c.act(p.Go("/")) })
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("failed with %q, want one with %q", got, c.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	p := machine.Page(t, site(t, `<input aria-label="Box"><p id="log">-</p>`, `addEventListener('keydown', e => {
		if (e.key.length > 1 && e.key !== 'Escape') return
		document.getElementById('log').textContent += (e.ctrlKey ? 'ctrl ' : '') + e.key + ' '; e.preventDefault() })`))
	p.Go("/").Press("j", "?", "Ctrl+k", "Escape").See("-j ? ctrl k Escape")
	p.Press("Tab").FocusKept()
}

func TestPeopleDoNotShareCookies(t *testing.T) {
	base := site(t, "<p id=c>none</p>", `document.getElementById('c').textContent = document.cookie; document.cookie = 'a=1'`)
	a, b := machine.Page(t, base), machine.Page(t, base)
	a.Go("/").Go("/").See("a=1")
	b.Go("/").NotSee("a=1")
	a.Tab(t).Go("/").See("a=1")
}

func TestWaiting(t *testing.T) {
	p := machine.Page(t, site(t, "<p id=c>early</p>", `setTimeout(() => document.getElementById('c').textContent = 'late', 400)`))
	p.Go("/").SeeWithin(20*time.Second, "late")
}

func TestWeightAndPictures(t *testing.T) {
	t.Setenv("IGNY8_PICTURES", "")
	p := machine.Page(t, site(t, "<p>"+strings.Repeat("word ", 2000)+"</p>", "// "+strings.Repeat("x", 5000)))
	w := p.Weight("/")
	if w.Script < 5000 || w.Script > 6000 || w.Total < 15000 || w.Total > 17000 {
		t.Errorf("weight %+v, want about 15,500 with 5,200 of script", w)
	}
	p.Screenshot("words")
	info, err := os.Stat(filepath.Join(t.ArtifactDir(), "words-1366.png"))
	if err != nil || info.Size() > 200<<10 {
		t.Errorf("picture %v %v", info, err)
	}
}

func TestAxeIsTheOneWeKnow(t *testing.T) {
	if got := sha256.Sum256([]byte(axe)); hex.EncodeToString(got[:]) != axeHash {
		t.Errorf("testdata/axe.min.js has the hash %x; write it into axeHash when the change is meant", got)
	}
}

func TestWithoutABrowser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("PATH works otherwise there")
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("IGNY8_TEST_CHROMIUM", "")
	if _, err := findBrowser(); err == nil || !strings.Contains(err.Error(), "make test") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}
