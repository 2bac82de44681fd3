//go:build failpoint

package app

import (
	"fmt"
	"os"
)

// failpoint ends the process, as kill -9 would, at the place that
// IGNY8_FAILPOINT names: "story/n" before the statement after n of them,
// "story/committed" right after COMMIT.
func failpoint() func(string, int, bool) error {
	at := os.Getenv("IGNY8_FAILPOINT")
	return func(story string, done int, committed bool) error {
		here := fmt.Sprintf("%s/%d", story, done)
		if committed {
			here = story + "/committed"
		}
		if at == here {
			os.Exit(137)
		}
		return nil
	}
}
