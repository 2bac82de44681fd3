//go:build bench

package bench

import (
	"fmt"
	"os"
	"time"
)

// starting measures from nothing to the first answer, the memory that the idle
// program holds, and the size of its file. These are no ratios.
func (b *run) starting(kind string, i *installation) {
	begin := time.Now()
	s := i.start(b.T)
	took := time.Since(begin)
	s.stop()
	begin = time.Now()
	s = i.start(b.T)
	again := time.Since(begin)
	time.Sleep(2 * time.Second)
	memory := residentMiB(s.cmd.Process.Pid)
	s.stop()
	b.note(result{database: kind, work: "start to first answer, empty folder", value: fmt.Sprintf("%.2f s", took.Seconds()), note: "goal < 1 s; tables, catalogue and the first staff user are made"})
	b.note(result{database: kind, work: "start to first answer, later", value: fmt.Sprintf("%.2f s", again.Seconds()), note: "goal < 1 s"})
	b.note(result{database: kind, work: "memory of the idle program", value: fmt.Sprintf("%.0f MiB", memory), note: "goal < 80 MB resident; two seconds after the start"})
	if info, err := os.Stat(b.binary); err == nil && kind == "SQLite" {
		b.note(result{database: "both", work: "the program's file", value: fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), note: "goal ≤ 60 MB, static"})
	}
}
