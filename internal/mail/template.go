package mail

import (
	"embed"
	"fmt"
	"html"
	"io/fs"
	"regexp"
	"strings"
	"text/template"
	"unicode"
)

// Each template file is a subject line, an empty line, and paragraphs. A line
// that is a bare link becomes a link in the HTML part. {{m .X}} is a machine
// string (amount, number, reference), {{t .X}} a name that a person gave, {{p .X}} what
// staff wrote: among words of the other direction all keep their own (Unicode
// Bidirectional Algorithm, UAX #9).
//
//go:embed templates
var files embed.FS

// Preview is a letter as it would be sent.
type Preview struct {
	Lang, To, Subject, Plain, HTML string
}

const (
	machineOpen = "\u2066" // LEFT-TO-RIGHT ISOLATE
	personOpen  = "\u2068" // FIRST STRONG ISOLATE
	isolateEnd  = "\u2069" // POP DIRECTIONAL ISOLATE
)

// rightToLeft reports how the language is written.
func rightToLeft(lang string) bool { return lang == "ur" || lang == "ar" }

// spoken is the language in which a letter is written: the one asked for when
// there are templates in it, else English.
func spoken(lang string) string {
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	if info, err := fs.Stat(files, "templates/"+lang); lang == "" || err != nil || !info.IsDir() {
		return "en"
	}
	return lang
}

// Render makes the letter without sending it.
func Render(l Letter) (Preview, error) {
	lang := spoken(l.Lang)
	isolate := func(open string, repeat func(string) string) func(any) string {
		return func(v any) string {
			clean := repeat(strings.NewReplacer(machineOpen, "", personOpen, "", isolateEnd, "").Replace(fmt.Sprint(v)))
			if !rightToLeft(lang) {
				return clean
			}
			return open + clean + isolateEnd
		}
	}
	name := "templates/" + lang + "/" + l.Template + ".txt"
	t, err := template.New(l.Template+".txt").Option("missingkey=error").
		Funcs(template.FuncMap{"m": isolate(machineOpen, withoutLinks), "t": isolate(personOpen, words),
			"p": isolate(personOpen, func(s string) string { return s })}).ParseFS(files, name)
	if err != nil {
		return Preview{}, fmt.Errorf("mail template %s: %w", l.Template, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, l.Data); err != nil {
		return Preview{}, fmt.Errorf("mail template %s: %w", l.Template, err)
	}
	subject, body, _ := strings.Cut(unnamed.ReplaceAllString(b.String(), "$1"), "\n\n")
	subject = strings.Join(strings.Fields(subject), " ") // never a second header line
	return Preview{lang, l.To, subject, body, toHTML(lang, body)}, nil
}

// withheld stands where a letter does not repeat what somebody wrote; unnamed is a greeting
// of nobody.
const withheld = "\u2026"

var unnamed = regexp.MustCompile("(?m)[ ]" + personOpen + "?" + withheld + isolateEnd + "?([,،])$")

// maxWords is how many characters of what a person wrote a letter repeats.
const maxWords = 60

// address is what a mail program makes a link of.
var address = regexp.MustCompile(`(?i)://|www\.|@|[\p{L}\p{N}]\.\p{L}{2,}`)

// words is what a person wrote of themselves, unless it holds an address, a line break or
// too much: letters go to people who never heard of us, and carry no stranger's message.
func words(s string) string {
	if len([]rune(s)) > maxWords || strings.ContainsFunc(s, unicode.IsControl) || address.MatchString(s) {
		return withheld
	}
	return s
}

// withoutLinks is a machine string, unless it holds a link or a line break.
func withoutLinks(s string) string {
	if strings.Contains(s, "://") || strings.ContainsFunc(s, unicode.IsControl) {
		return withheld
	}
	return s
}

func toHTML(lang, body string) string {
	dir := "ltr"
	if rightToLeft(lang) {
		dir = "rtl"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="%s" dir="%s"><body style="font-family:system-ui,sans-serif;line-height:1.6;max-width:36rem">`, lang, dir)
	for paragraph := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		b.WriteString("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				b.WriteString("<br>")
			}
			b.WriteString(lineHTML(line))
		}
		b.WriteString("</p>")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

var isolates = strings.NewReplacer(machineOpen, `<bdi dir="ltr">`, personOpen, `<bdi>`, isolateEnd, `</bdi>`)

func lineHTML(line string) string {
	text := html.EscapeString(line)
	if strings.HasPrefix(line, "http://") || strings.HasPrefix(line, "https://") {
		return `<a dir="ltr" href="` + text + `">` + text + `</a>`
	}
	return isolates.Replace(text)
}
