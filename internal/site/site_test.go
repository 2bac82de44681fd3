package site_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"igny8"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor/doctortest"
	"igny8/internal/site"
)

// world is one database with sites and a trial account.
type world struct {
	*testing.T
	ctx context.Context
	d   *db.DB
	s   *site.Service
	tim igny8.Actor // on the free trial: one site
}

func run(t *testing.T, f func(w *world)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		f(&world{T: t, ctx: t.Context(), d: d, s: site.New(d), tim: billingtest.Trial(t, d)})
		doctortest.Assert(t, d)
	})
}

func (w *world) create(domain string) site.Site {
	w.Helper()
	out, err := w.s.Create(w.ctx, w.tim, site.NewSite{Name: " My site ", Domain: domain, Industry: "automotive"})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func (w *world) wants(err error, kind igny8.Kind, code string) *igny8.Error {
	w.Helper()
	var e *igny8.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		w.Fatalf("want %s, got %v", code, err)
	}
	return e
}

// exec changes the database behind the stories' back.
func (w *world) exec(q string, args ...any) {
	w.Helper()
	dbtest.Exec(w, w.d, q, args...)
}

func (w *world) count(q string, args ...any) int {
	w.Helper()
	return dbtest.Value[int](w, w.d, q, args...)
}

// active lists the slugs of active sectors.
func active(s site.Site) (slugs []string) {
	for _, sec := range s.Sectors {
		if sec.Active {
			slugs = append(slugs, sec.Slug)
		}
	}
	return slugs
}

func ptr[T any](v T) *T { return &v }

func TestCreate(t *testing.T) {
	run(t, func(w *world) {
		s := w.create("https://Www.Example.com/about?x=1")
		if s.Name != "My site" || s.Domain != "example.com" || s.IndustrySlug != "automotive" || s.IndustryName != "Automotive" ||
			!s.Active || s.AccountID != w.tim.Account || len(s.Sectors) != 0 || s.Sectors == nil {
			w.Errorf("%+v", s)
		}
		got, err := w.s.Get(w.ctx, w.tim, s.ID)
		if err != nil || got.Domain != s.Domain || !got.CreatedAt.Equal(s.CreatedAt) {
			w.Errorf("%+v %v", got, err)
		}
		e := w.wants(second(w.s.Create(w.ctx, w.tim, site.NewSite{Name: "Two", Domain: "two.example.com", Industry: "automotive"})),
			igny8.Forbidden, "limit_reached")
		if e.Facts["limit"] != "sites" || e.Facts["allowed"] != int64(1) || e.Facts["used"] != int64(1) || e.Facts["plan"] != "free-trial" {
			w.Error(e.Facts)
		}
		if n := w.count("SELECT count(*) FROM outbox_event WHERE type = 'site.created' AND object_id = $1", s.ID.String()); n != 1 {
			w.Errorf("%d events", n)
		}
		if n := w.count("SELECT count(*) FROM audit_event WHERE action = 'site.create' AND object_id = $1", s.ID.String()); n != 1 {
			w.Errorf("%d audit rows", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestCreateRefuses(t *testing.T) {
	run(t, func(w *world) {
		w.exec("UPDATE plan_version SET max_sites = NULL")
		w.create("example.com")
		w.exec("UPDATE industry SET active = FALSE WHERE slug = 'insurance'")
		for _, c := range []struct {
			in   site.NewSite
			kind igny8.Kind
			code string
		}{
			{site.NewSite{Name: " ", Domain: "a.com", Industry: "automotive"}, igny8.Invalid, "validation_failed"},
			{site.NewSite{Name: strings.Repeat("ü", 101), Domain: "a.com", Industry: "automotive"}, igny8.Invalid, "validation_failed"},
			{site.NewSite{Name: "A", Domain: "127.0.0.1", Industry: "automotive"}, igny8.Invalid, "validation_failed"},
			{site.NewSite{Name: "A", Domain: "a.com", Industry: ""}, igny8.Invalid, "unknown_industry"},
			{site.NewSite{Name: "A", Domain: "a.com", Industry: "insurance"}, igny8.Invalid, "unknown_industry"},
			{site.NewSite{Name: "A", Domain: "EXAMPLE.com", Industry: "automotive"}, igny8.Conflict, "domain_taken"},
		} {
			_, err := w.s.Create(w.ctx, w.tim, c.in)
			w.wants(err, c.kind, c.code)
		}
		una := billingtest.Trial(w, w.d)
		if _, err := w.s.Create(w.ctx, una, site.NewSite{Name: "A", Domain: "example.com", Industry: "automotive"}); err != nil {
			w.Errorf("another account cannot have the same domain: %v", err)
		}
		poor, _ := billingtest.Unpaid(w, w.d, "growth", "PK")
		_, err := w.s.Create(w.ctx, poor, site.NewSite{Name: "A", Domain: "a.com", Industry: "automotive"})
		w.wants(err, igny8.PaymentRequired, "payment_required")
	})
}

// Ten at once on the one free place: one gets it.
func TestLimitHoldsInParallel(t *testing.T) {
	run(t, func(w *world) {
		var wg sync.WaitGroup
		errs := make([]error, 10)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.s.Create(w.ctx, w.tim, site.NewSite{Name: "S", Domain: "s" + strconv.Itoa(i) + ".com", Industry: "automotive"})
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			w.wants(err, igny8.Forbidden, "limit_reached")
		}
		if n := w.count("SELECT count(*) FROM site"); made != 1 || n != 1 {
			w.Errorf("%d made, %d there", made, n)
		}
	})
}

func TestDeleteFreesPlaceAndDomain(t *testing.T) {
	run(t, func(w *world) {
		s := w.create("example.com")
		if err := w.s.Delete(w.ctx, w.tim, s.ID); err != nil {
			w.Fatal(err)
		}
		w.wants(w.s.Delete(w.ctx, w.tim, s.ID), igny8.NotFound, "not_found")
		w.wants(second(w.s.Get(w.ctx, w.tim, s.ID)), igny8.NotFound, "not_found")
		again := w.create("example.com")
		list, err := w.s.List(w.ctx, w.tim, igny8.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].ID != again.ID {
			w.Errorf("%+v %v", list, err)
		}
		if n := w.count("SELECT count(*) FROM site"); n != 2 {
			w.Errorf("%d rows: a deleted site stays as a row", n)
		}
	})
}

func TestUpdate(t *testing.T) {
	run(t, func(w *world) {
		w.exec("UPDATE plan_version SET max_sites = 3")
		s, other := w.create("example.com"), w.create("other.com")
		if _, err := w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", []string{"motorcycles"}); err != nil {
			w.Fatal(err)
		}
		out, err := w.s.Update(w.ctx, w.tim, s.ID, nil, site.Patch{Name: ptr("New"), Domain: ptr("www.new.com"), Active: ptr(false)})
		if err != nil || out.Name != "New" || out.Domain != "new.com" || out.Active || !slices.Equal(active(out), []string{"motorcycles"}) {
			w.Errorf("%+v %v", out, err)
		}
		out, err = w.s.Update(w.ctx, w.tim, s.ID, nil, site.Patch{Industry: ptr("insurance")})
		if err != nil || out.IndustrySlug != "insurance" || active(out) != nil || len(out.Sectors) != 1 || out.Name != "New" {
			w.Errorf("the sectors of the old industry stay as inactive rows: %+v %v", out, err)
		}
		w.wants(second(w.s.Update(w.ctx, w.tim, s.ID, nil, site.Patch{Domain: ptr("OTHER.com")})), igny8.Conflict, "domain_taken")
		w.wants(second(w.s.Update(w.ctx, w.tim, s.ID, nil, site.Patch{Industry: ptr("nothing")})), igny8.Invalid, "unknown_industry")
		w.wants(second(w.s.Update(w.ctx, w.tim, s.ID, nil, site.Patch{Name: ptr("")})), igny8.Invalid, "validation_failed")
		stale := igny8.E(igny8.Stale, "stale", "Read it again.")
		w.wants(second(w.s.Update(w.ctx, w.tim, other.ID, func(s site.Site) error {
			if s.Domain != "other.com" {
				w.Errorf("check saw %+v", s)
			}
			return stale
		}, site.Patch{Name: ptr("Never")})), igny8.Stale, "stale")
		if got, err := w.s.Get(w.ctx, w.tim, other.ID); err != nil || got.Name != "My site" || got.Version != 1 {
			w.Errorf("%+v %v", got, err)
		}
		if _, err := w.s.Update(w.ctx, w.tim, other.ID, nil, site.Patch{Domain: ptr("other.com")}); err != nil {
			w.Errorf("its own domain is not taken: %v", err)
		}
	})
}

func TestSetSectors(t *testing.T) {
	run(t, func(w *world) {
		s := w.create("example.com")
		set := func(industry string, slugs ...string) (site.Site, error) {
			return w.s.SetSectors(w.ctx, w.tim, s.ID, industry, slugs)
		}
		out, err := set("automotive", "motorcycles", "car-detailing", "motorcycles")
		if err != nil || !slices.Equal(active(out), []string{"motorcycles", "car-detailing"}) || out.Sectors[0].Name != "Motorcycles" {
			w.Fatalf("%+v %v", out, err)
		}
		first := out.Sectors[0].ID
		out, err = set("automotive", "used-car-sales")
		if err != nil || !slices.Equal(active(out), []string{"used-car-sales"}) || len(out.Sectors) != 3 {
			w.Fatalf("%+v %v", out, err)
		}
		out, err = set("automotive", "motorcycles")
		if err != nil || !slices.Equal(active(out), []string{"motorcycles"}) || len(out.Sectors) != 3 || out.Sectors[0].ID != first {
			w.Fatalf("re-activated as the same row: %+v %v", out, err)
		}
		out, err = set("insurance", "pet-insurance")
		if err != nil || out.IndustrySlug != "insurance" || !slices.Equal(active(out), []string{"pet-insurance"}) {
			w.Fatalf("%+v %v", out, err)
		}
		sectors, err := w.s.Sectors(w.ctx, w.tim, s.ID)
		if err != nil || len(sectors) != 4 {
			w.Fatalf("%+v %v", sectors, err)
		}
		if out, err = set("insurance"); err != nil || active(out) != nil || len(out.Sectors) != 4 {
			w.Fatalf("none: %+v %v", out, err)
		}
	})
}

func TestSetSectorsRefuses(t *testing.T) {
	run(t, func(w *world) {
		s := w.create("example.com")
		w.exec("UPDATE industry_sector SET active = FALSE WHERE slug = 'fleet-management'")
		six := []string{"car-repair-and-servicing", "used-car-sales", "electric-vehicle-charging", "car-detailing", "tyres-and-wheels", "motorcycles"}
		five, err := w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", six[:5])
		if err != nil || len(active(five)) != 5 {
			w.Fatalf("%+v %v", five, err)
		}
		e := w.wants(second(w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", six)), igny8.Forbidden, "limit_reached")
		if e.Facts["limit"] != "sectors" || e.Facts["allowed"] != int64(5) || e.Facts["used"] != int64(5) || e.Facts["plan"] != "free-trial" {
			w.Error(e.Facts)
		}
		w.exec("UPDATE plan_version SET max_sectors = 2")
		e = w.wants(second(w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", six[:3])), igny8.Forbidden, "limit_reached")
		if e.Facts["allowed"] != int64(2) {
			w.Error(e.Facts)
		}
		e = w.wants(second(w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", []string{"motorcycles", "pet-insurance", "fleet-management"})),
			igny8.Invalid, "unknown_sector")
		if len(e.Fields) != 2 || e.Fields[0].Pointer != "#/sectors/1" || e.Fields[1].Pointer != "#/sectors/2" {
			w.Error(e.Fields)
		}
		w.wants(second(w.s.SetSectors(w.ctx, w.tim, s.ID, "", nil)), igny8.Invalid, "unknown_industry")
		if got, err := w.s.Get(w.ctx, w.tim, s.ID); err != nil || len(active(got)) != 5 {
			w.Errorf("a refusal changed something: %+v %v", got, err)
		}
	})
}

// Another account's site is one that never was, through every door.
func TestForeignSite(t *testing.T) {
	run(t, func(w *world) {
		s := w.create("example.com")
		una := billingtest.Trial(w, w.d)
		w.wants(second(w.s.Get(w.ctx, una, s.ID)), igny8.NotFound, "not_found")
		w.wants(second(w.s.Sectors(w.ctx, una, s.ID)), igny8.NotFound, "not_found")
		w.wants(second(w.s.Update(w.ctx, una, s.ID, nil, site.Patch{Name: ptr("Mine")})), igny8.NotFound, "not_found")
		w.wants(second(w.s.SetSectors(w.ctx, una, s.ID, "automotive", nil)), igny8.NotFound, "not_found")
		w.wants(w.s.Delete(w.ctx, una, s.ID), igny8.NotFound, "not_found")
		list, err := w.s.List(w.ctx, una, igny8.Page{})
		if err != nil || len(list.Items) != 0 {
			w.Errorf("%+v %v", list, err)
		}
		if got, err := w.s.Get(w.ctx, w.tim, s.ID); err != nil || got.Name != "My site" {
			w.Errorf("%+v %v", got, err)
		}
	})
}

func TestList(t *testing.T) {
	run(t, func(w *world) {
		w.exec("UPDATE plan_version SET max_sites = NULL")
		for i := range 5 {
			s := w.create("s" + strconv.Itoa(i) + ".com")
			if _, err := w.s.SetSectors(w.ctx, w.tim, s.ID, "automotive", []string{"motorcycles", "car-detailing"}[:i%3%2+1]); err != nil {
				w.Fatal(err)
			}
		}
		var seen []string
		for p := (igny8.Page{Limit: 2}); ; {
			list, err := w.s.List(w.ctx, w.tim, p)
			if err != nil {
				w.Fatal(err)
			}
			for _, s := range list.Items {
				seen = append(seen, s.Domain+" "+strconv.Itoa(len(s.Sectors)))
			}
			if p.Before = list.Next; !list.More {
				break
			}
		}
		if want := []string{"s4.com 2", "s3.com 1", "s2.com 1", "s1.com 2", "s0.com 1"}; !slices.Equal(seen, want) {
			w.Errorf("%v", seen)
		}
	})
}
