package site

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/idem"
	"igny8/internal/site/sitedb"
)

// Patch names what may be changed; nil leaves a member as it is.
type Patch struct {
	Name     *string
	Domain   *string
	Industry *string // slug; another industry makes the old one's sectors inactive
	Active   *bool
}

// Update changes a site of the actor's account. check sees the site as it is,
// inside the transaction, and may refuse (If-Match).
func (s *Service) Update(ctx context.Context, actor igny8.Actor, id igny8.SiteID, check func(Site) error, p Patch) (out Site, err error) {
	if p, err = p.normal(); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "site.update", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, err := locked(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(old); err != nil {
				return err
			}
		}
		out, err = update(ctx, tx, actor, old, p)
		return err
	})
	return out, err
}

// locked reads a site that the actor may touch, under the account's lock.
func locked(ctx context.Context, tx *db.Tx, actor igny8.Actor, id igny8.SiteID) (Site, error) {
	if _, err := account.Lock(ctx, tx); err != nil {
		return Site{}, err
	}
	return reached(ctx, tx, actor, id)
}

func (p Patch) normal() (Patch, error) {
	if p.Name != nil {
		name, err := checkName(*p.Name)
		if err != nil {
			return p, err
		}
		p.Name = &name
	}
	if p.Domain != nil {
		domain, err := NormalizeDomain(*p.Domain)
		if err != nil {
			return p, err
		}
		p.Domain = &domain
	}
	return p, nil
}

func update(ctx context.Context, tx *db.Tx, actor igny8.Actor, old Site, p Patch) (Site, error) {
	q, row := sitedb.New(tx), old.Site
	if p.Name != nil {
		row.Name = *p.Name
	}
	if p.Active != nil {
		row.Active = *p.Active
	}
	if p.Domain != nil && *p.Domain != row.Domain {
		row.Domain = *p.Domain
		n, err := q.DomainTaken(ctx, sitedb.DomainTakenParams{AccountID: tx.Account, Domain: row.Domain, ID: row.ID})
		if err != nil {
			return old, fmt.Errorf("look for the domain: %w", err)
		}
		if n > 0 {
			return old, ErrDomainTaken
		}
	}
	if p.Industry != nil && *p.Industry != row.IndustrySlug {
		industry, err := catalog.IndustryBySlug(ctx, tx, *p.Industry)
		if err != nil {
			return old, err
		}
		if row, err = moveTo(ctx, tx, row, industry); err != nil {
			return old, err
		}
	}
	row, err := save(ctx, tx, row)
	if err != nil {
		return old, err
	}
	out, err := withSectors(ctx, tx, row)
	if err != nil {
		return out, err
	}
	return out, tell(ctx, tx, actor, "update", row)
}

// moveTo gives the row another industry; the sectors of the old one become
// inactive, they are never deleted.
func moveTo(ctx context.Context, tx *db.Tx, row sitedb.Site, industry catalog.Industry) (sitedb.Site, error) {
	row.IndustryID, row.IndustrySlug, row.IndustryName = industry.ID, industry.Slug, industry.Name
	err := sitedb.New(tx).DeactivateSectors(ctx, sitedb.DeactivateSectorsParams{AccountID: tx.Account, SiteID: row.ID})
	if err != nil {
		return row, fmt.Errorf("deactivate sectors: %w", err)
	}
	return row, nil
}

func save(ctx context.Context, tx *db.Tx, row sitedb.Site) (sitedb.Site, error) {
	row, err := sitedb.New(tx).UpdateSite(ctx, sitedb.UpdateSiteParams{AccountID: tx.Account, ID: row.ID, Name: row.Name, Domain: row.Domain,
		IndustryID: row.IndustryID, IndustrySlug: row.IndustrySlug, IndustryName: row.IndustryName, Active: row.Active, Now: tx.Now})
	if err != nil {
		return row, fmt.Errorf("update site: %w", err)
	}
	return row, nil
}

// Delete takes a site of the actor's account away and frees its place and its
// domain. The row stays, for what was made for it and for the audit log.
func (s *Service) Delete(ctx context.Context, actor igny8.Actor, id igny8.SiteID) error {
	return s.db.Tenant(ctx, "site.delete", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, err := locked(ctx, tx, actor, id)
		if err == nil {
			err = db.Expected(ctx, old)
		}
		if err != nil {
			return err
		}
		row, err := sitedb.New(tx).DeleteSite(ctx, sitedb.DeleteSiteParams{AccountID: tx.Account, ID: id, Now: &tx.Now})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("delete site: %w", err)
		}
		return tell(ctx, tx, actor, "delete", row)
	})
}

// MaxSectors is how many active sectors a site has at most, whatever the plan
// says.
const MaxSectors = 5

// Sectors returns the sectors of a site, active or not.
func (s *Service) Sectors(ctx context.Context, actor igny8.Actor, id igny8.SiteID) ([]Sector, error) {
	out, err := s.Get(ctx, actor, id)
	return out.Sectors, err
}

// SetSectors says which sectors of an industry a site covers, and moves the site
// to that industry. Listed ones become active, others inactive; none is deleted.
// A sector that is named twice counts once. 403 limit_reached above what the plan
// allows, 422 unknown_industry or unknown_sector.
func (s *Service) SetSectors(ctx context.Context, actor igny8.Actor, id igny8.SiteID, industry string, slugs []string) (out Site, err error) {
	err = s.db.Tenant(ctx, "site.sectors", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, err := locked(ctx, tx, actor, id)
		if err == nil {
			err = db.Expected(ctx, old)
		}
		if err != nil {
			return err
		}
		out, err = setSectors(ctx, tx, actor, old, industry, slugs)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func setSectors(ctx context.Context, tx *db.Tx, actor igny8.Actor, old Site, slug string, slugs []string) (Site, error) {
	industry, err := catalog.IndustryBySlug(ctx, tx, slug)
	if err != nil {
		return old, err
	}
	chosen, err := choose(ctx, tx, industry, slugs)
	if err != nil {
		return old, err
	}
	if err := roomForSectors(ctx, tx, old, len(chosen)); err != nil {
		return old, err
	}
	row, err := moveTo(ctx, tx, old.Site, industry)
	if err != nil {
		return old, err
	}
	for _, c := range chosen {
		err := sitedb.New(tx).ActivateSector(ctx, sitedb.ActivateSectorParams{AccountID: tx.Account, SiteID: row.ID, IndustrySectorID: c.ID,
			ID: db.NewID[igny8.SectorID](tx), Slug: c.Slug, Name: c.Name, CreatedAt: tx.Now})
		if err != nil {
			return old, fmt.Errorf("activate sector: %w", err)
		}
	}
	if row, err = save(ctx, tx, row); err != nil {
		return old, err
	}
	out, err := withSectors(ctx, tx, row)
	if err != nil {
		return out, err
	}
	return out, tell(ctx, tx, actor, "set_sectors", row)
}

// choose finds the named sectors among the active ones of the industry.
func choose(ctx context.Context, tx *db.Tx, industry catalog.Industry, slugs []string) ([]catalog.IndustrySector, error) {
	all, err := catalog.SectorsOf(ctx, tx, industry.ID)
	if err != nil {
		return nil, err
	}
	known := make(map[string]catalog.IndustrySector, len(all))
	for _, s := range all {
		known[s.Slug] = s
	}
	refusal := igny8.E(igny8.Invalid, "unknown_sector",
		"The industry has no such sector; GET /api/v1/industries/{slug}/sectors lists them.")
	var chosen []catalog.IndustrySector
	seen := map[string]bool{}
	for i, slug := range slugs {
		s, ok := known[slug]
		switch {
		case !ok:
			refusal = refusal.WithField(fmt.Sprintf("sectors/%d", i), "unknown_sector", "Use the slug of a sector of this industry.")
		case !seen[slug]:
			seen[slug] = true
			chosen = append(chosen, s)
		}
	}
	if len(refusal.Fields) > 0 {
		return nil, refusal
	}
	return chosen, nil
}

func roomForSectors(ctx context.Context, tx *db.Tx, old Site, wanted int) error {
	l, err := billing.RunningLimits(ctx, tx)
	if err != nil {
		return err
	}
	allowed := int64(MaxSectors)
	if l.MaxSectors != nil {
		allowed = min(allowed, *l.MaxSectors)
	}
	if int64(wanted) <= allowed {
		return nil
	}
	used := int64(0)
	for _, s := range old.Sectors {
		if s.Active {
			used++
		}
	}
	return billing.LimitReached("sectors", l.PlanSlug, allowed, used).With("requested", int64(wanted))
}
