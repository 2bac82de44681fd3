package billing_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// picture is a small receipt, another for each shade.
func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	m.SetGray(0, 0, color.Gray{Y: shade})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The queue reads proofs, lines and warnings of a page at once; each must come to
// the payment it belongs to, and one payment by itself must look the same.
func TestEachPaymentOfTheQueueHasItsOwn(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		files, err := blob.OpenFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		bill, staff := billing.New(d, files, nil, ""), billingtest.Staff(t, d)
		want := map[igny8.PaymentID][]string{}
		proofs := map[igny8.PaymentID]int{}
		for _, c := range []struct {
			reference string
			less      int64
			shades    []uint8
			warnings  []string
		}{
			{"AB-100", 0, []uint8{1}, []string{"duplicate_reference"}},
			{"ab 100", 0, []uint8{2, 3}, []string{"duplicate_reference", "duplicate_proof"}},
			{"AB-200", 1, []uint8{3}, []string{"duplicate_proof", "amount_less"}},
			{"AB-300", 0, []uint8{4}, []string{}},
			{"FAILED", 0, []uint8{5}, nil}, // rejected below
			{"FAILED", 0, []uint8{6}, []string{}},
		} {
			owner, inv := billingtest.Unpaid(t, d, "starter", "PK")
			in := billing.Submission{Method: "jazzcash", Reference: c.reference, PayerName: "Zara", PaidOn: d.Now().Format(time.DateOnly), AmountMinor: inv.Due() - c.less}
			for _, shade := range c.shades {
				in.Files = append(in.Files, blob.Bytes("receipt.png", picture(t, shade)))
			}
			p, err := bill.Submit(t.Context(), owner, inv.ID, in)
			if err != nil {
				t.Fatal(err)
			}
			if c.warnings == nil {
				if _, err := bill.Reject(t.Context(), staff, p.ID, billing.Rejection{Code: "not_received", Reason: "Nothing has arrived with this reference."}); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want[p.ID], proofs[p.ID] = c.warnings, len(c.shades)
		}
		list, err := bill.Queue(t.Context(), igny8.PaymentPendingApproval, igny8.Page{})
		if err != nil || len(list.Items) != len(want) {
			t.Fatalf("%d in the queue, want %d, %v", len(list.Items), len(want), err)
		}
		for _, p := range list.Items {
			alone, err := bill.StaffPayment(t.Context(), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, seen := range []billing.StaffPayment{p, alone} {
				codes := []string{}
				for _, w := range seen.Warnings {
					codes = append(codes, w.Code)
				}
				own := func(f billing.Proof) bool { return f.PaymentID == p.ID }
				if !slices.Equal(codes, want[p.ID]) || len(seen.Proofs) != proofs[p.ID] || !slices.ContainsFunc(seen.Proofs, own) ||
					len(seen.Invoice.Lines) != 1 || seen.Invoice.Lines[0].InvoiceID != p.Invoice.ID {
					t.Errorf("%s has warnings %v, want %v; %d proofs, want %d; lines %+v", p.Reference, codes, want[p.ID], len(seen.Proofs), proofs[p.ID], seen.Invoice.Lines)
				}
			}
		}
	})
}
