package catalog

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"igny8"
)

func seedData(t *testing.T) *SeedData {
	t.Helper()
	d, err := LoadSeed()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSeedMoney(t *testing.T) {
	d := seedData(t)
	rates := map[igny8.Currency]bool{"USD": true}
	for _, r := range d.Rates {
		if err := CheckRate(r.Rate); err != nil || r.Source == "" || r.ValidFrom.IsZero() {
			t.Errorf("rate of %s: %v", r.Currency, err)
		}
		rates[r.Currency] = true
	}
	currencies := map[igny8.Currency]bool{}
	for _, c := range d.Currencies {
		if r := (CurrencyRule{c.Code, c.RoundToMinor, c.Rounding}); !r.valid() || !rates[c.Code] || c.Symbol == "" {
			t.Errorf("currency %s is not usable", c.Code)
		}
		currencies[c.Code] = true
	}
	if len(d.Countries) != 8 {
		t.Errorf("%d countries", len(d.Countries))
	}
	for _, c := range d.Countries {
		if _, err := time.LoadLocation(c.TimeZone); err != nil || CheckCountry(c.Code) != nil || !currencies[c.Currency] {
			t.Errorf("country %s: zone %v, currency %s", c.Code, err, c.Currency)
		}
	}
}

func TestSeedMethods(t *testing.T) {
	d := seedData(t)
	kinds := map[string]bool{"stripe": true, "paypal": true, "bank_transfer": true, "local_wallet": true, "manual": true}
	seen, off := map[string]bool{}, 0
	for _, m := range d.Methods {
		key := m.Country + "/" + m.Slug
		if seen[key] || !kinds[m.Kind] || m.Name == "" || m.Instructions == "" {
			t.Errorf("%s: repeated or incomplete", key)
		}
		seen[key] = true
		if !m.Enabled {
			off++
		}
		for _, f := range m.Fields {
			if f.Copy && !f.Placeholder {
				t.Errorf("%s: the account value %s must be marked as a placeholder", key, f.Label)
			}
		}
	}
	if len(d.Methods) != 16 || off != 2 {
		t.Errorf("%d methods, %d off; want 16 and 2", len(d.Methods), off)
	}
	for _, m := range d.Methods {
		if m.Slug == "upi" && (!strings.HasPrefix(m.Submission.LinkTemplate, "upi://pay?") || m.QR != "link") {
			t.Error("UPI must have a link and a code")
		}
		if m.Slug == "sepa" && m.QR != "epc" {
			t.Error("SEPA must have an EPC code")
		}
	}
}

func TestSeedPlans(t *testing.T) {
	want := map[string][2]int64{"free-trial": {0, 500}, "starter": {8900, 1000}, "growth": {13900, 2000}, "scale": {22900, 4000}, "enterprise": {49900, 10000}}
	d := seedData(t)
	if len(d.Plans) != len(want) {
		t.Fatalf("%d plans", len(d.Plans))
	}
	for _, p := range d.Plans {
		w, ok := want[p.Slug]
		if !ok || p.Prices[0].AmountMinor != w[0] || p.IncludedCredits != w[1] || p.Prices[0].Cycle != "monthly" {
			t.Errorf("%s: %+v", p.Slug, p)
		}
		if len(p.Prices) == 2 && (p.Prices[1].AmountMinor != 10*w[0] || p.Prices[1].Cycle != "annual") {
			t.Errorf("%s: a year must cost ten months", p.Slug)
		}
		if (p.MaxUsers == nil) != (p.Slug == "enterprise") || p.Public == (p.Slug == "enterprise") || *p.MaxSectors != 5 {
			t.Errorf("%s: limits", p.Slug)
		}
	}
}

func TestSeedIndustries(t *testing.T) {
	d := seedData(t)
	if len(d.Industries) < 20 {
		t.Errorf("%d industries", len(d.Industries))
	}
	sectors, slugs := map[string]bool{}, map[string]bool{}
	for _, i := range d.Industries {
		if n := len(i.Sectors); n < 5 || n > 10 || slugs[i.Slug] {
			t.Errorf("%s: %d sectors, or repeated", i.Slug, n)
		}
		slugs[i.Slug] = true
		for _, s := range i.Sectors {
			if sectors[i.Slug+"/"+s.Slug] {
				t.Errorf("%s/%s: repeated", i.Slug, s.Slug)
			}
			sectors[i.Slug+"/"+s.Slug] = true
		}
	}
	industries := map[string]bool{}
	for _, k := range d.Keywords {
		industries[k.Industry] = true
		if !sectors[k.Industry+"/"+k.Sector] || len(k.Keywords) < 10 {
			t.Errorf("%s/%s: no such sector, or fewer than 10 keywords", k.Industry, k.Sector)
		}
	}
	if len(industries) < 3 {
		t.Errorf("seed keywords for %d industries", len(industries))
	}
}
