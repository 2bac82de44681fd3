package catalog

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"igny8"
)

func rule(c igny8.Currency, to int64, mode Rounding) CurrencyRule { return CurrencyRule{c, to, mode} }

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		name string
		usd  int64
		rate string
		cur  CurrencyRule
		want int64
	}{
		{"pkr of the mission", 8900, "278", rule("PKR", 100, HalfUp), 2474200},
		{"usd itself", 8900, "1", rule("USD", 1, HalfUp), 8900},
		{"yen have no decimals", 8900, "151.4", rule("JPY", 1, HalfUp), 13475},
		{"yen to tens", 8900, "151.4", rule("JPY", 10, HalfUp), 13470},
		{"dinar have three", 8900, "0.3075", rule("KWD", 5, HalfUp), 27370},
		{"half up", 1, "2.5", rule("EUR", 1, HalfUp), 3},
		{"half even down", 1, "2.5", rule("EUR", 1, HalfEven), 2},
		{"half even up", 1, "3.5", rule("EUR", 1, HalfEven), 4},
		{"just below half", 1, "2.4999999", rule("EUR", 1, HalfUp), 2},
		{"up", 1, "2.0001", rule("EUR", 1, RoundUp), 3},
		{"up when exact", 1, "2", rule("EUR", 1, RoundUp), 2},
		{"never free", 1, "0.0001", rule("INR", 100, HalfUp), 100},
		{"zero stays zero", 0, "278", rule("PKR", 100, HalfUp), 0},
		{"exponent in the rate", 100, "1e3", rule("INR", 1, HalfUp), 100000},
	} {
		got, err := Convert(c.usd, dec(c.rate), c.cur)
		if err != nil || got != c.want {
			t.Errorf("%s: got %d, %v; want %d", c.name, got, err, c.want)
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		usd  int64
		rate string
		cur  CurrencyRule
		want error
	}{
		{"negative price", -1, "1", rule("EUR", 1, HalfUp), errNegative},
		{"no rate", 1, "0", rule("EUR", 1, HalfUp), errRate},
		{"negative rate", 1, "-2", rule("EUR", 1, HalfUp), errRate},
		{"giant rate", 1, "1e9999", rule("EUR", 1, HalfUp), errRate},
		{"tiny rate", 1, "1e-9999", rule("EUR", 1, HalfUp), errRate},
		{"overflow", math.MaxInt64, "2", rule("EUR", 1, HalfUp), errOverflow},
		{"overflow by rounding", math.MaxInt64, "1", rule("EUR", 10, HalfUp), errOverflow},
		{"unknown currency", 1, "1", rule("XXZ", 1, HalfUp), errRule},
		{"no step", 1, "1", rule("EUR", 0, HalfUp), errRule},
		{"no mode", 1, "1", rule("EUR", 1, ""), errRule},
	} {
		if _, err := Convert(c.usd, dec(c.rate), c.cur); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestConvertProperties: the result is a multiple of the step, at most half a
// step from the exact value (or one step when that would be free), and
// computing it again from what is stored gives the same minor units.
func TestConvertProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cur := rule(rapid.SampledFrom([]igny8.Currency{"PKR", "JPY", "KWD", "EUR", "BHD"}).Draw(t, "currency"),
			rapid.SampledFrom([]int64{1, 5, 10, 25, 50, 100, 1000}).Draw(t, "step"),
			rapid.SampledFrom([]Rounding{HalfUp, HalfEven}).Draw(t, "mode"))
		usd := rapid.Int64Range(1, 1e12).Draw(t, "usd")
		rate := decimal.New(rapid.Int64Range(1, 1e9).Draw(t, "coefficient"), -rapid.Int32Range(0, 8).Draw(t, "decimals"))
		list := []ListPrice{{Currency: BaseCurrency, Minor: usd}}
		p, err := Price(list, cur, &Rate{Currency: cur.Code, Rate: rate, Source: "test"})
		if err != nil {
			if !errors.Is(err, errOverflow) {
				t.Fatal(err)
			}
			return
		}
		got := p.Money.Minor
		if got <= 0 || got%cur.RoundTo != 0 {
			t.Fatalf("%d is not a positive multiple of %d", got, cur.RoundTo)
		}
		exact := new(big.Rat).Mul(new(big.Rat).SetInt64(usd), rate.Rat())
		exact.Mul(exact, dec("10").Pow(decimal.NewFromInt(int64(cur.Code.Exponent()-2))).Rat())
		diff := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(got))
		if diff.Abs(diff).Cmp(big.NewRat(cur.RoundTo, 2)) > 0 && got != cur.RoundTo {
			t.Fatalf("%d is more than half a step from %s", got, exact.FloatString(4))
		}
		if again, err := Recompute(p); err != nil || again != got {
			t.Fatalf("recomputed %d, %v; want %d", again, err, got)
		}
	})
}

func TestPriceOrder(t *testing.T) {
	since := time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
	pkr := rule("PKR", 100, HalfUp)
	rate := &Rate{Currency: "PKR", Rate: dec("278"), Source: "by hand", ValidFrom: since}
	usd := ListPrice{Currency: "USD", Minor: 8900}
	set := ListPrice{Currency: "PKR", Minor: 1999900, Since: since}

	p, err := Price([]ListPrice{usd, set}, pkr, rate)
	if err != nil || p.Money.Amount() != "19999.00" || p.Source != SourcePriceList || p.USD.Minor != 8900 || !p.At.Equal(since) {
		t.Errorf("a price set for the currency must win: %+v, %v", p, err)
	}
	if again, err := Recompute(p); err != nil || again != 1999900 {
		t.Errorf("recomputed %d, %v", again, err)
	}
	p, err = Price([]ListPrice{usd}, pkr, rate)
	if err != nil || p.Money.Amount() != "24742.00" || p.Source != "by hand" || p.Base.Minor != 8900 || p.Rounding != "half_up:100" {
		t.Errorf("else the rate must be used: %+v, %v", p, err)
	}
	if _, err = Price([]ListPrice{usd}, pkr, nil); !errors.Is(err, ErrNoPrice) {
		t.Errorf("no rate: got %v", err)
	}
	if _, err = Price([]ListPrice{usd}, pkr, &Rate{Currency: "INR", Rate: dec("80")}); !errors.Is(err, ErrNoPrice) {
		t.Errorf("the rate of another currency: got %v", err)
	}
	if _, err = Price(nil, pkr, rate); !errors.Is(err, ErrNoPrice) {
		t.Errorf("no base price: got %v", err)
	}
}

func TestParseRule(t *testing.T) {
	want := rule("PKR", 100, HalfEven)
	if got, err := ParseRule("PKR", want.String()); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	for _, s := range []string{"", "half_up", "half_up:", "half_up:0", "half_up:-1", "down:1", "half_up:1:2"} {
		if _, err := ParseRule("PKR", s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func TestCheckCountry(t *testing.T) {
	if n := len(CountryCodes()); n != 249 {
		t.Errorf("%d codes, ISO 3166-1 has 249", n)
	}
	for _, ok := range []string{"PK", "US", "AD", "ZW", "XK"} {
		if err := CheckCountry(ok); (err == nil) != (ok != "XK") {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "*", "pk", "P", "PAK", "A ", " A", "D ", "AA"} {
		if CheckCountry(bad) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
