//go:build failpoint && unix

package app

import (
	"fmt"
	"os"
	"syscall"
)

// failpoint ends the process, as kill -9 would, at the place that
// IGNY8_FAILPOINT names: "story/n" before the statement after n of them,
// "story/committed" right after COMMIT. At the place that IGNY8_PAUSEPOINT names the
// process stops, as a machine that is paused does, until it gets SIGCONT.
func failpoint() func(string, int, bool) error {
	at, pause := os.Getenv("IGNY8_FAILPOINT"), os.Getenv("IGNY8_PAUSEPOINT")
	return func(story string, done int, committed bool) error {
		here := fmt.Sprintf("%s/%d", story, done)
		if committed {
			here = story + "/committed"
		}
		if at == here {
			os.Exit(137)
		}
		if pause == here {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
		return nil
	}
}
