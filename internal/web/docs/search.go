package docs

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Entry is one place that the search finds: a section of a page, an operation of
// the API, an error code.
type Entry struct {
	Href    string
	Page    string // of which it is a part, "" for the beginning of a page
	Heading string
	Text    string
}

// The limits of a search.
const (
	maxQuery   = 100 // characters
	maxWords   = 8
	maxResults = 30
	excerptLen = 220 // characters
)

// index is what is searched, made once: the entries with their words in small
// letters.
type index []indexed

type indexed struct {
	Entry
	page, heading, text string
}

func newIndex(entries []Entry) index {
	out := make(index, len(entries))
	for i, e := range entries {
		out[i] = indexed{e, strings.ToLower(e.Page), strings.ToLower(e.Heading), strings.ToLower(e.Text)}
	}
	return out
}

// result is one place found, with what was found marked.
type result struct {
	Href, Page       string
	Heading, Excerpt template.HTML
}

// typed is what somebody asked for, cut to a sensible length.
func typed(q string) string {
	q = strings.TrimSpace(strings.ToValidUTF8(q, ""))
	if utf8.RuneCountInString(q) > maxQuery {
		q = string([]rune(q)[:maxQuery])
	}
	return q
}

// query cuts a search into words in small letters.
func query(q string) (words []string) {
	for w := range strings.FieldsSeq(strings.ToLower(q)) {
		if len(words) < maxWords && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// search returns the entries that have all the words, the best first.
func (ix index) search(q string) []result {
	words := query(q)
	type hit struct {
		at    *indexed
		score int
	}
	var hits []hit
	for i := range ix {
		if s := ix[i].score(words); s > 0 {
			hits = append(hits, hit{&ix[i], s})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	var out []result
	for _, h := range hits[:min(len(hits), maxResults)] {
		out = append(out, result{Href: h.at.Href, Page: h.at.Page, Heading: mark(h.at.Heading, words), Excerpt: mark(excerpt(h.at.Text, words), words)})
	}
	return out
}

// score is how well an entry answers: the title of a page counts more than a
// heading, that more than the text, a whole word more than a part of one, the
// words together in a heading most. It is 0 unless every word is found.
func (e *indexed) score(words []string) (sum int) {
	heading, whole := 20, 2
	if e.Page == "" {
		heading = 40
	}
	for _, w := range words {
		best := 0
		for _, place := range []struct {
			text  string
			worth int
		}{{e.heading, heading}, {e.page, 5}, {e.text, 4}} {
			switch at := strings.Index(place.text, w); {
			case at < 0:
			case wholeWord(place.text, w):
				best = max(best, place.worth*whole)
			default:
				best = max(best, place.worth)
			}
		}
		if best == 0 {
			return 0
		}
		sum += best
	}
	switch phrase := strings.Join(words, " "); {
	case e.heading == phrase:
		sum += 200
	case len(words) > 1 && strings.Contains(e.heading, phrase):
		sum += 100
	}
	return sum
}

func wholeWord(text, w string) bool {
	for rest, from := text, 0; ; {
		at := strings.Index(rest, w)
		if at < 0 {
			return false
		}
		from += at
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[from+len(w):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from += len(w)
		rest = text[from:]
	}
}

// inWord reports whether a letter continues a word. Both ends of a text do not.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// excerpt is the part of a text around the first word that is found in it.
func excerpt(text string, words []string) string {
	runes := []rune(text)
	if len(runes) <= excerptLen {
		return text
	}
	first := 0
	if found := spans(runes, words); len(found) > 0 {
		first = max(0, found[0][0]-excerptLen/3)
	}
	for first > 0 && !unicode.IsSpace(runes[first-1]) {
		first--
	}
	last := min(len(runes), first+excerptLen)
	for last < len(runes) && last > first+excerptLen/2 && !unicode.IsSpace(runes[last]) {
		last--
	}
	out := strings.TrimSpace(string(runes[first:last]))
	if first > 0 {
		out = "… " + out
	}
	if last < len(runes) {
		out += " …"
	}
	return out
}

// spans are the places of the words in a text, in order and apart.
func spans(runes []rune, words []string) (out [][2]int) {
	low := make([]rune, len(runes))
	for i, r := range runes {
		low[i] = unicode.ToLower(r)
	}
	for i := 0; i < len(low); {
		longest := 0
		for _, w := range words {
			if wr := []rune(w); len(wr) > longest && len(wr) <= len(low)-i && slices.Equal(low[i:i+len(wr)], wr) {
				longest = len(wr)
			}
		}
		if longest == 0 {
			i++
			continue
		}
		out = append(out, [2]int{i, i + longest})
		i += longest
	}
	return out
}

// mark escapes a text and marks the words in it.
func mark(text string, words []string) template.HTML {
	runes, at := []rune(text), 0
	var b strings.Builder
	for _, s := range spans(runes, words) {
		b.WriteString(template.HTMLEscapeString(string(runes[at:s[0]])) + "<mark>" + template.HTMLEscapeString(string(runes[s[0]:s[1]])) + "</mark>")
		at = s[1]
	}
	b.WriteString(template.HTMLEscapeString(string(runes[at:])))
	return template.HTML(b.String()) // escaped piece by piece
}

// sections cuts a page into entries, one for each heading with the text under it.
func sections(href, title string, doc ast.Node, source []byte) []Entry {
	out := []Entry{{Href: href, Heading: title}}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if ok && h.Level > 1 {
			id, _ := h.AttributeString("id")
			anchor, _ := id.([]byte)
			out = append(out, Entry{Href: href + "#" + string(anchor), Page: title, Heading: plain(h, source)})
			continue
		}
		if !ok {
			last := &out[len(out)-1]
			last.Text = strings.TrimSpace(last.Text + " " + plain(n, source))
		}
	}
	return out
}

// plain is the text of a part of a page, with single spaces.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock || n.Kind() == east.KindTableCell {
				b.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.FencedCodeBlock:
			b.Write(n.Lines().Value(source))
		case *ast.CodeBlock:
			b.Write(n.Lines().Value(source))
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(b.String()), " ")
}
