//go:build torture

// Package torture lets sixteen clients work on a running installation while things
// go wrong, and compares at the end what they were told with what is there.
//
// make torture runs it; SEED=n repeats the choices of a run, SECONDS=n lets each
// database suffer for so long instead of one round of all faults.
package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/job"
)

const clients = 16

// run is one installation under torture. On PostgreSQL it has two servers, of which the
// second goes through PgBouncer.
type run struct {
	t       *testing.T
	seed    uint64
	rng     *rand.Rand // of the faults
	dir     string
	disk    string // a small file system; "" when none could be mounted
	nodes   []*node
	cluster *dbtest.Cluster
	journal *journal
	backups []saved
	over    atomic.Bool
	counts  counts

	mu     sync.Mutex
	faults []string
}

// saved is a backup, and when it was begun.
type saved struct {
	file  string
	begin time.Time
}

// fault notes what must not happen.
func (r *run) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.faults = append(r.faults, fmt.Sprintf(format, args...)); len(r.faults) <= 20 {
		r.t.Errorf("%s  %s", time.Now().Format("15:04:05.000"), r.faults[len(r.faults)-1])
	}
}

func (r *run) node() *node { return r.nodes[r.rng.IntN(len(r.nodes))] }

// sleep waits for so many milliseconds, and up to more longer.
func (r *run) sleep(least, more int) {
	time.Sleep(time.Duration(least+r.rng.IntN(more)) * time.Millisecond)
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestTorture(t *testing.T) {
	seed := number(t, "IGNY8_TORTURE_SEED", rand.Uint64N(1_000_000))
	t.Logf("SEED=%d", seed)
	fmt.Printf("torture: SEED=%d\n", seed)
	program := build(t)
	t.Run("sqlite", func(t *testing.T) {
		r := newRun(t, seed)
		data := filepath.Join(r.dir, "data")
		faults := []fault{killNode, takeBackup, badDisk, stopNode, killNode}
		if r.disk = smallDisk(t, 256); r.disk != "" {
			data, faults = filepath.Join(r.disk, "data"), append(faults, fullDisk)
		}
		r.nodes = []*node{newNode(t, program, data, "")}
		r.suffer(faults)
	})
	t.Run("postgres", func(t *testing.T) {
		r := newRun(t, seed)
		faults := []fault{killNode, freeze, killPostgres, terminate, pauseNode, takeBackup, stopNode}
		if r.disk = smallDisk(t, 400); r.disk != "" {
			t.Setenv("TMPDIR", r.disk)
			faults = append(faults, fullPostgres)
		}
		r.cluster = dbtest.NewCluster(t, "max_wal_size = 64MB", "min_wal_size = 32MB")
		url, data := r.cluster.Database("torture"), filepath.Join(r.dir, "data")
		r.nodes = []*node{newNode(t, program, data, url), newNode(t, program, data, r.cluster.PgBouncer("torture"))}
		r.suffer(faults)
	})
}

func newRun(t *testing.T, seed uint64) *run {
	dir := t.TempDir()
	return &run{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), dir: dir, journal: newJournal(t, dir)}
}

// suffer lets the clients work through each fault once, in the order of the seed, and
// on until the time is over.
func (r *run) suffer(faults []fault) {
	for _, n := range r.nodes {
		n.start()
	}
	var all sync.WaitGroup
	for i := range clients {
		c := &client{run: r, n: i, rng: rand.New(rand.NewPCG(r.seed, uint64(i+1))),
			http: &http.Client{Timeout: answerWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
		all.Go(c.live)
	}
	end := time.Now().Add(time.Duration(number(r.t, "IGNY8_TORTURE_SECONDS", 0)) * time.Second)
	for first := true; first || time.Now().Before(end); first = false {
		for _, n := range r.rng.Perm(len(faults)) {
			r.sleep(500, 700)
			begin := time.Now()
			faults[n].inject(r)
			r.t.Logf("%s  %s, %v", begin.Format("15:04:05.000"), faults[n].name, time.Since(begin).Round(time.Millisecond))
		}
	}
	r.sleep(1000, 1)
	for _, n := range r.nodes {
		n.start() // all is well again
	}
	r.over.Store(true)
	all.Wait()
	r.judge()
}

// judge compares everything at the end.
func (r *run) judge() {
	t := r.t
	acked, open := r.journal.read(t)
	for _, i := range open {
		t.Errorf("%s %s was never answered", i.Op, i.Key)
	}
	d, err := db.Open(t.Context(), db.Options{URL: r.url(r.nodes[0].data, r.nodes[0].url)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	verify(t, d, "at the end", acked, time.Now())
	r.drains(d)
	for _, n := range r.nodes {
		if err := n.run("doctor", "--invariants"); err != nil {
			t.Error(err)
		}
		for i, line := range n.log.internal {
			if i < 5 {
				t.Errorf("the server logged a fault of its own: %s", line)
			}
		}
	}
	for i, b := range r.backups {
		r.restored(i, b, acked)
	}
	c := &r.counts
	t.Logf("%d requests, %d acknowledged, %d lost answers, %d × 503, %d in progress, %d replayed, %d refused, %d overspent, %d refreshed, %d backups",
		c.requests.Load(), len(acked), c.lost.Load(), c.unavailable.Load(), c.inProgress.Load(), c.replayed.Load(), c.refused.Load(), c.overspent.Load(), c.refreshed.Load(), len(r.backups))
	if c.lost.Load() == 0 || c.unavailable.Load() == 0 || c.replayed.Load() == 0 || c.overspent.Load() == 0 || c.refreshed.Load() == 0 || len(r.backups) == 0 {
		t.Error("this run did not meet all that it is for")
	}
}

func (r *run) url(data, url string) string {
	if url != "" {
		return url
	}
	return filepath.Join(data, "igny8.db")
}

// drains waits until the letters have left. A job of a server that was killed is
// given to another one only after five minutes: until then it must be in the queue.
func (r *run) drains(d *db.DB) {
	waiting := func() int64 {
		return dbtest.Value[int64](r.t, d, "SELECT count(*) FROM mail_message WHERE sent_at IS NULL")
	}
	for begin := time.Now(); waiting() > 0 && time.Since(begin) < 10*time.Second; {
		time.Sleep(200 * time.Millisecond)
	}
	var queued int64
	err := d.ReadSystem(r.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		list, err := job.Counts(ctx, tx)
		for _, c := range list {
			if c.Kind == "mail.send" && c.State != job.Completed && c.State != job.Discarded && c.State != job.Cancelled {
				queued += c.N
			}
		}
		return err
	})
	if n := waiting(); err != nil || n > queued {
		r.t.Errorf("%d letters still wait, and the queue has %d: %v", n, queued, err)
	}
}

// restored puts a backup into an empty place, and compares it.
func (r *run) restored(i int, b saved, acked []done) {
	t := r.t
	data, url := filepath.Join(r.dir, fmt.Sprint("restored-", i)), ""
	if r.cluster != nil {
		url = r.cluster.Database(fmt.Sprint("restored", i))
	}
	n := newNode(t, r.nodes[0].program, data, url)
	for _, args := range []string{"backup verify " + b.file, "restore " + b.file, "doctor --invariants"} {
		if err := n.run(strings.Fields(args)...); err != nil {
			t.Error(err)
			return
		}
	}
	d, err := db.Open(t.Context(), db.Options{URL: r.url(data, url)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	verify(t, d, fmt.Sprint("backup ", i), acked, b.begin)
}
