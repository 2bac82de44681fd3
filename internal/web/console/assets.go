package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"igny8"
	"igny8/internal/web"
)

//go:embed static
var static embed.FS

// asset is a static file, ready to be sent.
type asset struct {
	kind       string // media type
	plain, gz  []byte
	version    string
	compressed bool
}

type assets map[string]asset

// loadAssets reads the embedded files once and compresses the text among them.
func loadAssets() (assets, error) {
	all := assets{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		kind := assetKind(name)
		if kind == "" {
			return nil // licences, sums
		}
		sum := sha256.Sum256(data)
		a := asset{kind: kind, plain: data, version: hex.EncodeToString(sum[:6])}
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		w.Write(data) // into memory: cannot fail
		w.Close()
		a.gz, a.compressed = b.Bytes(), b.Len() < len(data)
		all[strings.TrimPrefix(name, "static/")] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	return all, nil
}

func assetKind(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	}
	return ""
}

// path is the address of a static file, with its version.
func (a assets) path(name string) string { return "/static/" + name + "?v=" + a[name].version }

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.PathValue("path")]
	if !ok {
		web.WriteError(w, r, igny8.ErrNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("ETag", `"`+file.version+`"`)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == file.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+file.version+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := file.plain
	if file.compressed && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.gz
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}
