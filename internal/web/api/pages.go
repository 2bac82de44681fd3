package api

import (
	_ "embed" // for the templates
	"encoding/json"
	"net/http"

	"igny8"
	"igny8/internal/web"
)

//go:embed pages/style.css
var styleCSS []byte

// pages registers what is outside /api/v1.
func (a *API) pages() {
	a.mux.HandleFunc("GET /openapi.json", a.serveDocument("application/vnd.oai.openapi+json;version=3.1", func() []byte { return a.openJSON }))
	a.mux.HandleFunc("GET /openapi.yaml", a.serveDocument("application/vnd.oai.openapi;version=3.1", func() []byte { return a.openYAML }))
	a.mux.HandleFunc("GET /docs/api", a.serveDocument("text/html; charset=utf-8", func() []byte { return a.page }))
	a.mux.HandleFunc("GET /docs/api/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Write(styleCSS)
	})
	a.errorPages()
	a.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { health(w, "ok") })
	a.mux.HandleFunc("GET /readyz", a.readyz)
}

func health(w http.ResponseWriter, status string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"status": status})
}

func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	if a.cfg.Ready != nil {
		if err := a.cfg.Ready(r.Context()); err != nil {
			web.WriteError(w, r, igny8.E(igny8.Unavailable, "not_ready",
				"The server cannot serve at the moment; try again shortly.").Because(err))
			return
		}
	}
	health(w, "ready")
}

// OpenAPI returns the document of all routes (OpenAPI 3.1) as indented JSON, as it
// is served and as it is checked in.
func (a *API) OpenAPI() ([]byte, error) {
	a.prepareDocuments()
	return a.openJSON, a.pageErr
}

// prepareDocuments renders the documents once, when all routes are known.
func (a *API) prepareDocuments() {
	a.once.Do(func() {
		if a.openJSON, a.openYAML, a.pageErr = written(a.huma.OpenAPI()); a.pageErr == nil {
			a.page, a.pageErr = a.reference()
		}
	})
}

func (a *API) serveDocument(contentType string, body func() []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.prepareDocuments()
		if a.pageErr != nil {
			web.WriteError(w, r, a.pageErr)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Write(body())
	}
}
