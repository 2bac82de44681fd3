package idem

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/idem/idemdb"
)

const (
	// Keep is how long an answer can be had again.
	Keep = 24 * time.Hour
	// lease is how long a claim is believed to be at work.
	lease = time.Minute
)

// Claim names one request: who, which route, which key, and what was asked.
type Claim struct {
	Principal   string
	Route       string
	Key         string
	Fingerprint [32]byte
}

// Answer is a stored answer.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
}

// Renderer turns what a story returns into the answer that the caller gets.
type Renderer func(result any) (Answer, error)

// Store keeps the records.
type Store struct {
	db     *db.DB
	secret []byte
	atWork sync.Map // the claims that this process works on: token → struct{}
}

// New returns a store; secret seals the answers together with the caller's key.
func New(d *db.DB, secret []byte) *Store { return &Store{db: d, secret: secret} }

type running struct {
	store   *Store
	claim   Claim
	keyHash string
	token   string
	boot    string // the run of this server; see db.DB.Boot
	render  Renderer
	stored  bool
}

type runningKey struct{}

// Begin claims the key. It returns a stored answer when the work was done before,
// or a context in which to do it. Errors: idempotency_mismatch (422) when the key
// was used for something else, idempotency_in_progress (409) while another
// request with it is at work.
func (s *Store) Begin(ctx context.Context, c Claim, render Renderer) (*Answer, context.Context, error) {
	token := make([]byte, 16)
	rand.Read(token)
	r := &running{store: s, claim: c, keyHash: s.hashKey(c), token: hex.EncodeToString(token), render: render}
	r.boot = s.db.Boot(ctx)
	s.atWork.Store(r.token, struct{}{})
	var done *Answer
	err := s.db.System(ctx, "idem.begin", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		var err error
		done, err = r.begin(ctx, tx)
		return err
	})
	if err != nil || done != nil {
		s.atWork.Delete(r.token)
		return done, ctx, err
	}
	return nil, context.WithValue(ctx, runningKey{}, r), nil
}

func (r *running) begin(ctx context.Context, tx *db.Tx) (*Answer, error) {
	q, c := idemdb.New(tx), r.claim
	print := hex.EncodeToString(c.Fingerprint[:])
	_, err := q.Claim(ctx, idemdb.ClaimParams{Principal: c.Principal, Route: c.Route, KeyHash: r.keyHash,
		Fingerprint: print, Claim: r.token, Answer: []byte{}, LockedAt: tx.Now, Boot: r.boot})
	if err == nil || !db.Absent(err) {
		return nil, err
	}
	old, err := q.Find(ctx, idemdb.FindParams{Principal: c.Principal, Route: c.Route, KeyHash: r.keyHash})
	if db.Absent(err) { // it was given back since
		return nil, errInProgress
	}
	if err != nil {
		return nil, err
	}
	over := tx.Now.Sub(old.CreatedAt) >= Keep
	if !over && old.State == "running" {
		if over, err = r.abandoned(ctx, tx, old); err != nil {
			return nil, err
		}
	}
	switch {
	case over:
		_, err = q.TakeOver(ctx, idemdb.TakeOverParams{Principal: c.Principal, Route: c.Route, KeyHash: r.keyHash,
			OldClaim: old.Claim, NewClaim: r.token, Boot: r.boot, Fingerprint: print, LockedAt: tx.Now})
		if db.Absent(err) {
			return nil, errInProgress
		}
		return nil, err
	case old.Fingerprint != print:
		return nil, igny8.E(igny8.Invalid, "idempotency_mismatch",
			"This Idempotency-Key was used for a different request; use a new key for a new request.")
	case old.State == "running":
		return nil, errInProgress
	}
	return r.open(old.Answer)
}

// abandoned reports whether nobody works on a claim any more: its time is over, this
// process knows that it does not, or the server that did is gone.
func (r *running) abandoned(ctx context.Context, tx *db.Tx, old idemdb.IdempotencyRecord) (bool, error) {
	if tx.Now.Sub(old.LockedAt) >= lease {
		return true, nil
	}
	if _, here := r.store.atWork.Load(old.Claim); here || old.Boot == "" {
		return false, nil
	}
	if old.Boot == r.boot {
		return true, nil
	}
	return r.store.db.Gone(ctx, tx, old.Boot)
}

var errInProgress = igny8.E(igny8.Conflict, "idempotency_in_progress",
	"A request with this Idempotency-Key is still being worked on; ask again in a moment.").Retry(time.Second)

// StoreAnswer stores the answer of a story inside its transaction. Stories on money routes
// call it last, with the same result that they return; without a claim in the
// context (jobs, command line) it does nothing. When another try has taken the
// claim over meanwhile the transaction must fail, and does.
func StoreAnswer(ctx context.Context, tx *db.Tx, result any) error {
	r, ok := ctx.Value(runningKey{}).(*running)
	if !ok {
		return nil
	}
	answer, err := r.render(result)
	if err != nil {
		return fmt.Errorf("render answer: %w", err)
	}
	if err := r.save(ctx, tx, answer); err != nil {
		return err
	}
	tx.OnCommit(func() { r.stored = true })
	return nil
}

// Finish stores the answer of work that did not store its own.
func Finish(ctx context.Context, a Answer) error {
	r, ok := ctx.Value(runningKey{}).(*running)
	if !ok {
		return nil
	}
	defer r.store.atWork.Delete(r.token)
	if r.stored {
		return nil
	}
	return r.store.db.System(ctx, "idem.finish", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return r.save(ctx, tx, a)
	})
}

// Abandon frees the key after work that failed without effect. When the database does
// not answer, it is tried again for as long as others would wait for the key.
func Abandon(ctx context.Context) error {
	r, ok := ctx.Value(runningKey{}).(*running)
	if !ok {
		return nil
	}
	defer r.store.atWork.Delete(r.token)
	if r.stored {
		return nil
	}
	err := r.drop(ctx)
	if igny8.KindOf(err) == igny8.Unavailable {
		go r.dropLater(context.WithoutCancel(ctx))
	}
	return err
}

func (r *running) drop(ctx context.Context) error {
	return r.store.db.System(ctx, "idem.abandon", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return idemdb.New(tx).Drop(ctx, idemdb.DropParams{Principal: r.claim.Principal, Route: r.claim.Route, KeyHash: r.keyHash, Claim: r.token})
	})
}

func (r *running) dropLater(ctx context.Context) {
	const every = time.Second
	for waited := time.Duration(0); waited < lease; waited += every {
		time.Sleep(every)
		if err := r.drop(ctx); igny8.KindOf(err) != igny8.Unavailable {
			return
		}
	}
}

// Clean removes records older than Keep and returns how many.
func (s *Store) Clean(ctx context.Context) (n int64, err error) {
	err = s.db.System(ctx, "idem.clean", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		n, err = idemdb.New(tx).DeleteBefore(ctx, tx.Now.Add(-Keep))
		return err
	})
	return n, err
}

func (r *running) save(ctx context.Context, tx *db.Tx, a Answer) error {
	sealed, err := r.seal(a)
	if err != nil {
		return err
	}
	_, err = idemdb.New(tx).Store(ctx, idemdb.StoreParams{Principal: r.claim.Principal, Route: r.claim.Route,
		KeyHash: r.keyHash, Claim: r.token, Status: int64(a.Status), Answer: sealed})
	if db.Absent(err) {
		return errInProgress
	}
	return err
}

func (s *Store) mac(label string, c Claim) []byte {
	h := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s", label, c.Principal, c.Route, c.Key)
	return h.Sum(nil)
}

func (s *Store) hashKey(c Claim) string { return hex.EncodeToString(s.mac("name", c)) }

func (r *running) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(r.store.mac("seal", r.claim))
	if err != nil {
		return nil, fmt.Errorf("seal answer: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (r *running) seal(a Answer) ([]byte, error) {
	aead, err := r.aead()
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("seal answer: %w", err)
	}
	return aead.Seal(nil, nil, plain, nil), nil
}

func (r *running) open(sealed []byte) (*Answer, error) {
	aead, err := r.aead()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("open stored answer: %w", err)
	}
	var a Answer
	if err := json.Unmarshal(plain, &a); err != nil {
		return nil, fmt.Errorf("open stored answer: %w", err)
	}
	return &a, nil
}

// Detach returns a context without the running claim, for a story that is made
// of several others and answers for the whole.
func Detach(ctx context.Context) context.Context {
	return context.WithValue(ctx, runningKey{}, nil)
}
