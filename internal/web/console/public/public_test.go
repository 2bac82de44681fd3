package public_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/billing"
)

func TestPricesInTheVisitorsCurrency(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ path, accept, want string }{
		{"/pricing", "ur-PK,ur;q=0.9", "Rs 24,742"},
		{"/pricing", "de", "€"},
		{"/pricing", "hi", "₹"},
		{"/pricing", "", "$89.00"},
		{"/pricing?country=GB", "ur-PK", "£"},
		{"/pricing?country=FR", "", "$89.00"},
		{"/pricing?country=zz", "en-AU", "A$"},
		{"/?country=PK", "", "Rs 24,742"},
		{"/signup?country=PK&plan=starter", "", "Rs 24,742"},
	} {
		w.fresh()
		w.header.Set("Accept-Language", c.accept)
		if p := w.get(c.path); p.status != 200 || !strings.Contains(p.text(), c.want) {
			t.Errorf("%s for %q: %d, without %q", c.path, c.accept, p.status, c.want)
		}
	}
	w.fresh()
	w.header.Del("Accept-Language")
	w.get("/pricing?country=IN")
	if p := w.get("/"); !strings.Contains(p.text(), "India") {
		t.Error("a country that was chosen is forgotten on the next page")
	}
}

func TestTrialSignupLandsInTheConsole(t *testing.T) {
	w := newWorld(t)
	p := w.signUp("ayesha@example.com", "PK", "free-trial")
	if p.status != 303 || p.to() != "/app/caf-karachi" {
		t.Fatalf("got %d to %q: %s", p.status, p.to(), p.text())
	}
	home := w.get(p.to())
	if home.status != 200 || !strings.Contains(home.text(), "Home of Café Karachi") || !strings.Contains(home.text(), "Welcome.") {
		t.Errorf("thrown out after signup: %d %s", home.status, home.text())
	}
	if again := w.get("/app/caf-karachi"); strings.Contains(again.text(), "Welcome.") {
		t.Error("the message is said twice")
	}
	if other := w.get("/app/somebody-else"); other.status != 404 {
		t.Errorf("another account's address: %d", other.status)
	}
	w.fresh()
	again := w.signUp("ayesha@example.com", "PK", "free-trial")
	if again.status != 409 || !strings.Contains(again.text(), "already") || !strings.Contains(again.body, `href="#f-email"`) {
		t.Errorf("known address: %d %s", again.status, again.text())
	}
}

func TestSignupSaysWhatIsWrongAndKeepsTheRest(t *testing.T) {
	w := newWorld(t)
	p := w.post("/signup", "go", "next", "at", "you", "country", "PK", "plan", "starter", "first_name", "Ayesha", "email", "nonsense")
	if p.status != 422 {
		t.Fatalf("got %d", p.status)
	}
	for _, want := range []string{`id="error-summary"`, `href="#f-last-name"`, `href="#f-email"`, `aria-invalid="true"`, `value="Ayesha"`, `value="nonsense"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if p.hidden("plan") != "starter" || p.hidden("country") != "PK" {
		t.Error("answers of other pages are lost")
	}
	short := w.post("/signup", "go", "create", "at", "check", "country", "PK", "plan", "starter", "first_name", "A", "last_name", "K",
		"email", "a@example.com", "password", "short")
	if short.status != 422 || !strings.Contains(short.body, `href="#f-password"`) || !strings.Contains(short.text(), "Check your answers") {
		t.Errorf("a short password: %d %s", short.status, short.text())
	}
	w.header.Set("Accept-Language", "ur")
	if p := w.get("/signup"); !strings.Contains(p.body, `dir="rtl"`) || !strings.Contains(p.body, "پلان") {
		t.Error("no Urdu")
	}
}

var amount = regexp.MustCompile(`<data class="money" value="([^"]+)"`)

// The amount is the same on every screen, and never zero.
func TestOneAmountFromPriceToInvoice(t *testing.T) {
	w := newWorld(t)
	for _, country := range []string{"US", "GB", "CA", "AU", "IN", "PK", "AE", "DE"} {
		w.fresh()
		prices := amount.FindAllStringSubmatch(w.get("/pricing?country="+country).body, -1)
		p := w.signUp(strings.ToLower(country)+"@example.com", country, "starter")
		if p.status != 303 || !strings.HasPrefix(p.to(), "/pay/") {
			t.Fatalf("%s: %d to %q %s", country, p.status, p.to(), p.text())
		}
		due := amount.FindStringSubmatch(w.get(p.to()).body)
		if len(prices) < 1 || len(due) < 2 || prices[0][1] != due[1] || strings.HasSuffix(due[1], " 0.00") {
			t.Errorf("%s: priced %v, due %v", country, prices, due)
		}
	}
}

func (w *world) invoicePaidBy(link string) billing.Payment {
	w.Helper()
	page, err := w.billing.PayPage(w.Context(), strings.TrimPrefix(link, "/pay/"))
	if err != nil {
		w.Fatal(err)
	}
	list, err := w.billing.Payments(w.Context(), igny8.Actor{Account: page.Invoice.AccountID}, "", igny8.Page{})
	if err != nil || len(list.Items) == 0 {
		w.Fatal("no payment", err)
	}
	return list.Items[0]
}

func TestPayingKeepsFileAndTextAndTurnsIntoTheReceipt(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	p := w.get(link + "?method=raast")
	for _, want := range []string{"Pay Rs 24,742", "Write as reference", "Do not send money", "not set up yet", "by 6 Dec 2026, 17:00 PKT"} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("the pay page does not say %q", want)
		}
	}
	fields := []string{"method", "raast", "payer_name", "Ayesha Khan", "paid_on", "2026-11-22", "amount", "24,742"}

	refused := w.upload(link, picture(t), append(fields, "reference", "")...)
	if refused.status != 422 || !strings.Contains(refused.body, `href="#f-reference"`) || !strings.Contains(refused.body, "receipt.png") ||
		!strings.Contains(refused.body, `value="Ayesha Khan"`) {
		t.Fatalf("a refused form loses something: %d %s", refused.status, refused.text())
	}
	kept := refused.hidden("proof_kept")
	told := w.upload(link, nil, append(fields, "reference", "RA-٢٤٨٧١-7", "proof_kept", kept)...)
	if told.status != 303 || told.to() != link {
		t.Fatalf("got %d: %s", told.status, told.text())
	}
	payment := w.invoicePaidBy(link)
	if len(payment.Proofs) != 1 || payment.AmountMinor != 2474200 || payment.Reference != "RA-24871-7" || payment.PayerName != "Ayesha Khan" {
		t.Errorf("stored %+v", payment)
	}
	waiting := w.get(link)
	if !strings.Contains(waiting.text(), "We are checking your payment") || !strings.Contains(waiting.body, `hx-sse:connect="`+link+`?live=1"`) {
		t.Errorf("while waiting: %s", waiting.text())
	}
	twice := w.upload(link, nil, append(fields, "reference", "RA-2")...)
	if twice.status != 409 || !strings.Contains(twice.text(), "Do not pay again") {
		t.Errorf("a second payment: %d %s", twice.status, twice.text())
	}

	staff, err := w.auth.CreateStaff(t.Context(), "staff@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	actor := igny8.Actor{User: staff.ID, Email: staff.Email, Role: igny8.RoleDeveloper}
	if _, err := w.billing.Approve(t.Context(), actor, payment.ID, billing.Approval{Evidence: "checked_myself", Check: func(billing.Payment, []billing.Warning) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	w.header.Set("HX-Request", "true")
	turned := w.get(link)
	if strings.Contains(turned.body, "<html") || !strings.Contains(turned.text(), "Paid. Thank you.") || strings.Contains(turned.body, "hx-trigger") ||
		!strings.Contains(turned.body, `/app/caf-karachi/sites`) {
		t.Errorf("the open page does not turn into the receipt: %s", turned.body)
	}
	w.header.Set("If-None-Match", turned.header.Get("ETag"))
	if again := w.get(link); again.status != http.StatusNotModified {
		t.Errorf("nothing changed, got %d", again.status)
	}
}

func TestARefusedPaymentSaysWhyAndOffersAnother(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "IN", "starter").to()
	if p := w.post(link, "method", "upi", "reference", "123456789012", "paid_on", "2026-11-22"); p.status != 303 {
		t.Fatal(p.status, p.text())
	}
	payment := w.invoicePaidBy(link)
	staff, err := w.auth.CreateStaff(t.Context(), "staff@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	actor := igny8.Actor{User: staff.ID, Role: igny8.RoleDeveloper, Email: staff.Email}
	_, err = w.billing.Reject(t.Context(), actor, payment.ID, billing.Rejection{Code: "not_received", Reason: "We see no such money yet.",
		Check: func(billing.Payment, []billing.Warning) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	p := w.get(link)
	if !strings.Contains(p.text(), "We see no such money yet.") || !strings.Contains(p.body, `value="123456789012"`) || !strings.Contains(p.text(), "Fix and send again") {
		t.Errorf("got %s", p.text())
	}
}

func TestLoginAndLogout(t *testing.T) {
	w := newWorld(t)
	w.signUp("ayesha@example.com", "PK", "free-trial")
	if _, err := w.auth.CreateStaff(t.Context(), "staff@example.com", password); err != nil {
		t.Fatal(err)
	}
	w.fresh()
	if p := w.get("/app/caf-karachi/work?x=1"); p.status != 303 || p.to() != "/login?next=%2Fapp%2Fcaf-karachi%2Fwork%3Fx%3D1" {
		t.Errorf("a stranger: %d to %q", p.status, p.to())
	}
	if p := w.get("/staff"); p.status != 303 || p.to() != "/staff/login" {
		t.Errorf("a stranger at the staff's door: %d to %q", p.status, p.to())
	}
	wrong := w.post("/login", "email", "ayesha@example.com", "password", "wrong-horse-battery")
	if wrong.status != 401 || !strings.Contains(wrong.body, `value="ayesha@example.com"`) || !strings.Contains(wrong.text(), "is not right") {
		t.Errorf("wrong password: %d %s", wrong.status, wrong.text())
	}
	for next, want := range map[string]string{"/app/caf-karachi/work": "/app/caf-karachi/work", "//evil.example": "/app/caf-karachi",
		"https://evil.example/app/": "/app/caf-karachi", "/app/\\evil": "/app/caf-karachi", "/staff": "/app/caf-karachi"} {
		if p := w.post("/login", "email", "Ayesha@Example.com", "password", password, "next", next); p.status != 303 || p.to() != want {
			t.Errorf("next %q: %d to %q", next, p.status, p.to())
		}
	}
	if p := w.get("/app/caf-karachi/work"); p.status != 200 || p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("logged in: %d %v", p.status, p.header)
	}
	if p := w.get("/staff"); p.to() != "/staff/login" {
		t.Error("a customer's cookie opens the staff's door")
	}
	if p := w.post("/staff/login", "email", "ayesha@example.com", "password", password); p.status != 403 {
		t.Errorf("a customer at the staff's login: %d", p.status)
	}
	if p := w.post("/staff/login", "email", "staff@example.com", "password", password); p.status != 303 || p.to() != "/staff" || w.get("/staff").status != 200 {
		t.Errorf("staff: %d to %q", p.status, p.to())
	}
	if p := w.post("/logout"); p.status != 303 || w.get("/app/caf-karachi").status != 303 || w.get("/staff").status != 200 {
		t.Error("a customer's logout must end the customer's session, and no other")
	}
}

func TestFormsFromOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.header.Set("Sec-Fetch-Site", "cross-site")
	p := w.post("/login", "email", "ayesha@example.com", "password", password)
	if p.status != 403 || !strings.Contains(p.text(), "another site") {
		t.Errorf("got %d %s", p.status, p.text())
	}
	if p := w.get("/pricing"); p.status != 200 {
		t.Errorf("links from other sites must work: %d", p.status)
	}
}

func TestErrorsArePagesForPeople(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{"/nothing": 404, "/pay/nonsense": 404, "/app/": 303, "/static/nothing.css": 404} {
		p := w.get(path)
		if p.status != want {
			t.Errorf("%s: %d", path, p.status)
		}
		if want == 404 && (!strings.Contains(p.text(), "There is nothing here") || !strings.Contains(p.body, p.header.Get("X-Request-Id"))) {
			t.Errorf("%s: no help on %s", path, p.text())
		}
	}
	if p := w.get("/verify/nonsense"); p.status != 200 || w.post("/verify/nonsense").status != 422 {
		t.Errorf("a bad verification link: %d", p.status)
	}
	if p := w.do("POST", "/login", "text/plain", strings.NewReader("x")); p.status != 400 {
		t.Errorf("a form that is none: %d", p.status)
	}
	if p := w.do("POST", "/pricing", "", nil); p.status != 405 || !strings.Contains(p.text(), "This address is for forms") {
		t.Errorf("POST to a page: %d %s", p.status, p.text())
	}
	if p := w.get("/dev/components"); p.status != 200 {
		t.Errorf("components: %d", p.status)
	}
}

// Hostile text in every field a customer can write runs nowhere.
func TestHostileText(t *testing.T) {
	w := newWorld(t)
	const evil = `"><script>alert(1)</script>`
	p := w.post("/signup", "go", "next", "at", "business", "country", "PK", "plan", evil, "cycle", evil, "first_name", evil, "last_name", evil,
		"email", evil, "account_name", evil, "tax_id", evil, "line1", evil, "city", evil)
	if strings.Contains(p.body, "<script>alert") {
		t.Error("signup lets markup through")
	}
	for _, path := range []string{"/login?next=" + "%22%3E%3Cscript%3Ealert(1)", "/pricing?country=%3Cscript%3Ealert(1)&lang=%22%3E%3Cscript%3Ealert(1)"} {
		if p := w.get(path); strings.Contains(p.body, "<script>alert") {
			t.Errorf("%s lets markup through", path)
		}
	}
}
