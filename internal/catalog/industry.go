package catalog

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// Industry is a branch of business that a site belongs to.
type Industry struct {
	ID   igny8.RowID
	Slug string
	Name string
}

// IndustrySector is a part of an industry that a site can cover.
type IndustrySector struct {
	ID   igny8.RowID
	Slug string
	Name string
}

// ErrUnknownIndustry refuses what is no active industry.
var ErrUnknownIndustry = igny8.E(igny8.Invalid, "unknown_industry", "There is no such industry; GET /api/v1/industries lists them.").
	WithField("industry", "unknown_industry", "Use the slug of a listed industry.")

// IndustryBySlug returns an active industry.
func IndustryBySlug(ctx context.Context, tx *db.Tx, slug string) (Industry, error) {
	row, err := catalogdb.New(tx).GetIndustry(ctx, slug)
	if db.Absent(err) {
		return Industry{}, ErrUnknownIndustry
	}
	if err != nil {
		return Industry{}, fmt.Errorf("industry: %w", err)
	}
	return Industry{row.ID, row.Slug, row.Name}, nil
}

// IndustryByID returns an industry that a site has, also one that is no longer
// active.
func IndustryByID(ctx context.Context, tx *db.Tx, id igny8.RowID) (Industry, error) {
	row, err := catalogdb.New(tx).GetIndustryByID(ctx, id)
	if db.Absent(err) {
		return Industry{}, igny8.ErrNotFound
	}
	if err != nil {
		return Industry{}, fmt.Errorf("industry: %w", err)
	}
	return Industry{row.ID, row.Slug, row.Name}, nil
}

// SectorsOf returns the active sectors of an industry, in their order.
func SectorsOf(ctx context.Context, tx *db.Tx, industry igny8.RowID) ([]IndustrySector, error) {
	rows, err := catalogdb.New(tx).ListIndustrySectors(ctx, industry)
	if err != nil {
		return nil, fmt.Errorf("sectors: %w", err)
	}
	out := make([]IndustrySector, len(rows))
	for i, r := range rows {
		out[i] = IndustrySector{r.ID, r.Slug, r.Name}
	}
	return out, nil
}

// SeedKeywordsOf returns the keywords that a sector suggests, sorted.
func SeedKeywordsOf(ctx context.Context, tx *db.Tx, sector igny8.RowID) ([]string, error) {
	words, err := catalogdb.New(tx).ListSeedKeywords(ctx, sector)
	if err != nil {
		return nil, fmt.Errorf("seed keywords: %w", err)
	}
	return words, nil
}
