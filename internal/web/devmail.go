package web

import (
	"cmp"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/mail"
)

// shownMails is how many letters the development mailbox shows.
const shownMails = 200

// RegisterMailbox adds the development mailbox, /dev/mail: the letters that no
// mail server is there to send. Register it only then, and only where the server both
// listens and is reached on the machine itself: behind a proxy every caller is on this
// machine. It answers callers on the same machine alone; for all others it does not exist.
func RegisterMailbox(mux *http.ServeMux, d *db.DB) {
	box := mailbox{d, template.Must(template.New("mailbox").Parse(mailboxHTML))}
	mux.HandleFunc("GET /dev/mail", box.list)
	mux.HandleFunc("GET /dev/mail/{id}", box.show)
}

type mailbox struct {
	db   *db.DB
	page *template.Template
}

// local reports whether a request comes from this machine and was meant for it: a
// name in the Host header may be anybody's that points here, and a proxy here
// speaks for callers elsewhere.
func local(r *http.Request) bool {
	ip, err := netip.ParseAddr(ClientIP(r.Context()))
	if err != nil || !ip.IsLoopback() || cmp.Or(r.Header.Get("Forwarded"), r.Header.Get("X-Forwarded-For")) != "" {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// mailLine is a line of a letter; Link is set when it is nothing but an address.
type mailLine struct{ Text, Link string }

type mailPage struct {
	List  []mail.Message
	One   *mail.Message
	Lines []mailLine
}

func (b mailbox) list(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		WriteError(w, r, igny8.ErrNotFound)
		return
	}
	all, err := mail.Latest(r.Context(), b.db, shownMails)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	b.send(w, r, mailPage{List: all})
}

func (b mailbox) show(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		WriteError(w, r, igny8.ErrNotFound)
		return
	}
	all, err := mail.Latest(r.Context(), b.db, shownMails)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	for _, m := range all {
		if m.ID.String() != r.PathValue("id") {
			continue
		}
		page := mailPage{One: &m}
		for line := range strings.Lines(m.BodyText) {
			l := mailLine{Text: strings.TrimRight(line, "\r\n")}
			if strings.HasPrefix(l.Text, "http://") || strings.HasPrefix(l.Text, "https://") {
				l.Link = l.Text
			}
			page.Lines = append(page.Lines, l)
		}
		b.send(w, r, page)
		return
	}
	WriteError(w, r, igny8.ErrNotFound)
}

func (b mailbox) send(w http.ResponseWriter, r *http.Request, page mailPage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := b.page.Execute(w, page); err != nil {
		ProblemFor(r.Context(), err) // logs it
	}
}

const mailboxHTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{with .One}}{{.Subject}} – {{end}}Letters – igny8</title>
<link rel="stylesheet" href="/docs/api/style.css">
</head>
<body class="plain">
<main>
{{- with .One}}
<p><a href="/dev/mail">All letters</a></p>
<h1>{{.Subject}}</h1>
<p class="lead">To {{.Recipient}}, {{.CreatedAt.UTC.Format "2006-01-02 15:04:05"}} UTC</p>
<p>{{range $.Lines}}{{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}<br>
{{end}}</p>
{{- else}}
<h1>Letters</h1>
<p class="lead">No mail server is set (IGNY8_SMTP_URL), so letters stay here. The newest come first.</p>
<ul class="links">
{{- range .List}}
<li><a href="/dev/mail/{{.ID}}">{{.Subject}}</a> to {{.Recipient}}, {{.CreatedAt.UTC.Format "2006-01-02 15:04:05"}} UTC</li>
{{- else}}
<li>There are none yet.</li>
{{- end}}
</ul>
{{- end}}
</main>
</body>
</html>
`
