package app

import (
	"igny8/internal/web/api"
)

// bodies are valid requests.
var bodies = map[string]func(w *world, o *tenant) string{
	"register": func(*world, *tenant) string { return form(newEmail(), starter) },
	"login":    func(_ *world, o *tenant) string { return `{"email":"` + o.email + `","password":"` + password + `"}` },
	"refresh":  func(_ *world, o *tenant) string { return `{"refresh":"` + o.signup.text("tokens/refresh") + `"}` },
	"logout": func(w *world, _ *tenant) string {
		return `{"refresh":"` + w.signUp(starter).signup.text("tokens/refresh") + `"}`
	},
	"verifyEmail":        unknownToken,
	"confirmEmailChange": unknownToken,
	"undoEmailChange":    unknownToken,
	"resetPassword": func(*world, *tenant) string {
		return `{"token":"igny8_reset_unknown","password":"quiet-otter-paints-31"}`
	},
	"resendVerification": func(_ *world, o *tenant) string { return `{"email":"` + o.email + `"}` },
	"forgotPassword":     func(_ *world, o *tenant) string { return `{"email":"` + o.email + `"}` },
	"changePassword": func(*world, *tenant) string {
		return `{"password":"not-the-password-1","new_password":"quiet-otter-paints-31"}`
	},
	"changeEmail":      func(*world, *tenant) string { return `{"email":"new@example.com","password":"not-the-password-1"}` },
	"loginWithPasskey": func(*world, *tenant) string { return `{"token":"igny8_login_unknown","credential":{}}` },
	"startTotp":        wrongPassword, "newRecoveryCodes": wrongPassword, "startPasskey": wrongPassword, "removePasskey": wrongPassword,
	"confirmTotp":         func(*world, *tenant) string { return `{"code":"000000"}` },
	"disableTotp":         func(*world, *tenant) string { return `{"password":"not-the-password-1","code":"000000"}` },
	"addPasskey":          func(*world, *tenant) string { return `{"token":"igny8_login_unknown","name":"Phone","credential":{}}` },
	"createQuote":         func(*world, *tenant) string { return `{"plan":"starter","cycle":"monthly","country":"PK"}` },
	"submitPayment":       func(*world, *tenant) string { return submission("") },
	"submitPaymentByLink": func(*world, *tenant) string { return submission("") },
	"closeAccount":        func(*world, *tenant) string { return `{"password":"not-the-password-1"}` },
	"createAPIKey":        func(*world, *tenant) string { return `{"name":"Plugin"}` },
	"createStaffAPIKey":   func(*world, *tenant) string { return `{"name":"Bank","password":"` + password + `"}` },
	"createSiteAPIKey":    func(*world, *tenant) string { return `{"name":"Plugin"}` },
	"rotateAPIKey":        func(*world, *tenant) string { return `{"overlap_hours":1}` },
	"updateAccount":       func(*world, *tenant) string { return `{"name":"Khan Traders"}` },
	"spendCredits":        func(_ *world, o *tenant) string { return `{"credits":1,"site":"` + o.site + `"}` },
	"updateMember":        func(*world, *tenant) string { return `{"role":"viewer"}` },
	"createInvitation":    func(*world, *tenant) string { return invitation() },
	"offerOwnership": func(_ *world, o *tenant) string {
		return `{"member":"` + o.member + `","password":"not-the-password-1"}`
	},
	"acceptOwnership":     unknownToken,
	"switchAccount":       func(_ *world, o *tenant) string { return `{"account":"` + o.account + `"}` },
	"createSite":          func(*world, *tenant) string { return siteForm() },
	"updateMe":            func(*world, *tenant) string { return `{"number_style":"latin"}` },
	"updateSite":          func(*world, *tenant) string { return `{"name":"Another name"}` },
	"setSiteSectors":      func(*world, *tenant) string { return `{"industry":"fitness-and-sport","sectors":["running"]}` },
	"approvePayment":      func(*world, *tenant) string { return `{"evidence":"statement"}` },
	"rejectPayment":       func(*world, *tenant) string { return `{"reason_code":"other","reason":"No such transfer"}` },
	"bulkApprovePayments": func(_ *world, o *tenant) string { return `{"payments":["` + o.paid + `"]}` },
	"createStaff":         func(*world, *tenant) string { return newClerk() },
	"updateStaff":         func(*world, *tenant) string { return `{"permissions":["platform.payments"]}` },
	"suspendAccount":      func(*world, *tenant) string { return suspension },
	"reinstateAccount":    func(*world, *tenant) string { return `{"note":"it was a mistake"}` },
	"impersonateAccount":  func(*world, *tenant) string { return `{"reason":"they asked for help"}` },
	"extendTrial":         func(*world, *tenant) string { return `{"days":7,"note":"they were ill"}` },
	"adjustCredits":       func(*world, *tenant) string { return `{"credits":5,"note":"for the outage"}` },
	"resetSecondFactor":   func(*world, *tenant) string { return lostPhone },
	"assignPlan":          func(*world, *tenant) string { return `{"plan":"enterprise","cycle":"monthly","note":"by contract"}` },
	"claimPayment":        func(*world, *tenant) string { return "{}" },
	"withdrawPayment":     func(*world, *tenant) string { return "{}" },
}

func wrongPassword(*world, *tenant) string { return `{"password":"not-the-password-1"}` }

func unknownToken(*world, *tenant) string { return `{"token":"igny8_verify_unknown"}` }

func bodyOf(w *world, rt api.Route, o *tenant) string {
	if f := bodies[rt.ID]; f != nil {
		return f(w, o)
	}
	return ""
}
