package view

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"igny8/internal/web/console/text"
)

// Area is one of the three parts of the console. Each has its layout.
type Area string

// The areas.
const (
	Public   Area = "public"
	Customer Area = "customer"
	Staff    Area = "staff"
)

// Shell is everything around the body of a page.
type Shell struct {
	Area    Area
	Lang    text.Lang
	Title   string
	Current string // key of the navigation entry that the page belongs to
	Nav     []NavItem
	Path    string // of this page with its query, for the choice of language
	Asset   func(name string) string
	Toast   string // said once after a redirect
	Undo    string // where a form takes back what Toast says, "" for nowhere
	Demo    bool   // says that all data are invented
	Plain   bool   // without navigation: login, pay page

	Account string  // name of the account, "" for staff and outside
	Places  []Place // other accounts of the person, and invitations that wait
	Home    string  // address of the area's first page
	User    string  // e-mail address of who is logged in, "" for nobody
	Banner  templ.Component
	Look    *Look // of staff into the account, nil for its own people
}

// Look says that the reader is staff who look into the account.
type Look struct {
	Until  time.Time
	Writes bool
	End    string // where a form ends it
}

// Place is another account that the person can go to.
type Place struct {
	Href, Name string
	Invited    bool // not yet theirs: an invitation waits
}

// NavItem is one entry of a navigation.
type NavItem struct {
	Key   string // what pages name as their entry
	Href  string
	Label string
	Icon  string // of Icon
	Count int64  // shown when above nought
}

// Tone is the meaning of a chip, callout or toast. Each has its colour and its
// own shape, so that colour is never alone.
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	OK      Tone = "ok"
	Info    Tone = "info"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

func (t Tone) icon() string {
	switch t {
	case OK:
		return "check-circle"
	case Info:
		return "info"
	case Warn:
		return "warn"
	case Bad:
		return "bad"
	}
	return "dot"
}

// Moment is one step of a Timeline.
type Moment struct {
	Title string
	Text  string
	Time  string // when it happened, "" for what has not
	State MomentState
}

// MomentState says whether a moment lies behind or ahead.
type MomentState string

// The states of a moment.
const (
	Done   MomentState = "done"
	Now    MomentState = "now"
	Ahead  MomentState = "ahead"
	Failed MomentState = "failed"
)

// Bar is one bar of a BarChart.
type Bar struct {
	Label string // of the axis and the table
	Value int64
}

// EmptyKind says why there is nothing to see. The four must not be confused, and
// none of them is an error.
type EmptyKind string

// The kinds of empty.
const (
	FirstUse     EmptyKind = "first"   // what it is for, and one action
	NothingFound EmptyKind = "nothing" // the filter in words, and how to clear it
	AllDone      EmptyKind = "done"
	NoRight      EmptyKind = "noright" // who can
)

// EmptyProps describe an empty place. Href and Action are its one action, if any.
type EmptyProps struct {
	Kind         EmptyKind
	Title, Text  string
	Action, Href string
}

func (p EmptyProps) icon() string {
	switch p.Kind {
	case NothingFound:
		return "search"
	case AllDone:
		return "check-circle"
	case NoRight:
		return "lock"
	}
	return "plus"
}

// Step is one of several pages that belong together.
type Step struct{ Key, Label string }

// Banner is what stands above the pages of an area; nil for nothing.
type Banner = templ.Component

// streamPath is where the stream of a live part is.
func streamPath(href string) string {
	if strings.Contains(href, "?") {
		return href + "&live=1"
	}
	return href + "?live=1"
}
