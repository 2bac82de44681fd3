package igny8

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 code.
type Currency string

// exponents lists how many decimals a currency has (ISO 4217 table A.1,
// 2024-06). PKR is 2 there, although CLDR displays none.
var exponents = func() map[Currency]int {
	m := map[Currency]int{}
	for exp, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF " +
			"CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
			"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR " +
			"MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD " +
			"SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
	} {
		for code := range strings.FieldsSeq(codes) {
			m[Currency(code)] = exp
		}
	}
	return m
}()

// Known reports whether the currency is in the table.
func (c Currency) Known() bool { _, ok := exponents[c]; return ok }

// Exponent is the number of decimals, 2 for unknown codes.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// Money is an amount in minor units of a currency. Never a float.
type Money struct {
	Minor    int64
	Currency Currency
}

// Amount is the decimal text without the currency, "24742.00".
func (m Money) Amount() string {
	exp := m.Currency.Exponent()
	if exp == 0 {
		return strconv.FormatInt(m.Minor, 10)
	}
	neg, digits := "", strconv.FormatInt(m.Minor, 10)
	if m.Minor < 0 {
		neg, digits = "-", digits[1:]
	}
	if len(digits) <= exp {
		digits = strings.Repeat("0", exp+1-len(digits)) + digits
	}
	return neg + digits[:len(digits)-exp] + "." + digits[len(digits)-exp:]
}

// String is the amount with its currency in front, "PKR 24742.00".
func (m Money) String() string { return string(m.Currency) + " " + m.Amount() }

type wireMoney struct {
	Minor    int64    `json:"amount_minor"`
	Currency Currency `json:"currency"`
	Amount   string   `json:"amount"`
}

// MarshalJSON writes the three members amount_minor, currency and amount.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireMoney{m.Minor, m.Currency, m.Amount()})
}

// UnmarshalJSON reads what MarshalJSON wrote; amount_minor decides.
func (m *Money) UnmarshalJSON(data []byte) error {
	var w wireMoney
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	m.Minor, m.Currency = w.Minor, w.Currency
	return nil
}

var errAmount = errors.New("not an amount of this currency")

// ParseAmount reads a decimal text such as "24742" or "24742.00". It refuses
// signs, exponents, grouping, spaces and more decimals than the currency has.
func ParseAmount(s string, c Currency) (Money, error) {
	whole, frac, dot := strings.Cut(s, ".")
	exp := c.Exponent()
	if whole == "" || len(frac) > exp || dot && frac == "" {
		return Money{}, errAmount
	}
	digits := whole + frac + strings.Repeat("0", exp-len(frac))
	if strings.Trim(digits, "0123456789") != "" {
		return Money{}, errAmount
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Money{}, errAmount
	}
	return Money{n, c}, nil
}
