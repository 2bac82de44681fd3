package public

import (
	"context"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/catalog"
	"igny8/internal/signup"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// The four pages of signing up, in order. Answers travel in hidden fields, and
// nothing is stored before the last page is sent; the password is asked for there
// and never written into a page.
const (
	pagePlan     = "plan"
	pageYou      = "you"
	pageBusiness = "business"
	pageCheck    = "check"
)

func signupPages() []string { return []string{pagePlan, pageYou, pageBusiness, pageCheck} }

// fields lists what each page asks for.
func fields(page string) []string {
	switch page {
	case pagePlan:
		return []string{"country", "plan", "cycle"}
	case pageYou:
		return []string{"first_name", "last_name", "email"}
	case pageBusiness:
		return []string{"account_name", "tax_id", "line1", "city", "postal_code"}
	}
	return nil
}

// carried lists the fields of all other pages, which travel along hidden.
func carried(page string) []string {
	var out []string
	for _, other := range signupPages() {
		if other != page {
			out = append(out, fields(other)...)
		}
	}
	return out
}

// draft is one page of signing up.
type draft struct {
	Page   string
	Form   view.Form
	Market market
}

func (h handler) signupStart(ctx context.Context, r *console.Request) (console.Response, error) {
	f := r.Form()
	f.Values.Set("country", country(r))
	return h.showSignup(ctx, r, pagePlan, f)
}

func (h handler) showSignup(ctx context.Context, r *console.Request, page string, f view.Form) (console.Response, error) {
	m, err := h.market(ctx, country(r), f.Value("cycle"))
	if err != nil {
		return console.Response{}, err
	}
	if _, ok := m.plan(f.Value("plan")); !ok && len(m.Plans) > 0 {
		f.Values.Set("plan", m.Plans[0].Slug)
	}
	if f.Value("cycle") == "" {
		f.Values.Set("cycle", catalog.Monthly)
	}
	title := text.T(ctx, "signup."+page)
	return console.Page(title, "signup", signupPage(draft{page, f, m})).Showing(f).Plain(), nil
}

// signupStep takes one page's answers and shows the next, the one before, or the
// one whose answers shall change.
func (h handler) signupStep(ctx context.Context, r *console.Request) (console.Response, error) {
	at, to := r.Value("at"), r.Value("go")
	f := r.Form()
	switch to {
	case pagePlan, pageYou, pageBusiness: // back, or Change
		return h.showSignup(ctx, r, to, f)
	case "prices":
		return h.showSignup(ctx, r, pagePlan, f)
	case "create":
		return h.create(ctx, r)
	}
	if err := checkPage(at, r); err != nil {
		f, _ = r.Refused(ctx, err)
		return h.showSignup(ctx, r, at, f)
	}
	return h.showSignup(ctx, r, after(at), f)
}

// after is the page that follows.
func after(page string) string {
	all := signupPages()
	for i, p := range all[:len(all)-1] {
		if p == page {
			return all[i+1]
		}
	}
	return pagePlan
}

// checkPage says early what the service would refuse at the end.
func checkPage(page string, r *console.Request) error {
	var failed *igny8.Error
	add := func(field, code, detail string) {
		if failed == nil {
			failed = igny8.InvalidField(field, code, detail)
		} else {
			failed = failed.WithField(field, code, detail)
		}
	}
	switch page {
	case pagePlan:
		return catalog.CheckCountry(r.Value("country"))
	case pageYou:
		if r.Value("first_name") == "" {
			add("first_name", "first_name_required", "Give your first name.")
		}
		if r.Value("last_name") == "" {
			add("last_name", "last_name_required", "Give your last name.")
		}
		if _, err := auth.ParseEmail("email", r.Value("email")); err != nil {
			add("email", "invalid_email", "Give one e-mail address, such as name@example.com.")
		}
	}
	if failed == nil {
		return nil
	}
	return failed
}

// create signs the customer up with what all pages said, and logs them in.
func (h handler) create(ctx context.Context, r *console.Request) (console.Response, error) {
	form := signup.Form{Language: string(r.Lang()), Email: r.Value("email"), Password: r.Raw("password"), FirstName: r.Value("first_name"), LastName: r.Value("last_name"),
		Country: r.Value("country"), AccountName: r.Value("account_name"), Plan: r.Value("plan"), Cycle: r.Value("cycle"),
		Billing: account.Billing{Line1: r.Value("line1"), City: r.Value("city"), PostalCode: r.Value("postal_code"), TaxID: r.Value("tax_id")},
		Device:  r.Device(ctx, false)}
	out, err := h.Signup.Register(ctx, form)
	if err != nil {
		f, ok := r.Refused(ctx, err)
		if !ok {
			return console.Response{}, err
		}
		return h.showSignup(ctx, r, pageCheck, f)
	}
	next := ""
	if out.Invoice != nil {
		next = "/pay/" + h.Billing.PayToken(*out.Invoice)
	}
	res, err := r.Enter(ctx, out.Tokens.Access, next)
	if err != nil {
		return res, err
	}
	return res.Saying("welcome"), nil
}

// taxID is what the tax number of a business is called in a country.
func taxID(code string) string {
	switch code {
	case "PK":
		return "NTN / STRN"
	case "IN":
		return "GSTIN"
	case "AE", "SA", "OM", "BH":
		return "TRN"
	case "AU":
		return "ABN"
	case "US":
		return "EIN"
	case "CA":
		return "GST/HST"
	}
	return "VAT"
}

// pays is the sentence that says what is paid when, "" for a free trial.
func pays(ctx context.Context, m market, slug string) string {
	p, ok := m.plan(slug)
	if !ok || p.Trial {
		return text.N(ctx, "signup.free", p.TrialDays)
	}
	price, cycle := m.shown(p)
	return text.T(ctx, "signup.pays."+cycle, view.FormatMoney(ctx, price.Money)) + " " + text.T(ctx, "signup.first", methodNames(m))
}

func fullName(f view.Form) string {
	return strings.TrimSpace(f.Value("first_name") + " " + f.Value("last_name"))
}

func accountName(f view.Form) string {
	if name := f.Value("account_name"); name != "" {
		return name
	}
	return fullName(f)
}

func address(f view.Form) string {
	var parts []string
	for _, name := range []string{"line1", "city", "postal_code"} {
		if v := f.Value(name); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

// signupDefault is what the page's main button does.
func signupDefault(page string) string {
	if page == pageCheck {
		return "create"
	}
	return "next"
}

// before is the page that comes before, "" for the first.
func before(page string) string {
	all := signupPages()
	for i, p := range all[1:] {
		if p == page {
			return all[i]
		}
	}
	return ""
}

func planSummary(ctx context.Context, p catalog.PlanCard) string {
	return text.T(ctx, creditsKey(p), view.FormatNumber(ctx, p.IncludedCredits)) + " · " + limit(ctx, "plan.sites", p.MaxSites)
}
