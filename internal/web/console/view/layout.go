package view

import (
	"net/url"

	"igny8/internal/web/console/text"
)

// current is the value of aria-current in a navigation.
func current(here bool) string {
	if here {
		return "page"
	}
	return "false"
}

func logoutPath(a Area) string {
	if a == Staff {
		return "/staff/logout"
	}
	return "/logout"
}

// inLanguage is the address of a page in another language.
func inLanguage(path string, l text.Lang) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/?lang=" + string(l)
	}
	q := u.Query()
	q.Set("lang", string(l))
	u.RawQuery = q.Encode()
	return u.String()
}
