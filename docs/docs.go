// Package docs carries the documentation set into the binary, which serves it at
// /docs.
package docs

import "embed"

// Pages are the Markdown files of this folder.
//
//go:embed *.md
var Pages embed.FS
