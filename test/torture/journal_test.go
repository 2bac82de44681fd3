//go:build torture

package torture

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// intent is a line of intents.log, written before the first request goes out.
type intent struct {
	Key, Op, Ref string // Ref is the id of what it is about, if it is about something
	At           time.Time
}

// ack is a line of acks.log, written after the one definite answer.
type ack struct {
	Key    string
	Status int
	ID     string // of what was made
	At     time.Time
}

// journal is what the clients know, apart from the installation.
type journal struct {
	mu            sync.Mutex
	intents, acks *os.File
}

func newJournal(t *testing.T, dir string) *journal {
	t.Helper()
	j := &journal{}
	var err error
	if j.intents, err = os.Create(filepath.Join(dir, "intents.log")); err != nil {
		t.Fatal(err)
	}
	if j.acks, err = os.Create(filepath.Join(dir, "acks.log")); err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *journal) intend(i intent) { j.line(j.intents, i) }
func (j *journal) ack(a ack)       { j.line(j.acks, a) }

func (j *journal) line(f *os.File, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := f.Write(append(b, '\n')); err != nil {
		panic(err)
	}
}

// done is an intent with its answer.
type done struct {
	intent
	ack
}

// read returns what was acknowledged, and the intents that never were.
func (j *journal) read(t *testing.T) (acked []done, open []intent) {
	t.Helper()
	answers := map[string]ack{}
	lines(t, j.acks.Name(), func(b []byte) {
		var a ack
		if err := json.Unmarshal(b, &a); err != nil {
			t.Fatal(err)
		}
		if _, twice := answers[a.Key]; twice {
			t.Errorf("%s was acknowledged twice", a.Key)
		}
		answers[a.Key] = a
	})
	lines(t, j.intents.Name(), func(b []byte) {
		var i intent
		if err := json.Unmarshal(b, &i); err != nil {
			t.Fatal(err)
		}
		if a, ok := answers[i.Key]; ok {
			acked = append(acked, done{i, a})
		} else {
			open = append(open, i)
		}
	})
	return acked, open
}

func lines(t *testing.T, path string, f func([]byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for s.Scan() {
		f(s.Bytes())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}
