package api

import (
	"context"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/site"
)

// RegisterSites adds the routes about sites and their sectors.
func RegisterSites(a *API, s *site.Service) {
	h := siteHandler{s}
	rt := func(method, path, id, summary string, perm igny8.Permission, doc string) Route {
		need := account.NeedWork
		if method == http.MethodGet {
			need = account.NeedRead
		}
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Sites", Perm: perm, Need: need}
	}
	Register(a, rt("GET", "/sites", "listSites", "List the account's sites", igny8.PermRead, "The newest first; to whoever is limited to certain sites, those."), h.list)
	create := rt("POST", "/sites", "createSite", "Make a site", igny8.PermSiteWrite, "")
	create.Status = http.StatusCreated
	create.Doc = "The domain may be pasted as it stands in a browser; it is kept without scheme, path and `www.`. " +
		"403 `limit_reached` when the plan allows no more sites, 409 `domain_taken` when the account has one with this domain."
	create.Check = checking(func(ctx context.Context, b SiteInput) error { return s.Check(ctx, site.NewSite(b)) })
	Register(a, create, h.create)
	Register(a, rt("GET", "/sites/{id}", "getSite", "Read a site", igny8.PermRead, "With its industry and sectors."), h.get)
	update := rt("PATCH", "/sites/{id}", "updateSite", "Change a site", igny8.PermSiteWrite, "")
	update.Doc = "Members that are left out stay as they are. Another industry makes the sectors of the old one inactive."
	Register(a, update, h.update)
	Register(a, rt("DELETE", "/sites/{id}", "deleteSite", "Delete a site, which frees its place in the plan", igny8.PermSiteDelete, "What was made for it stays in the log. Keys for it end."), h.delete)
	Register(a, rt("GET", "/sites/{id}/sectors", "listSiteSectors", "List the sectors of a site, active or not", igny8.PermRead, "Those of the industry that it covers, and those that it once covered."), h.sectors)
	set := rt("PUT", "/sites/{id}/sectors", "setSiteSectors", "Say which sectors a site covers", igny8.PermSiteWrite, "")
	set.Doc = "Listed sectors become active, all others inactive; none is deleted. 403 `limit_reached` above what the plan allows, at most five."
	Register(a, set, h.setSectors)
}

type sectorsIn struct {
	ListInput
	ID igny8.SiteID `path:"id"`
}

type siteHandler struct{ s *site.Service }

// SectorBody is a part of its industry that a site covers, or once covered.
type SectorBody struct {
	Slug   string `json:"slug" example:"running"`
	Name   string `json:"name" example:"Running"`
	Active bool   `json:"active"`
}

func sectorBody(s site.Sector) SectorBody { return SectorBody{s.Slug, s.Name, s.Active} }

// SiteBody is a site.
type SiteBody struct {
	ID        igny8.SiteID `json:"id"`
	Name      string       `json:"name" example:"Running shop"`
	Domain    string       `json:"domain" example:"example.com"`
	Industry  NamedBody    `json:"industry"`
	Sectors   []SectorBody `json:"sectors"`
	Active    bool         `json:"active"`
	CreatedAt time.Time    `json:"created_at"`
}

func siteBody(s site.Site) SiteBody {
	out := SiteBody{ID: s.ID, Name: s.Name, Domain: s.Domain, Industry: NamedBody{s.IndustrySlug, s.IndustryName},
		Sectors: []SectorBody{}, Active: s.Active, CreatedAt: s.CreatedAt.UTC()}
	for _, sec := range s.Sectors {
		out.Sectors = append(out.Sectors, sectorBody(sec))
	}
	return out
}

func siteCreated(s site.Site) *Created[SiteBody] {
	return &Created[SiteBody]{Location: Prefix + "/sites/" + s.ID.String(), Body: siteBody(s)}
}

func (h siteHandler) list(ctx context.Context, in *ListInput) (*ListOutput[SiteBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.List(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, siteBody), nil
}

// SiteInput is what a site is made of.
type SiteInput struct {
	Name     string `json:"name" minLength:"1" maxLength:"100" example:"Running shop"`
	Domain   string `json:"domain" minLength:"1" maxLength:"2048" doc:"A domain or the address of a page on it." example:"https://www.example.com/"`
	Industry string `json:"industry" minLength:"1" maxLength:"100" doc:"Slug; GET /api/v1/industries lists them." example:"fitness-and-sport"`
}

func (h siteHandler) create(ctx context.Context, in *In[SiteInput]) (*Created[SiteBody], error) {
	s, err := h.s.Create(RenderWith(ctx, siteCreated), ActorFrom(ctx), site.NewSite(in.Body))
	if err != nil {
		return nil, err
	}
	return siteCreated(s), nil
}

func (h siteHandler) get(ctx context.Context, in *ByID[igny8.SiteID]) (*Out[SiteBody], error) {
	s, err := h.s.Get(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(siteBody(s)), nil
}

// SitePatch is what may be changed of a site.
type SitePatch struct {
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Domain   *string `json:"domain,omitempty" minLength:"1" maxLength:"2048"`
	Industry *string `json:"industry,omitempty" minLength:"1" maxLength:"100"`
	Active   *bool   `json:"active,omitempty"`
}

type sitePatchInput struct {
	IfMatch
	ByIDIn[igny8.SiteID, SitePatch]
}

func (h siteHandler) update(ctx context.Context, in *sitePatchInput) (*Out[SiteBody], error) {
	check := func(s site.Site) error { return in.Check(ctx, siteBody(s)) }
	s, err := h.s.Update(ctx, ActorFrom(ctx), in.ID, check, site.Patch(in.Body))
	if err != nil {
		return nil, err
	}
	return OK(siteBody(s)), nil
}

func (h siteHandler) delete(ctx context.Context, in *ByIDMatch[igny8.SiteID]) (*struct{}, error) {
	return nil, h.s.Delete(expect(ctx, in.IfMatch, siteBody), ActorFrom(ctx), in.ID)
}

func (h siteHandler) sectors(ctx context.Context, in *sectorsIn) (*ListOutput[SectorBody], error) {
	rows, err := h.s.Sectors(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return Cut(ctx, in.ListInput, rows, func(s site.Sector) string { return s.Slug }, sectorBody)
}

// SectorsInput says which sectors of an industry a site covers.
type SectorsInput struct {
	Industry string   `json:"industry" minLength:"1" maxLength:"100" example:"fitness-and-sport"`
	Sectors  []string `json:"sectors" maxItems:"100" doc:"Slugs of sectors of this industry; one that comes twice counts once." example:"[\"running\"]"`
}

func (h siteHandler) setSectors(ctx context.Context, in *ByIDMatchIn[igny8.SiteID, SectorsInput]) (*Out[SiteBody], error) {
	s, err := h.s.SetSectors(expect(ctx, in.IfMatch, siteBody), ActorFrom(ctx), in.ID, in.Body.Industry, in.Body.Sectors)
	if err != nil {
		return nil, err
	}
	return OK(siteBody(s)), nil
}
