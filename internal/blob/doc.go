// Package blob keeps files by the hash of their content and lets in only what it
// understands.
//
// It owns the stores and the inspection of uploads: an image is decoded and
// encoded anew, a PDF is searched for anything that acts. It does not own who may
// see a file, nor its name: rows of other packages hold the hash and the content
// type. Whoever serves a file does so as an attachment with nosniff; the
// inspection is the first of two walls.
package blob
