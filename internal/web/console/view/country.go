package view

import (
	"context"
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"igny8/internal/web/console/text"
)

// CountryName is the name of a country (ISO 3166-1 alpha-2) in the page's
// language (CLDR), the code when it has none.
func CountryName(ctx context.Context, code string) string {
	return regionName(text.From(ctx).Lang, code)
}

func regionName(l text.Lang, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(string(l))).Name(region); name != "" {
		return name
	}
	return code
}

// CountryOptions lists countries to choose from: those of first in their order,
// then the rest by name.
func CountryOptions(ctx context.Context, first, all []string) []Option {
	lang := text.From(ctx).Lang
	option := func(code string) Option { return Option{Value: code, Label: regionName(lang, code)} }
	var out, rest []Option
	for _, code := range first {
		out = append(out, option(code))
	}
	for _, code := range all {
		if !slices.Contains(first, code) {
			rest = append(rest, option(code))
		}
	}
	order := collate.New(language.Make(string(lang)))
	slices.SortFunc(rest, func(a, b Option) int { return order.CompareString(a.Label, b.Label) })
	return append(out, rest...)
}
