package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/search/searchdb"
)

// The kinds of suspicions. Each is a fact and no verdict; nothing happens by itself.
const (
	ManySignups     = "many_signups"     // four or more from one network within a day
	SamePerson      = "same_person"      // one name from one network, in several accounts
	ManyLogins      = "many_logins"      // tried from one network
	SharedReference = "shared_reference" // of payments, in several accounts
	SharedProof     = "shared_proof"     // one file, in several accounts
)

const (
	suspectFor   = 30 * 24 * time.Hour // how far back
	togetherIn   = 24 * time.Hour
	manyTogether = 4
)

// Suspicion is something that staff may want to look into.
type Suspicion struct {
	Kind     string
	What     string // the network, reference or file that is shared
	Count    int64  // of accounts, or of logins
	Last     time.Time
	Accounts []Suspect // the newest first, at most maxSuspects
}

// Suspect is an account in a suspicion.
type Suspect struct {
	ID      igny8.AccountID
	Number  int64
	Name    string
	Status  igny8.AccountStatus
	Created time.Time
}

const maxSuspects = 10

// Suspicions lists what the last 30 days hold, the newest first.
func (s *Service) Suspicions(ctx context.Context) (list []Suspicion, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list = nil
		q, since := searchdb.New(tx), tx.Now.Add(-suspectFor)
		for _, look := range []func(context.Context, *searchdb.Queries, time.Time) ([]Suspicion, error){signups, busyNetworks, references, proofs} {
			found, err := look(ctx, q, since)
			if err != nil {
				return fmt.Errorf("look for suspicions: %w", err)
			}
			list = append(list, found...)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b Suspicion) int { return b.Last.Compare(a.Last) })
	return list, err
}

// newcomer is a signup with where it came from.
type newcomer struct {
	Suspect
	network, person string
}

func signups(ctx context.Context, q *searchdb.Queries, since time.Time) ([]Suspicion, error) {
	rows, err := q.RecentSignups(ctx, igny8.NewID[igny8.AccountID](since))
	list := make([]newcomer, len(rows))
	for i, r := range rows {
		list[i] = newcomer{Suspect{r.ID, r.Number, r.Name, r.Status, r.CreatedAt}, r.Network, r.Person}
	}
	return append(together(list), samePersons(list)...), err
}

// together finds networks with many signups within a day. The signups come newest
// first.
func together(list []newcomer) (out []Suspicion) {
	for network, group := range grouped(list, func(n newcomer) string { return n.network }) {
		in := make([]bool, len(group))
		for i := 0; i+manyTogether <= len(group); i++ {
			last := i
			for last+1 < len(group) && group[i].Created.Sub(group[last+1].Created) <= togetherIn {
				last++
			}
			for j := i; last-i+1 >= manyTogether && j <= last; j++ {
				in[j] = true
			}
		}
		var suspects []Suspect
		for i, n := range group {
			if in[i] {
				suspects = append(suspects, n.Suspect)
			}
		}
		if len(suspects) > 0 {
			out = append(out, suspicion(ManySignups, network, suspects))
		}
	}
	return out
}

// samePersons finds names that signed up several times from one network.
func samePersons(list []newcomer) (out []Suspicion) {
	key := func(n newcomer) string {
		if n.network == "" || strings.TrimSpace(n.person) == "" {
			return ""
		}
		return n.person + "\x00" + n.network
	}
	for name, group := range grouped(list, key) {
		if len(group) < 2 {
			continue
		}
		_, network, _ := strings.Cut(name, "\x00")
		var suspects []Suspect
		for _, n := range group {
			suspects = append(suspects, n.Suspect)
		}
		out = append(out, suspicion(SamePerson, network, suspects))
	}
	return out
}

// grouped puts what has the same key together; "" is no key.
func grouped(list []newcomer, key func(newcomer) string) map[string][]newcomer {
	out := map[string][]newcomer{}
	for _, n := range list {
		if k := key(n); k != "" {
			out[k] = append(out[k], n)
		}
	}
	return out
}

// suspicion is about accounts, the newest first.
func suspicion(kind, what string, suspects []Suspect) Suspicion {
	slices.SortFunc(suspects, func(a, b Suspect) int { return cmp.Compare(b.Number, a.Number) })
	suspects = slices.CompactFunc(suspects, func(a, b Suspect) bool { return a.ID == b.ID })
	return Suspicion{kind, what, int64(len(suspects)), suspects[0].Created, suspects[:min(len(suspects), maxSuspects)]}
}

func busyNetworks(ctx context.Context, q *searchdb.Queries, since time.Time) (out []Suspicion, err error) {
	rows, err := q.BusyNetworks(ctx, since)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		network := strings.TrimPrefix(r.Key, "login:net:")
		accounts, err := q.AccountsFrom(ctx, network)
		if err != nil {
			return nil, err
		}
		one := Suspicion{Kind: ManyLogins, What: network, Count: r.Hits, Last: r.FirstAt}
		for _, a := range accounts {
			one.Accounts = append(one.Accounts, Suspect{a.ID, a.Number, a.Name, a.Status, a.CreatedAt})
		}
		out = append(out, one)
	}
	return out, nil
}

// shared collects what several accounts share, by what it is.
type shared struct {
	suspects []Suspect
	last     time.Time
}

func (m sharing) add(what string, at time.Time, s Suspect) {
	one := m[what]
	one.suspects = append(one.suspects, s)
	if at.After(one.last) {
		one.last = at
	}
	m[what] = one
}

type sharing map[string]shared

func (m sharing) list(kind string) (out []Suspicion) {
	for what, one := range m {
		found := suspicion(kind, what, one.suspects)
		found.Last = one.last
		out = append(out, found)
	}
	return out
}

func references(ctx context.Context, q *searchdb.Queries, since time.Time) ([]Suspicion, error) {
	rows, err := q.SharedReferences(ctx, igny8.NewID[igny8.PaymentID](since))
	m := sharing{}
	for _, r := range rows {
		m.add(r.Reference, r.ToldAt, Suspect{r.ID, r.Number, r.Name, r.Status, r.CreatedAt})
	}
	return m.list(SharedReference), err
}

// proofs names a file by the beginning of its hash.
func proofs(ctx context.Context, q *searchdb.Queries, since time.Time) ([]Suspicion, error) {
	rows, err := q.SharedProofs(ctx, igny8.NewID[igny8.PaymentID](since))
	m := sharing{}
	for _, r := range rows {
		m.add(r.OriginalSha256[:min(12, len(r.OriginalSha256))], r.ToldAt, Suspect{r.ID, r.Number, r.Name, r.Status, r.CreatedAt})
	}
	return m.list(SharedProof), err
}
