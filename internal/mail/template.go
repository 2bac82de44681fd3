package mail

import (
	"embed"
	"fmt"
	"html"
	"strings"
	"text/template"
)

// Each template file is a subject line, an empty line, and paragraphs. A line
// that is a bare link becomes a link in the HTML part.
//
//go:embed templates/*.txt
var files embed.FS

type rendered struct{ subject, plain, html string }

func render(l Letter) (rendered, error) {
	t, err := template.New(l.Template+".txt").Option("missingkey=error").ParseFS(files, "templates/"+l.Template+".txt")
	if err != nil {
		return rendered{}, fmt.Errorf("mail template %s: %w", l.Template, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, l.Data); err != nil {
		return rendered{}, fmt.Errorf("mail template %s: %w", l.Template, err)
	}
	subject, body, _ := strings.Cut(b.String(), "\n\n")
	subject = strings.Join(strings.Fields(subject), " ") // never a second header line
	return rendered{subject, body, toHTML(body)}, nil
}

func toHTML(body string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36rem">`)
	for paragraph := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		b.WriteString("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				b.WriteString("<br>")
			}
			text := html.EscapeString(line)
			if strings.HasPrefix(line, "http://") || strings.HasPrefix(line, "https://") {
				text = `<a href="` + text + `">` + text + `</a>`
			}
			b.WriteString(text)
		}
		b.WriteString("</p>")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
