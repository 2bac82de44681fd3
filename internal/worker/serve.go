package worker

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"time"
)

// Serve does work for the process at the other end until that ends, and gives
// memory back when nothing has come for a while. It keeps to one core, collector
// included. memory is how many bytes it may need, 0 for no end: Go's collector keeps
// below, and on Linux the kernel refuses more than half as much again, which ends
// the process. Go takes memory in arenas of 64 MiB, so the two cannot be one.
func Serve(in io.Reader, out io.Writer, memory int64, do func(work []byte) []byte) error {
	runtime.GOMAXPROCS(1)
	if memory > 0 {
		debug.SetMemoryLimit(memory)
		if err := confine(uint64(memory+memory/2) * detector); err != nil {
			return err
		}
	}
	rest := time.AfterFunc(time.Second, debug.FreeOSMemory)
	defer rest.Stop()
	for {
		work, err := receive(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer := do(work)
		if err := send(out, bytes.NewReader(answer), int64(len(answer))); err != nil {
			return err
		}
		rest.Reset(time.Second)
	}
}
