// Package view owns what the pages of the console look like: the layouts and the
// components, documented where they are and shown together at /dev/components. It
// knows no HTTP and asks no service: it is given values and makes HTML.
//
// Every component takes its words from package text through the context, writes
// machine strings through Machine or Money, and uses logical properties only, so
// that pages work from right to left without further thought.
package view
