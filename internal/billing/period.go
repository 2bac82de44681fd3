package billing

import (
	"time"

	"igny8/internal/catalog"
)

// months is how many months a cycle has.
func months(cycle string) int {
	if cycle == catalog.Annual {
		return 12
	}
	return 1
}

// AddMonths returns the same day and time of day n months after the anchor, in
// the zone, or the month's last day when it is shorter: 31 January plus one is
// 28 or 29 February. Count from the anchor, never month by month.
func AddMonths(anchor time.Time, n int, zone *time.Location) time.Time {
	a := anchor.In(zone)
	first := time.Date(a.Year(), a.Month()+time.Month(n), 1, 0, 0, 0, 0, zone)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, zone).Day()
	return time.Date(first.Year(), first.Month(), min(a.Day(), last), a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), zone).UTC()
}

// zone is the account's time zone, UTC when its name is not known here.
func zone(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil {
		return z
	}
	return time.UTC
}
