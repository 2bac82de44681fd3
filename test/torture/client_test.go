//go:build torture

package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	answerWithin = 12 * time.Second // a server answers within ten, whatever happens
	giveUpAfter  = 2 * time.Minute
)

// counts tell at the end whether the run met what it is for.
type counts struct {
	requests, lost, unavailable, inProgress, replayed, refused, overspent, refreshed atomic.Int64
}

// client does the work of a few people. Its random numbers follow from the seed.
type client struct {
	*run
	n, made int
	rng     *rand.Rand
	http    *http.Client
	staff   *person
	people  []*person
}

type person struct {
	email, access, refresh string
	invoice, payment       string // what waits to be paid, to be decided
}

// reply is a definite answer.
type reply struct {
	status int
	body   map[string]any
}

func (r reply) text(path string) string {
	var v any = r.body
	for name := range strings.SplitSeq(path, "/") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// live works until the run is over, and finishes what it began.
func (c *client) live() {
	c.staff = c.login(staffEmail)
	for !c.over.Load() {
		c.step()
	}
}

func (c *client) step() {
	if len(c.people) < 2 || c.rng.IntN(25) == 0 {
		c.signUp()
		return
	}
	p := c.people[c.rng.IntN(len(c.people))]
	switch n := c.rng.IntN(100); {
	case p.invoice != "":
		c.submit(p)
	case p.payment != "":
		c.decide(p)
	case n < 60:
		c.spend(p, int64(1+c.rng.IntN(3)))
	case n < 62:
		c.spend(p, 1_000_000)
	case n < 72:
		c.site(p)
	case n < 80:
		c.renew(p)
	default:
		c.read(p)
	}
}

func (c *client) signUp() {
	c.made++
	email := fmt.Sprintf("c%d-%d-%d@example.com", c.seed, c.n, c.made)
	form := `{"email":"` + email + `","password":"` + password + `","first_name":"Ayesha","last_name":"Khan","country":"PK"`
	op := "trial"
	if c.rng.IntN(2) == 0 {
		op, form = "paid", form+`,"plan":"starter","payment_method":"raast"`
	}
	r := c.do(op, "", "/auth/register", nil, form+"}", "account/id")
	if r.status != 201 {
		c.fault("signup of %s: %d %v", email, r.status, r.body)
		return
	}
	c.people = append(c.people, &person{email: email, access: r.text("tokens/access"), refresh: r.text("tokens/refresh"), invoice: r.text("invoice/id")})
	if len(c.people) > 8 {
		c.people = c.people[1:]
	}
}

func (c *client) submit(p *person) {
	c.made++
	body := fmt.Sprintf(`{"method":"raast","reference":"TID %d %02d %05d","payer_name":"Ayesha Khan","paid_on":"%s"}`, c.seed%1000, c.n, c.made, time.Now().UTC().Format(time.DateOnly))
	r := c.do("submit", p.invoice, "/billing/invoices/"+p.invoice+"/payments", p, body, "id")
	if r.status != 201 {
		c.fault("submission: %d %v", r.status, r.body)
	}
	p.payment, p.invoice = r.text("id"), ""
}

func (c *client) decide(p *person) {
	payment := p.payment
	p.payment = ""
	var r reply
	switch c.rng.IntN(6) {
	case 0:
		r = c.do("reject", payment, "/admin/payments/"+payment+"/reject", c.staff, `{"reason_code":"other","reason":"No such transfer"}`, "")
	case 1:
		r = c.do("withdraw", payment, "/billing/payments/"+payment+"/withdraw", p, "", "")
	default:
		r = c.do("approve", payment, "/admin/payments/"+payment+"/approve", c.staff, `{"evidence":"statement"}`, "")
	}
	if r.status != 200 {
		c.fault("decision on %s: %d %v", payment, r.status, r.body)
	}
}

func (c *client) spend(p *person, credits int64) {
	r := c.do("spend", strconv.FormatInt(credits, 10), "/credits/spend", p, fmt.Sprintf(`{"credits":%d}`, credits), "id")
	switch {
	case r.status == 402 || r.status == 403:
		c.counts.overspent.Add(1)
	case r.status != 201:
		c.fault("spend: %d %v", r.status, r.body)
	}
}

func (c *client) site(p *person) {
	c.made++
	body := fmt.Sprintf(`{"name":"Shop","domain":"shop%d-%d.example.com","industry":"fitness-and-sport"}`, c.n, c.made)
	r := c.do("site", "", "/sites", p, body, "id")
	if r.status >= 500 {
		c.fault("site: %d %v", r.status, r.body)
	}
}

// renew takes new tokens; after a lost answer the same old one gives them again.
func (c *client) renew(p *person) {
	r := c.until(nil, "/auth/refresh", `{"refresh":"`+p.refresh+`"}`, "")
	if r.status == 200 {
		c.counts.refreshed.Add(1)
		p.access, p.refresh = r.text("access"), r.text("refresh")
		return
	}
	*p = *c.relogin(p)
}

func (c *client) relogin(p *person) *person {
	q := c.login(p.email)
	q.invoice, q.payment = p.invoice, p.payment
	return q
}

func (c *client) login(email string) *person {
	r := c.until(nil, "/auth/login", `{"email":"`+email+`","password":"`+password+`"}`, "")
	if r.status != 200 {
		c.fault("login of %s: %d %v", email, r.status, r.body)
	}
	return &person{email: email, access: r.text("tokens/access"), refresh: r.text("tokens/refresh")}
}

func (c *client) read(p *person) {
	path := []string{"/credits/balance", "/sites", "/billing/invoices"}[c.rng.IntN(3)]
	if r, ok := c.once("GET", path, p.access, "", ""); ok && r.status != 200 && r.status != 401 && r.status != 402 {
		c.fault("GET %s: %d %v", path, r.status, r.body)
	}
}

// do writes the intent, asks until there is a definite answer, always with the same
// key, and writes the acknowledgement. made is where the answer has the id of what
// was made.
func (c *client) do(op, ref, path string, who *person, body, made string) reply {
	c.made++
	key := fmt.Sprintf("t%d-%d-%d", c.seed, c.n, c.made)
	c.journal.intend(intent{Key: key, Op: op, Ref: ref, At: time.Now()})
	r := c.until(who, path, body, key)
	if r.status == 0 {
		return r
	}
	if c.rng.IntN(30) == 0 { // as if the answer had been lost
		if again := c.until(who, path, body, key); again.status != r.status || again.text("id") != r.text("id") || again.text(made) != r.text(made) {
			c.fault("%s with key %s answered %d %v, and then %d %v", path, key, r.status, r.body, again.status, again.body)
		}
	}
	a := ack{Key: key, Status: r.status, At: time.Now()}
	if r.status < 300 && made != "" {
		a.ID = r.text(made)
	}
	c.journal.ack(a)
	return r
}

// until asks, now this server and now that, until one gives a definite answer.
func (c *client) until(who *person, path, body, key string) reply {
	for begin := time.Now(); time.Since(begin) < giveUpAfter; {
		token := ""
		if who != nil {
			token = who.access
		}
		r, ok := c.once("POST", path, token, body, key)
		switch {
		case !ok:
		case r.status == 401 && who != nil:
			*who = *c.relogin(who)
			continue
		default:
			return r
		}
		time.Sleep(time.Duration(50+c.rng.IntN(200)) * time.Millisecond)
	}
	c.fault("%s with key %s was not answered within %v", path, key, giveUpAfter)
	return reply{}
}

// once asks one server; ok says that the answer is definite.
func (c *client) once(method, path, token, body, key string) (r reply, ok bool) {
	n := c.nodes[c.rng.IntN(len(c.nodes))]
	req, err := http.NewRequest(method, "http://"+n.addr+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	begin := time.Now()
	c.counts.requests.Add(1)
	hasty := key != "" && c.rng.IntN(25) == 0
	if hasty { // hangs up before the answer comes, and asks again with the same key
		ctx, cancel := context.WithTimeout(req.Context(), time.Duration(1+c.rng.IntN(30))*time.Millisecond)
		defer cancel()
		req = req.WithContext(ctx)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.counts.lost.Add(1)
		if !hasty && time.Since(begin) >= answerWithin && !n.isPaused() {
			c.fault("%s %s: no answer within %v, and no refusal", method, path, answerWithin)
		}
		return r, false
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(raw, &r.body)
	}
	if err != nil && res.StatusCode != 204 {
		c.counts.lost.Add(1)
		return r, false
	}
	r.status = res.StatusCode
	return r, c.definite(res, r, path, raw)
}

func (c *client) definite(res *http.Response, r reply, path string, raw []byte) bool {
	switch {
	case r.status == 503 && res.Header.Get("Retry-After") != "":
		c.counts.unavailable.Add(1)
		return false
	case r.status >= 500:
		c.fault("%s: %d without Retry-After, or no 503: %s", path, r.status, raw)
		return false
	case r.status == 409 && r.text("code") == "idempotency_in_progress":
		c.counts.inProgress.Add(1)
		return false
	case r.status >= 400:
		c.counts.refused.Add(1)
	case res.Header.Get("Idempotent-Replayed") != "":
		c.counts.replayed.Add(1)
	}
	return true
}
