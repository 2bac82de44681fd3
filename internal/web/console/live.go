package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"igny8"
	"igny8/internal/web"
)

const (
	// lookAgain is how often a live page is made anew when nothing was told: times
	// on it pass, a colleague opens the same payment.
	lookAgain = 15 * time.Second
	// streamFor is how long one stream lives; the browser then opens another and
	// says what it has.
	streamFor = 10 * time.Minute
	// maxStreams is how many one server holds; who comes after asks every few
	// seconds instead.
	maxStreams = 2000
	// maxEach is how many of them one network and one session hold.
	maxEach = 20
	// writeWithin is how long a browser may take to read one message.
	writeWithin = 20 * time.Second
)

var errTooManyStreams = igny8.E(igny8.Unavailable, "too_many_streams", "Too many live pages are open; this one asks every few seconds instead.").
	Retry(lookAgain)

// Live lets the browser keep this fragment fresh through one stream
// (text/event-stream) at the same address with ?live=1: the handler is asked again
// after each event of the account, and what it answers is sent when it differs
// from what the browser has. Without a stream the browser polls.
func (r Response) Live(of igny8.AccountID) Response {
	r.live = of
	return r.Polled()
}

// streamed reports whether the browser asks for the stream of a live fragment.
func (r *Request) streamed() bool { return r.HTTP.URL.Query().Get("live") == "1" }

// Streams is how many live pages this server holds open.
func (c *Console) Streams() int64 { return c.streams.Load() }

// Close ends all streams, so that the server can stop.
func (c *Console) Close() { c.closing() }

// stream sends the fragment whenever it changes. The id of a message is the hash
// of what it holds: a browser that comes back with Last-Event-ID gets only what it
// has not. Who loses the right to see the page is cut off at the next look.
func (c *Console) stream(ctx context.Context, w http.ResponseWriter, r *Request, h Handler, of igny8.AccountID, err error) {
	defer c.streams.Add(-1)
	who := []string{"net " + web.Network(web.ClientIP(ctx))}
	if r.token != "" {
		who = append(who, "session "+r.token)
	}
	switch open := c.streams.Add(1); {
	case err != nil:
	case of.IsZero():
		err = igny8.ErrNotFound
	case open > maxStreams || !c.holders.take(who):
		err = errTooManyStreams
	default:
		defer c.holders.leave(who)
	}
	if err != nil {
		refuseStream(ctx, w, err)
		return
	}
	changed, stop := c.cfg.Feed.Watch(of)
	defer stop()
	out := http.NewResponseController(w)
	if errors.Join(out.SetReadDeadline(time.Time{}), out.SetWriteDeadline(time.Time{})) != nil {
		refuseStream(ctx, w, errTooManyStreams)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // proxies pass each message on
	has := r.HTTP.Header.Get("Last-Event-ID")
	end := time.NewTimer(streamFor)
	defer end.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		message, id, err := c.message(ctx, w, r, h, has)
		if err != nil {
			return
		}
		has = id
		if !push(w, out, message) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-c.closed.Done():
			return
		case <-end.C:
			return
		case <-changed:
		case <-again.C:
		}
	}
}

// holders counts the streams that each network and session has.
type holders struct {
	lock sync.Mutex
	open map[string]int
}

// take counts one more for all of them, or reports false when one has maxEach.
func (h *holders) take(who []string) bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	for _, one := range who {
		if h.open[one] >= maxEach {
			return false
		}
	}
	for _, one := range who {
		h.open[one]++
	}
	return true
}

func (h *holders) leave(who []string) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for _, one := range who {
		if h.open[one]--; h.open[one] == 0 {
			delete(h.open, one)
		}
	}
}

// push sends a message, and gives up on a browser that does not read it.
func push(w http.ResponseWriter, out *http.ResponseController, message []byte) bool {
	stuck := time.AfterFunc(writeWithin, func() { out.SetWriteDeadline(time.Unix(1, 0)) })
	defer stuck.Stop()
	_, err := w.Write(message)
	return err == nil && out.Flush() == nil
}

// message is the fragment as it is now, or a comment when the browser has it.
func (c *Console) message(ctx context.Context, w http.ResponseWriter, r *Request, h Handler, has string) ([]byte, string, error) {
	res, err := c.answer(ctx, w, r, h)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	if res.Body == nil {
		return nil, "", errors.New("a live page became something else")
	}
	if err := res.Body.Render(ctx, &b); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(b.Bytes())
	id := hex.EncodeToString(sum[:12])
	if id == has {
		return []byte(": as before\n\n"), id, nil
	}
	var out strings.Builder
	out.WriteString("id: " + id + "\n")
	for line := range strings.Lines(b.String()) {
		out.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	out.WriteString("\n")
	return []byte(out.String()), id, nil
}

// refuseStream answers with a status and nothing to show: the page stays as it is.
func refuseStream(ctx context.Context, w http.ResponseWriter, err error) {
	p := web.ProblemFor(ctx, err)
	w.Header().Set("HX-Reswap", "none")
	var e *igny8.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	http.Error(w, p.Code, p.Status)
}
