package api

import (
	"html/template"
	"net/http"

	"igny8"
	"igny8/internal/web"
)

// ErrorCode explains one code of a problem document; its page is the problem's
// type.
type ErrorCode struct {
	Code   string
	Status int // the usual one
	Means  string
	Do     string
}

// ErrorCodes returns every code that a problem document can have, in the order of
// their status. A test compares it with the program's sources.
func ErrorCodes() []ErrorCode {
	return []ErrorCode{
		{"malformed_json", 400, "The body is not one JSON document.", "Check its syntax, that no member is named twice and that nothing follows it."},
		{"malformed_form", 400, "The form cannot be read as multipart/form-data.", "Let your HTTP library write the form and its boundary."},
		{"malformed_query", 400, "The query cannot be read.", "Percent-encode the values."},
		{"body_required", 400, "The route needs a body and none came.", "Send a JSON object."},
		{"body_unreadable", 400, "The body ended before its announced length.", "Send the request again."},
		{"bad_cursor", 400, "The cursor is not one of this list, or the filters changed.", "Begin again without a cursor and keep the filters while you go on."},
		{"idempotency_key_required", 400, "The route moves money and the request has no Idempotency-Key.", "Send a random key, and the same one when you try again."},
		{"idempotency_key_invalid", 400, "The Idempotency-Key is empty, too long, sent twice or not visible ASCII.", "Send one key of 1 to 255 visible ASCII characters."},

		{"unauthenticated", 401, "The request carries no credential, or not as a bearer token.", "Log in, and send the access token as Authorization: Bearer."},
		{"login_required", 401, "The page is for people who are logged in; with 409, the invitation is for somebody who has a login.", "Log in and come back to it. Who has none yet opens the letter's link."},
		{"invalid_token", 401, "The token is not valid, has expired, or its session has ended.", "Refresh it once; if that fails too, log in again."},
		{"invalid_credentials", 401, "E-mail address or password is not right. It is not told which.", "Check both, or reset the password."},
		{"totp_required", 401, "The password is right, and the login has a second factor.", "Send the same request with a code of the authenticator app, or a recovery code, as totp."},
		{"invalid_totp", 401, "The code is not right, or was used already.", "Wait for the app's next code, or use a recovery code."},
		{"invalid_passkey", 401, "The passkey is not known, or its answer is wrong, was used, or came too late.", "Begin again, or log in with the password."},
		{"login_expired", 401, "The login's second page came too late, or after too many tries.", "Begin again with the password."},
		{"token_reused", 401, "A refresh token was used a second time, which can mean that it was stolen. The session was ended.", "Log in again, and store the new refresh token of every refresh."},

		{"payment_required", 402, "No paid plan is running: the first payment has not been approved yet.", "Pay the open invoice and tell of the payment; everything opens when staff approve it."},
		{"subscription_expired", 402, "The subscription or the trial is over.", "Choose a plan and pay. Until then everything can be read and exported."},
		{"account_cancelled", 402, "The account was cancelled.", "Choose a plan and pay to open it again."},
		{"insufficient_credits", 402, "The operation costs more credits than are available; needed and available tell how many.", "Buy credits, wait for the next period, or do less at once."},

		{"forbidden", 403, "Your role does not allow this. For an API key: it lacks a scope, which required_scope names.", "Ask an owner or admin of the account, or make a key with that scope, as far as keys can have it."},
		{"cross_origin", 403, "A form was sent from another site.", "Open the page here and send the form again."},
		{"second_factor_required", 403, "Staff need a second factor on this server, and you have none.", "Set one up at /staff/security, or with POST /api/v1/me/totp."},
		{"other_door", 403, "Staff log in at /staff/login, customers at /login.", "Use the other page."},
		{"account_suspended", 403, "Staff have suspended the account; reason tells why.", "With the reason payment, pay what is due. Otherwise write to support."},
		{"limit_reached", 403, "The plan allows no more of these; limit, allowed, used and plan tell the details.", "Remove one, or choose a larger plan."},
		{"email_unverified", 403, "Nobody has proved an address yet: this needs it, as do more than 50 credits in all.", "Open the link in the letter, or ask for a new one at /api/v1/auth/email/resend."},
		{"wrong_network", 403, "The API key is not taken from this address.", "Call from one of the key's networks, or make a key for this one."},
		{"no_account", 403, "You belong to no account any more.", "Ask to be invited, or sign up."},
		{"wrong_site", 403, "The site is none of those that you are limited to.", "Ask an owner or admin of the account."},
		{"role_not_grantable", 403, "The role is not yours to give or to take.", "Ask an owner. Nobody raises themselves."},
		{"invite_email_mismatch", 403, "The invitation is for another e-mail address.", "Log in with that address, or ask for an invitation of yours."},
		{"staff_looking", 403, "Staff who look into an account may read; this needs more.", "Do it as staff, or look in again with write for what that allows."},
		{"operator_only", 403, "The person is platform staff, whose second factor only the operator takes away.", "On the server, run igny8 staff reset-second-factor --email with their address."},
		{"second_approver_not_independent", 403, "One of the two members of staff made, enabled or changed the other's login, so they count as one person.", "Let somebody else confirm it. Logins that the operator makes with igny8 staff create are nobody's making."},
		{"second_approver_too_new", 403, "The login of the second person is younger than a day, or was changed within it; from tells from when on it counts.", "Wait until then, or let somebody else confirm it."},
		{"approver_changed", 403, "Whoever approved may not approve any more. It is told in the audit log of the account.", "Somebody else decides the payment."},
		{"self_approval", 403, "You belong to the account that this is about.", "Another member of staff must decide or do it."},

		{"not_found", 404, "There is no such object, or it is another account's; the two look alike on purpose.", "Check the id, and which account the token is for."},
		{"setup_link_invalid", 404, "The link that makes the first staff user was used, is too old, or never was.", "Restart the server for a new one, or run igny8 staff create."},
		{"unknown_package", 404, "There is no such credit package.", "List them at /api/v1/credit-packages."},
		{"method_not_allowed", 405, "The address exists, but not with this method.", "See the Allow header."},

		{"invalid_transition", 409, "The object's state does not allow this; current names the state, and decided_by and decided_at who brought it there.", "Read the object again and decide from there."},
		{"approval_held", 409, "Somebody approved this payment on the pages a moment ago; decided_by says who, and effective_at when it takes effect. Until then it can be undone.", "Wait until then, or undo the approval on the staff pages and decide otherwise."},
		{"credits_below_zero", 409, "Staff would take more credits than are available; available tells how many.", "Take fewer."},
		{"money_underway", 409, "A payment waits for a decision, an invoice is paid in part, or a paid period has not begun, so no plan can be given.", "Decide the payment or settle the invoice first."},
		{"last_admin", 409, "Nobody else of staff could manage staff after this.", "Give another staff user the permission platform first."},
		{"already_exists", 409, "Something with this value exists already.", "Use the one that is there, or another value."},
		{"email_taken", 409, "There is a user with this e-mail address already.", "Log in, or reset the password."},
		{"email_unavailable", 409, "The address cannot be used.", "Ask for the change again, or choose another address."},
		{"no_second_factor", 409, "The login has no second factor.", "Set one up first. For staff who meant to take one away: the password alone lets the person in."},
		{"passkeys_unavailable", 409, "The server's public address is a number, and passkeys need a name.", "Use an authenticator app, or give the server a name in IGNY8_PUBLIC_URL."},
		{"domain_taken", 409, "The account has a site with this domain already.", "Use that site."},
		{"last_owner", 409, "This is the account's only owner.", "Make somebody else an owner first, or hand the ownership over."},
		{"already_member", 409, "This person belongs to the account.", "Change their role instead."},
		{"already_invited", 409, "This person has an open invitation.", "Send it again, or revoke it first."},
		{"trial_already_used", 409, "This person has had a free trial.", "Choose a paid plan."},
		{"invoice_not_payable", 409, "The invoice is not open for payment; current names its status.", "Read the invoice again."},
		{"payment_already_pending", 409, "A payment of this invoice waits for a decision; payment names it.", "Wait for the decision, or withdraw it and send the right one."},
		{"payment_waiting", 409, "A payment of the account waits for a decision.", "Wait for it, or withdraw it, then close the account."},
		{"account_closed", 409, "The account is closed already.", "Open it again at /api/v1/account/reopen, within 30 days."},
		{"account_open", 409, "The account is not closed, or its 30 days are over.", "Read it again to see where it stands."},
		{"quote_expired", 409, "The quote's 24 hours are over.", "Ask for a new one."},
		{"claimed", 409, "A colleague has this payment open; claimed_by and claimed_until tell who and until when.", "Take the next one, or wait."},
		{"warnings_not_overridden", 409, "There are warnings that stop approval; warnings names them.", "Look into each, then name it in override_warnings."},
		{"second_approver_required", 409, "You gave the first of two approvals.", "Another member of staff must confirm it."},
		{"idempotency_in_progress", 409, "The first request with this Idempotency-Key is still being worked on.", "Ask again after Retry-After."},

		{"stale", 412, "The object changed since the ETag that If-Match names.", "Read it again and decide from there."},
		{"body_too_large", 413, "The body is larger than the route takes.", "Send less at once."},
		{"file_too_large", 413, "A file is larger than 8 MB.", "Send a smaller scan or picture."},
		{"too_many_files", 413, "More than five files were sent.", "Send the most telling ones."},
		{"too_many_parts", 413, "The form has too many parts.", "Send the documented fields only."},
		{"unsupported_media_type", 415, "The body is of a media type that the route does not take.", "Send application/json in UTF-8, or a form where files are taken."},
		{"unsupported_encoding", 415, "The body is compressed, as Content-Encoding says.", "Send it as it is. Answers can be compressed: send Accept-Encoding: gzip."},
		{"unsupported_type", 415, "The file is no JPEG, PNG or PDF that opens without errors; its content decides, not its name.", "Save it as one of these and send it again."},
		{"image_too_large", 415, "The picture needs more than 160 MiB of memory to be opened (width × height × bytes of a pixel).", "Make it smaller, or send a screenshot of it. A photo of 50 million pixels is taken."},
		{"pdf_active", 415, "The PDF holds scripts, actions, attached files or a form of XFA.", "Print it to a new PDF, or send a picture of it."},
		{"pdf_password", 415, "The PDF needs a password to open. One that others may open, but not change, is taken.", "Save it without a password, or send a screenshot of it."},
		{"file_too_complex", 415, "Opening the file takes more than 10 seconds or 256 MiB of memory.", "Send a screenshot of it, or print it to a new PDF."},
		{"file_heic", 415, "The file is a HEIC picture.", "Set the phone's camera to Most Compatible, or send a screenshot."},
		{"file_avif", 415, "The file is an AVIF picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_webp", 415, "The file is a WebP picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_gif", 415, "The file is a GIF picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_tiff", 415, "The file is a TIFF picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_bmp", 415, "The file is a BMP picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_svg", 415, "The file is an SVG picture.", "Save it as a PNG or JPEG, or send a screenshot."},
		{"file_office", 415, "The file is an office document.", "Save it as a PDF, or send a screenshot."},
		{"file_html", 415, "The file is a web page.", "Save it as a PDF, or send a screenshot."},
		{"file_email", 415, "The file is an e-mail.", "Save it as a PDF, or send a screenshot."},
		{"file_archive", 415, "The file is an archive.", "Unpack it, and send the picture or PDF that is in it."},
		{"file_video", 415, "The file is a film.", "Send a screenshot of it."},

		{"wrong_host", 421, "The request is for a name that this server is not reached by.", "Use the server's own address. Whoever runs it sets IGNY8_PUBLIC_URL, and lets the proxy pass the Host header on."},

		{"validation_failed", 422, "Some members are missing or not valid; errors names each with a JSON pointer.", "Correct what errors names."},
		{"file_gone", 422, "A file that was kept while a form was mended is not kept any more.", "Choose it again."},
		{"unknown_field", 422, "The body has members that the route does not know.", "Check their spelling and case, or leave them out. What is not listed cannot be set."},
		{"unknown_parameter", 422, "The query has parameters that the route does not know.", "Check their spelling, or leave them out."},
		{"idempotency_mismatch", 422, "The Idempotency-Key was used for a different request.", "Use a new key for a new request."},
		{"unknown_country", 422, "The country is no code of ISO 3166-1.", "Send two capitals, such as PK."},
		{"unknown_plan", 422, "There is no such plan on sale.", "List them at /api/v1/plans."},
		{"unknown_cycle", 422, "The plan is not sold for this cycle.", "Use one that the plan lists."},
		{"unknown_quote", 422, "There is no such quote.", "Ask for a new one at /api/v1/quotes."},
		{"unknown_payment_method", 422, "The payment method is not offered in the account's country.", "List them at /api/v1/payment-methods."},
		{"unknown_operation", 422, "There is no such operation.", "List them at /api/v1/credit-costs."},
		{"unknown_industry", 422, "There is no such industry.", "List them at /api/v1/industries."},
		{"unknown_sector", 422, "A sector is not one of this industry, or no longer offered.", "List them at /api/v1/industries/{slug}/sectors."},
		{"invalid_quantity", 422, "The quantity is not a whole number within bounds.", "Send a whole number from 1 to 1000000."},
		{"currency_mismatch", 422, "The currency is not the invoice's.", "Leave it out, or send the invoice's."},
		{"file_empty", 422, "The file has no content.", "Choose it again and send it once more."},
		{"link_invalid", 422, "The link of a letter was used, is too old or not ours.", "Ask for a new one."},

		{"upload_limit", 429, "A pay link or account may send 30 forms with files an hour, a network 120.", "Wait as Retry-After says."},
		{"rate_limited", 429, "Too many requests came from this account or address.", "Wait as Retry-After says; the RateLimit headers tell what is left."},
		{"too_many_attempts", 429, "Too many tries to log in or sign up.", "Wait as Retry-After says."},

		{"internal", 500, "Something went wrong on our side. It is in our log under the request id.", "Try again, with the same Idempotency-Key; give support the request id if it stays."},
		{"busy", 503, "The server has too much to do at this moment; nothing was changed.", "Try again after Retry-After."},
		{"too_many_streams", 503, "More live pages are open than one server holds.", "The page asks every few seconds instead; nothing is to be done."},
		{"cancelled", 503, "The request took too long or was given up; nothing was changed.", "Try again."},
		{"outcome_unknown", 503, "The database's answer was lost, so it is not known whether this was done.", "Send the same request with the same Idempotency-Key: it is done once."},
		{"database_unavailable", 503, "The database does not answer; nothing was changed.", "Try again after Retry-After."},
		{"storage_full", 503, "The server's disk is full; nothing was changed.", "Try again later."},
		{"storage_unavailable", 503, "The server's disk or its store of files does not work at this moment; nothing was saved.", "Try again in a minute."},
		{"too_many_uploads", 503, "Too many files are being sent or looked at on this server, or by you.", "Send it again after Retry-After."},
		{"price_unavailable", 503, "There is no exchange rate for this currency at the moment.", "Try again later."},
		{"trial_unavailable", 503, "There is no free trial at the moment.", "Choose a plan, or try again later."},
		{"not_ready", 503, "The server cannot serve at the moment.", "Try again shortly."},
	}
}

// FieldCodes are the codes that a member of errors can have.
func FieldCodes() []string {
	return []string{"currency_mismatch", "differs_from_first", "domain_taken", "ip_address", "local_name", "port_not_allowed", "public_suffix", "email_taken", "free_operation", "gateway_method", "invalid",
		"invalid_amount", "invalid_code", "invalid_date", "invalid_domain", "invalid_email", "control_character", "invalid_id", "invalid_network", "invalid_text", "not_null", "one_line", "invalid_passkey",
		"invalid_quantity", "invalid_reference", "invalid_type", "not_confirmed", "one_of", "out_of_range", "owner_already",
		"password_contains_email", "password_not_text", "password_too_common", "password_too_long", "password_too_short", "quote_differs",
		"reference_too_long", "reference_too_short", "required", "same_email", "sites_not_for_role", "too_long", "too_many_files",
		"unknown_country", "unknown_cycle", "unknown_field", "unknown_industry", "unknown_operation", "unknown_parameter", "unknown_payment_method",
		"unknown_permission", "unknown_plan", "unknown_quote", "unknown_reason", "unknown_reason_code", "unknown_scope", "unknown_sector",
		"unknown_site", "unknown_status", "unknown_time_zone", "wrong_password"}
}

const errorsHTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{with .One}}{{.Code}}{{else}}Errors{{end}} – igny8</title>
<link rel="stylesheet" href="/docs/api/style.css">
</head>
<body class="plain">
<main>
{{- with .One}}
<p><a href="/docs/errors">All errors</a></p>
<h1>{{.Code}}</h1>
<p class="lead">HTTP status {{.Status}}</p>
<h2>What it means</h2>
<p>{{.Means}}</p>
<h2>What to do</h2>
<p>{{.Do}}</p>
{{- else}}
<h1>Errors</h1>
<p class="lead">Every error is a problem document (RFC 9457) with one of these codes.</p>
<ul class="links">
{{- range .All}}
<li><a href="/docs/errors/{{.Code}}">{{.Code}}</a> ({{.Status}}): {{.Means}}</li>
{{- end}}
</ul>
{{- end}}
</main>
</body>
</html>
`

type errorsPage struct {
	One *ErrorCode
	All []ErrorCode
}

// errorPages adds a page for each code and one with all of them.
func (a *API) errorPages() {
	t, all := template.Must(template.New("errors").Parse(errorsHTML)), ErrorCodes()
	send := func(w http.ResponseWriter, r *http.Request, p errorsPage) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := t.Execute(w, p); err != nil {
			web.ProblemFor(r.Context(), err) // logs it
		}
	}
	a.mux.HandleFunc("GET /docs/errors", func(w http.ResponseWriter, r *http.Request) { send(w, r, errorsPage{All: all}) })
	a.mux.HandleFunc("GET /docs/errors/{code}", func(w http.ResponseWriter, r *http.Request) {
		for _, c := range all {
			if c.Code == r.PathValue("code") {
				send(w, r, errorsPage{One: &c})
				return
			}
		}
		web.WriteError(w, r, igny8.ErrNotFound)
	})
}
