package billing_test

import (
	"context"
	"testing"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/mail"
)

// What staff see before they refuse is what the customer gets.
func TestTheLetterShownIsTheLetterSent(t *testing.T) {
	inOffice(t, func(o office) {
		for _, lang := range []string{"en", "ur", "ar"} {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			err := o.d.System(o.Context(), "test", igny8.Platform, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE app_user SET language = $1 WHERE id = $2", lang, owner.User)
				return err
			})
			if err != nil {
				o.Fatal(err)
			}
			p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
			seen, err := o.s.StaffPayment(o.Context(), p.ID)
			if err != nil {
				o.Fatal(err)
			}
			shown, err := o.s.PreviewRejection(o.Context(), seen, "  Nothing arrived; look again.\n")
			if err != nil || shown.Lang != lang {
				o.Fatalf("preview: %+v, %v", shown, err)
			}
			if n := o.count(owner.Account, "SELECT count(*) FROM mail_message WHERE account_id = $1 AND template = 'payment_rejected'"); n != 0 {
				o.Errorf("looking at the letter sent %d", n)
			}
			if _, err := o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "other", Reason: "  Nothing arrived; look again.\n"}); err != nil {
				o.Fatal(err)
			}
			var m mail.Message
			err = o.d.Read(o.Context(), owner.Account, func(ctx context.Context, tx *db.Tx) error {
				return tx.QueryRowContext(ctx, "SELECT recipient, subject, body_text, body_html FROM mail_message WHERE account_id = $1 AND template = 'payment_rejected'",
					owner.Account).Scan(&m.Recipient, &m.Subject, &m.BodyText, &m.BodyHtml)
			})
			if sent := (mail.Preview{Lang: lang, To: m.Recipient, Subject: m.Subject, Plain: m.BodyText, HTML: m.BodyHtml}); err != nil || sent != shown {
				o.Errorf("%s: sent %+v\nshown %+v, %v", lang, sent, shown, err)
			}
		}
	})
}
