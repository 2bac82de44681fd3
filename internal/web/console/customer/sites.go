package customer

import (
	"context"
	"errors"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/catalog"
	"igny8/internal/site"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// estate is the list of sites with the form for another one.
type estate struct {
	sites      []site.Site
	industries []catalog.Industry
	form       view.Form
	mayAdd     bool
}

func (h handler) sites(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showSites(ctx, r, view.Form{})
}

func (h handler) showSites(ctx context.Context, r *console.Request, f view.Form) (console.Response, error) {
	e := estate{form: f, mayAdd: may(r, igny8.PermSiteWrite, account.NeedWork) && r.Actor.Sites == nil}
	list, err := h.Site.List(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	if e.industries, err = h.Catalog.Industries(ctx); err != nil {
		return console.Response{}, err
	}
	e.sites = list.Items
	return console.Page(text.T(ctx, "app.sites"), "sites", sitesPage(r, e)).Showing(f), nil
}

func (h handler) addSite(ctx context.Context, r *console.Request) (console.Response, error) {
	s, err := h.Site.Create(ctx, r.Actor, site.NewSite{Name: r.Value("name"), Domain: r.Value("domain"), Industry: r.Value("industry")})
	if err == nil {
		return console.SeeOther(r.Here("sites", s.ID.String())).Saying("site_added"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return h.showSites(ctx, r, f)
	}
	if igny8.CodeOf(err) == "limit_reached" { // an answer within the form: which limit, of which plan
		return h.showSites(ctx, r, limited(ctx, r, err))
	}
	return console.Response{}, err
}

// limited is the form that a plan's limit refused, and says which and how much.
func limited(ctx context.Context, r *console.Request, err error) view.Form {
	f := r.RefusedAnyway(ctx, err)
	var e *igny8.Error
	if !errors.As(err, &e) {
		return f
	}
	switch e.Facts["limit"] {
	case "sites":
		f.Detail = text.T(ctx, "sites.limit.sites", e.Facts["plan"], e.Facts["allowed"], e.Facts["used"])
	case "users":
		f.Detail = text.T(ctx, "team.limit", e.Facts["plan"], e.Facts["allowed"], e.Facts["used"])
	case "sectors":
		f.Detail = text.T(ctx, "sites.limit.sectors", e.Facts["plan"], e.Facts["allowed"], e.Facts["requested"])
	}
	return f
}

// plot is one site with its forms.
type plot struct {
	site.Site
	industries []catalog.Industry
	sectors    []catalog.IndustrySector
	form       view.Form // of name and domain
	choice     view.Form // of the sectors
	mayChange  bool
	mayDelete  bool
}

// chosen reports whether a sector is ticked: as sent, else as stored.
func (p plot) chosen(slug string) bool {
	if p.choice.Failed() {
		for _, s := range p.choice.Values["sector"] {
			if s == slug {
				return true
			}
		}
		return false
	}
	for _, s := range p.Sectors {
		if s.Slug == slug && s.Active {
			return true
		}
	}
	return false
}

func (h handler) site(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showSite(ctx, r, view.Form{}, view.Form{})
}

func (h handler) showSite(ctx context.Context, r *console.Request, form, choice view.Form) (console.Response, error) {
	id, err := console.PathID[igny8.SiteID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	p := plot{form: form, choice: choice, mayChange: may(r, igny8.PermSiteWrite, account.NeedWork), mayDelete: may(r, igny8.PermSiteDelete, account.NeedWork)}
	if p.Site, err = h.Site.Get(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	if p.industries, err = h.Catalog.Industries(ctx); err != nil {
		return console.Response{}, err
	}
	if p.sectors, err = h.Catalog.IndustrySectors(ctx, p.IndustrySlug); err != nil {
		return console.Response{}, err
	}
	if !form.Failed() {
		p.form = view.Filled("name", p.Name, "domain", p.Domain, "industry", p.IndustrySlug)
	}
	res := console.Page(p.Domain, "sites", sitePage(r, p)).Showing(form)
	if choice.Failed() {
		res = res.Showing(choice)
	}
	return res, nil
}

func (h handler) changeSite(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.SiteID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	name, domain, industry := r.Value("name"), r.Value("domain"), r.Value("industry")
	_, err = h.Site.Update(ctx, r.Actor, id, nil, site.Patch{Name: &name, Domain: &domain, Industry: &industry})
	if err == nil {
		return console.SeeOther(r.Here("sites", id.String())).Saying("site_saved"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return h.showSite(ctx, r, f, view.Form{})
	}
	return console.Response{}, err
}

func (h handler) setSectors(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.SiteID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	_, err = h.Site.SetSectors(ctx, r.Actor, id, r.Value("industry"), r.Values()["sector"])
	if err == nil {
		return console.SeeOther(r.Here("sites", id.String())).Saying("site_saved"), nil
	}
	f, ok := r.Refused(ctx, err)
	if !ok && igny8.CodeOf(err) == "limit_reached" {
		f, ok = limited(ctx, r, err), true
	}
	if ok {
		return h.showSite(ctx, r, view.Form{}, f)
	}
	return console.Response{}, err
}

func (h handler) deleteSite(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.SiteID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if err := h.Site.Delete(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("sites")).Saying("site_deleted"), nil
}

func industryOptions(list []catalog.Industry) []view.Option {
	out := make([]view.Option, len(list))
	for i, one := range list {
		out[i] = view.Option{Value: one.Slug, Label: one.Name}
	}
	return out
}
