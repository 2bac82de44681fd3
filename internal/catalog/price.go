package catalog

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"igny8"
)

// BaseCurrency is what plans, packages and rates are expressed in.
const BaseCurrency igny8.Currency = "USD"

// Rounding says what happens to a price that lies between two steps.
type Rounding string

// The roundings: to the nearest step, and from the middle up or to the even
// number of steps; or always up.
const (
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	RoundUp  Rounding = "up"
)

// CurrencyRule says how prices of a currency are rounded: to a multiple of
// RoundTo minor units (100 for whole rupees).
type CurrencyRule struct {
	Code     igny8.Currency
	RoundTo  int64
	Rounding Rounding
}

// String is the form that quotes and invoices keep, "half_up:100".
func (r CurrencyRule) String() string {
	return string(r.Rounding) + ":" + strconv.FormatInt(r.RoundTo, 10)
}

// ParseRule reads what CurrencyRule.String wrote, for the currency given.
func ParseRule(code igny8.Currency, s string) (CurrencyRule, error) {
	mode, step, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(step, 10, 64)
	r := CurrencyRule{Code: code, RoundTo: n, Rounding: Rounding(mode)}
	if err != nil || !r.valid() {
		return CurrencyRule{}, errRule
	}
	return r, nil
}

func (r CurrencyRule) valid() bool {
	return r.Code.Known() && r.RoundTo > 0 && (r.Rounding == HalfUp || r.Rounding == HalfEven || r.Rounding == RoundUp)
}

// Errors of conversion. They mean that a row of the catalogue is unusable, not
// that the caller did something wrong.
var (
	errRule     = errors.New("catalog: not a rounding rule of a known currency")
	errRate     = errors.New("catalog: a rate must be above zero, with at most 12 decimals and 12 digits before them")
	errNegative = errors.New("catalog: a base price must not be negative")
	errOverflow = errors.New("catalog: the converted price is too large")
)

// Bounds of a rate. They keep arithmetic on a hostile row small.
const (
	maxRateDecimals = 12
	maxRateDigits   = 12
)

// CheckRate reports whether a rate can be used: above zero and of sane size.
func CheckRate(rate decimal.Decimal) error {
	exp := int64(rate.Exponent())
	if rate.Sign() <= 0 || exp < -maxRateDecimals || exp > maxRateDigits || int64(rate.NumDigits())+exp > maxRateDigits {
		return errRate
	}
	return nil
}

// Convert turns US cents into minor units of cur: exactly, then rounded once by
// the currency's rule. What costs something never becomes free: a positive
// price is at least one rounding step.
func Convert(usdMinor int64, rate decimal.Decimal, cur CurrencyRule) (int64, error) {
	if usdMinor < 0 {
		return 0, errNegative
	}
	if !cur.valid() {
		return 0, errRule
	}
	if err := CheckRate(rate); err != nil {
		return 0, err
	}
	num := new(big.Int).Mul(big.NewInt(usdMinor), rate.Coefficient())
	den := big.NewInt(cur.RoundTo)
	shift := int64(rate.Exponent()) + int64(cur.Code.Exponent()) - int64(BaseCurrency.Exponent())
	if shift >= 0 {
		num.Mul(num, pow10(shift))
	} else {
		den.Mul(den, pow10(-shift))
	}
	steps := divideRounded(num, den, cur.Rounding)
	if steps.Sign() == 0 && usdMinor > 0 {
		steps.SetInt64(1)
	}
	steps.Mul(steps, big.NewInt(cur.RoundTo))
	if !steps.IsInt64() {
		return 0, errOverflow
	}
	return steps.Int64(), nil
}

func pow10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// divideRounded returns num / den for num ≥ 0 and den > 0, rounded.
func divideRounded(num, den *big.Int, mode Rounding) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if mode == RoundUp {
		return q.Add(q, big.NewInt(int64(r.Sign())))
	}
	switch r.Lsh(r, 1).Cmp(den) {
	case 1:
		q.Add(q, big.NewInt(1))
	case 0:
		if mode == HalfUp || q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}

// Rate is one dated exchange rate: units of Currency for one US dollar.
type Rate struct {
	Currency  igny8.Currency
	Rate      decimal.Decimal
	Source    string
	ValidFrom time.Time
}

// SourcePriceList marks an amount that was set for its currency by hand, or is
// in US dollars anyway: its rate is 1 and its base is the amount itself.
const SourcePriceList = "price list"

// Priced is an amount with everything needed to compute it again.
type Priced struct {
	Money    igny8.Money
	Base     igny8.Money     // what Rate was applied to
	Rate     decimal.Decimal // 1 when nothing was converted
	Source   string          // where the rate comes from, or SourcePriceList
	At       time.Time       // since when that rate, or that price, holds
	Rounding string          // a CurrencyRule in its text form
	USD      igny8.Money     // the US dollar price beside it, for show
}

// ListPrice is an amount set by hand for one currency.
type ListPrice struct {
	Currency igny8.Currency
	Minor    int64
	Since    time.Time
}

// ErrNoPrice says that neither a list price nor a rate exists for a currency.
// Staff must add one of them; the customer can do nothing.
var ErrNoPrice = igny8.E(igny8.Unavailable, "price_unavailable", "There is no price in this currency at the moment; please try again later or choose another country.")

// Price is the one function that says what something costs in a currency. A
// list price in that currency wins; otherwise the list price in US dollars is
// multiplied by the rate and rounded by the currency's rule. rate may be nil
// when none is known.
func Price(list []ListPrice, cur CurrencyRule, rate *Rate) (Priced, error) {
	if !cur.valid() {
		return Priced{}, ErrNoPrice.Because(errRule)
	}
	own, base := find(list, cur.Code), find(list, BaseCurrency)
	var usd igny8.Money
	if base != nil {
		usd = igny8.Money{Minor: base.Minor, Currency: BaseCurrency}
	}
	if own != nil {
		m := igny8.Money{Minor: own.Minor, Currency: cur.Code}
		if m.Minor < 0 {
			return Priced{}, ErrNoPrice.Because(errNegative)
		}
		return Priced{Money: m, Base: m, Rate: decimal.New(1, 0), Source: SourcePriceList, At: own.Since,
			Rounding: cur.String(), USD: usd}, nil
	}
	if base == nil || rate == nil || rate.Currency != cur.Code {
		return Priced{}, ErrNoPrice
	}
	minor, err := Convert(base.Minor, rate.Rate, cur)
	if err != nil {
		return Priced{}, ErrNoPrice.Because(fmt.Errorf("%s: %w", cur.Code, err))
	}
	return Priced{Money: igny8.Money{Minor: minor, Currency: cur.Code}, Base: usd, Rate: rate.Rate,
		Source: rate.Source, At: rate.ValidFrom, Rounding: cur.String(), USD: usd}, nil
}

func find(list []ListPrice, c igny8.Currency) *ListPrice {
	for i := range list {
		if list[i].Currency == c {
			return &list[i]
		}
	}
	return nil
}

// Recompute derives the amount again from what a quote or an invoice stored.
// It must equal the stored amount; an audit says so for every row.
func Recompute(p Priced) (int64, error) {
	if p.Base.Currency == p.Money.Currency {
		return p.Base.Minor, nil
	}
	if p.Base.Currency != BaseCurrency {
		return 0, errRule
	}
	rule, err := ParseRule(p.Money.Currency, p.Rounding)
	if err != nil {
		return 0, err
	}
	return Convert(p.Base.Minor, p.Rate, rule)
}

// mulCredits multiplies two non-negative numbers, or reports false.
func mulCredits(a, b int64) (int64, bool) {
	if a != 0 && b > math.MaxInt64/a {
		return 0, false
	}
	return a * b, true
}
