package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// aged puts bytes and makes them as old as they say.
func aged(t *testing.T, f *Folder, dir, content string, age time.Duration) string {
	t.Helper()
	ref, err := f.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(filepath.Join(dir, name(ref.SHA256)), at, at); err != nil {
		t.Fatal(err)
	}
	return ref.SHA256
}

func answers(yes ...bool) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		now := yes[0]
		if len(yes) > 1 {
			yes = yes[1:]
		}
		return now, nil
	}
}

func TestSweepTakesWhatIsOldAndNotNeeded(t *testing.T) {
	f, dir := openTest(t)
	before := time.Now().Add(-time.Hour)
	for content, c := range map[string]struct {
		age    time.Duration
		needed func(context.Context) (bool, error)
		gone   bool
	}{
		"old":                        {2 * time.Hour, answers(false), true},
		"new":                        {time.Minute, answers(false), false},
		"needed":                     {2 * time.Hour, answers(true), false},
		"needed at the second look":  {2 * time.Hour, answers(false, true), false},
		"nobody knows":               {2 * time.Hour, func(context.Context) (bool, error) { return false, errors.New("no database") }, false},
		"nobody knows a second time": {2 * time.Hour, twice(nil, errors.New("no database")), false},
	} {
		sha := aged(t, f, dir, content, c.age)
		gone, _ := f.Sweep(t.Context(), sha, before, c.needed)
		_, err := f.Get(t.Context(), sha)
		if gone != c.gone || errors.Is(err, ErrMissing) != c.gone {
			t.Errorf("%s: gone %v, Get %v", content, gone, err)
		}
	}
	if gone, err := f.Sweep(t.Context(), Hash([]byte("never put")), before, answers(false)); gone || err != nil {
		t.Errorf("what is not there: %v, %v", gone, err)
	}
}

func twice(first, second error) func(context.Context) (bool, error) {
	n := 0
	return func(context.Context) (bool, error) {
		if n++; n == 1 {
			return false, first
		}
		return false, second
	}
}

// Whoever puts a file between the two looks has it afterwards.
func TestSweepAndPutMeet(t *testing.T) {
	f, dir := openTest(t)
	before := time.Now().Add(-time.Hour)
	sha := aged(t, f, dir, "a", 2*time.Hour)
	put := func(context.Context) (bool, error) {
		_, err := f.Put(context.Background(), []byte("a"))
		return false, err
	}
	for name, needed := range map[string]func(context.Context) (bool, error){"before it is put aside": put, "after": func() func(context.Context) (bool, error) {
		n := 0
		return func(ctx context.Context) (bool, error) {
			if n++; n == 2 {
				return put(ctx)
			}
			return false, nil
		}
	}()} {
		aged(t, f, dir, "a", 2*time.Hour)
		if _, err := f.Sweep(t.Context(), sha, before, needed); err != nil {
			t.Error(err)
		}
		if _, err := f.Get(t.Context(), sha); err != nil {
			t.Errorf("put %s: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", aside+"*")); len(left) > 0 {
		t.Errorf("left aside: %v", left)
	}
}

// Many sweep and put the same file at once: whoever says that it is needed after
// putting it finds it.
func TestSweepInParallel(t *testing.T) {
	f, dir := openTest(t)
	var lock sync.Mutex
	need := map[string]bool{}
	var all sync.WaitGroup
	for i := range 40 {
		content := string(rune('a' + i))
		sha := aged(t, f, dir, content, 2*time.Hour)
		all.Go(func() {
			if _, err := f.Put(context.Background(), []byte(content)); err != nil {
				t.Error(err)
			}
			lock.Lock()
			need[sha] = true
			lock.Unlock()
		})
		for range 3 {
			all.Go(func() {
				_, err := f.Sweep(context.Background(), sha, time.Now().Add(-time.Hour), func(context.Context) (bool, error) {
					lock.Lock()
					defer lock.Unlock()
					return need[sha], nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for sha := range need {
		if _, err := f.Get(t.Context(), sha); err != nil {
			t.Errorf("%s: %v", sha, err)
		}
	}
}

func TestListKnowsAgeAndClearsAwayWhatACrashLeft(t *testing.T) {
	f, dir := openTest(t)
	old, recent := aged(t, f, dir, "old", 2*time.Hour), aged(t, f, dir, "recent", 0)
	half, away := filepath.Join(dir, old[:2], "tmp-x"), filepath.Join(dir, recent[:2], aside+recent)
	if err := os.WriteFile(half, []byte("h"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, name(recent)), away); err != nil {
		t.Fatal(err)
	}
	list := func(before time.Time) (all []string) {
		for _, p := range Prefixes() {
			some, err := f.List(t.Context(), p, before)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, some...)
		}
		return all
	}
	list(time.Time{}) // puts back
	if got := list(time.Time{}); len(got) != 2 || !slices.Contains(got, recent) {
		t.Errorf("all are %v", got)
	}
	if got := list(time.Now().Add(-time.Hour)); len(got) != 1 || got[0] != old {
		t.Errorf("the old ones are %v, want %s", got, old)
	}
	if _, err := os.Stat(half); err != nil {
		t.Error("a file that is being written was taken away")
	}
	at := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(half, at, at); err != nil {
		t.Fatal(err)
	}
	list(time.Now().Add(-time.Hour))
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a file stays: %v", err)
	}
}
