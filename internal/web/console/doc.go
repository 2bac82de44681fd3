// Package console is the frame of the pages that people use.
//
// It owns: who is logged in (cookies over auth's console tokens), the choice of
// language, reading forms and uploads, refusing forms with everything kept, pages
// of errors, static files, and the protection against other sites. It has no rule
// of the domain: handlers call the services that the API calls, once each.
//
// It does not own: pages (see console/public, console/customer, console/staff),
// looks and components (console/view; all of them at /dev/components), words
// (console/text), security headers and request ids (web).
//
// # A page in ten lines
//
// In console/customer (or staff, public), a handler and a template:
//
//	c.Customer("GET /app/{account}/sites", igny8.PermRead, account.NeedRead, h.sites)
//
//	func (h handler) sites(ctx context.Context, r *console.Request) (console.Response, error) {
//		list, err := h.site.Sites(ctx, r.Actor, r.ListPage())
//		if err != nil {
//			return console.Response{}, err
//		}
//		return console.Page(text.T(ctx, "sites.title"), "sites", sitesPage(list)), nil
//	}
//
//	templ sitesPage(list igny8.List[site.Site]) {
//		@view.PageHeader(text.T(ctx, "sites.title"), "")
//		…
//	}
//
// A form posts to an address of its own and answers 303, or itself again with 422:
//
//	func (h handler) addSite(ctx context.Context, r *console.Request) (console.Response, error) {
//		_, err := h.site.Create(ctx, r.Actor, r.Value("domain"))
//		if f, ok := r.Refused(ctx, err); ok && err != nil {
//			return console.Page(title, "sites", addPage(f)).Showing(f), nil
//		}
//		if err != nil {
//			return console.Response{}, err
//		}
//		return console.SeeOther(r.Here("sites")).Saying("saved"), nil
//	}
//
//	<form method="post" action={ templ.SafeURL(here) } novalidate>
//		@view.ErrorSummary(f)
//		@view.Field(f, view.FieldProps{Name: "domain", Label: …, Machine: true})
//		@view.Submit(text.T(ctx, "form.continue"))
//	</form>
//
// Names of fields are the last part of the service's pointers ("#/paid_on" is
// paid_on); Form.Rename and Form.Blame mend what differs. Uploads:
// enctype="multipart/form-data", view.FileUpload, Request.Files. Words go into
// text/en.json; `make generate` writes *_templ.go, which is committed. Navigation:
// Console.Nav. Parts for htmx: Fragment, with Polled for lists that poll.
package console
