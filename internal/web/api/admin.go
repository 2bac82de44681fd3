package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/db"
	"igny8/internal/web"
)

// RegisterAdmin adds the staff's queue of payments and their decisions.
func RegisterAdmin(a *API, s *billing.Service) {
	h := adminHandler{a, s}
	route := func(method, path, id, summary, doc string) Route {
		return Route{Method: method, Path: "/admin/payments" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: payments",
			Perm: igny8.PermPayments, Need: account.NeedNone}
	}
	money := func(path, id, summary, doc string) Route {
		rt := route(http.MethodPost, path, id, summary, doc)
		rt.Money = true
		return rt
	}
	approve := money("/{id}/approve", "approvePayment", "Approve a payment",
		"Switches on everything that was paid for in one commit. 202 means that a second member of staff must confirm.")
	approve.Also = http.StatusAccepted
	proof := route(http.MethodGet, "/{id}/proofs/{n}", "getPaymentProof", "Download a proof", "Each look is in the account's audit log.")
	proof.Produces = "*/*"

	Register(a, route(http.MethodGet, "", "listStaffPayments", "List payments, oldest first", "Those that wait for a decision, unless `status` says otherwise."), h.queue)
	Register(a, route(http.MethodGet, "/{id}", "getStaffPayment", "Read a payment with its warnings", "Each look is in the account's own audit log."), h.payment)
	Register(a, proof, h.proof)
	Register(a, route(http.MethodPost, "/{id}/claim", "claimPayment", "Reserve a payment for five minutes", "Claiming again extends it."), h.claim)
	Register(a, approve, h.approve)
	Register(a, money("/{id}/reject", "rejectPayment", "Reject a payment", "The invoice stays payable, and the customer can send again."), h.reject)
	Register(a, money("/bulk-approve", "bulkApprovePayments", "Approve many payments",
		"Each in its own commit, as the customers stated them. One that cannot be approved does not stop the others."), h.bulk)
}

type adminHandler struct {
	a *API
	s *billing.Service
}

type queueIn struct {
	ListInput
	Status string `query:"status" enum:"pending_approval,succeeded,failed,refunded" default:"pending_approval"`
}

func (h adminHandler) queue(ctx context.Context, in *queueIn) (*ListOutput[StaffPaymentBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Queue(ctx, igny8.PaymentStatus(in.Status), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, h.body), nil
}

func (h adminHandler) payment(ctx context.Context, in *ByID[igny8.PaymentID]) (*staffOut, error) {
	p, err := h.s.OpenPayment(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return h.out(p), nil
}

type proofIn struct {
	ID igny8.PaymentID `path:"id"`
	N  int64           `path:"n" minimum:"1"`
}

// proofOut is a stranger's file: it is saved and never shown as a page of ours.
type proofOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Sniff       string `header:"X-Content-Type-Options"`
	Resource    string `header:"Cross-Origin-Resource-Policy"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func (h adminHandler) proof(ctx context.Context, in *proofIn) (*proofOut, error) {
	p, data, err := h.s.ProofFile(ctx, ActorFrom(ctx), in.ID, in.N)
	if err != nil {
		return nil, err
	}
	_, ext, _ := strings.Cut(p.ContentType, "/")
	return &proofOut{ContentType: p.ContentType, Disposition: fmt.Sprintf(`attachment; filename="%s-%d.%s"`, in.ID, in.N, ext),
		Policy: "default-src 'none'; sandbox", Sniff: "nosniff", Resource: "same-origin", Cache: "no-store", Body: data}, nil
}

func (h adminHandler) claim(ctx context.Context, in *ByIDMatch[igny8.PaymentID]) (*staffOut, error) {
	if in.IfMatch.IfMatch != "" {
		ctx = db.Expecting(ctx, func(current any) error {
			p, ok := current.(billing.StaffPayment)
			if !ok {
				return fmt.Errorf("the story read %T, and no payment", current)
			}
			return in.sameRevision(p.Payment, p.Warnings)
		})
	}
	p, err := h.s.Claim(RenderWith(ctx, h.out), ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return h.out(p), nil
}

// ApproveInput is what staff say when approving.
type ApproveInput struct {
	ReceivedMinor    *int64   `json:"received_minor,omitempty" minimum:"1" doc:"What arrived, in minor units; without it, what the customer said."`
	Evidence         string   `json:"evidence,omitempty" maxLength:"500" doc:"Where the money was seen, such as a line of a bank statement."`
	Note             string   `json:"note,omitempty" maxLength:"2000" doc:"For staff."`
	OverrideWarnings []string `json:"override_warnings,omitempty" maxItems:"20" doc:"Codes of the warnings that were looked into."`
}

type approveIn struct {
	IfMatch
	ID   igny8.PaymentID `path:"id"`
	Body *ApproveInput
}

func (h adminHandler) approve(ctx context.Context, in *approveIn) (*staffOut, error) {
	body := value(in.Body)
	p, err := h.s.Approve(RenderWith(ctx, h.decided), ActorFrom(ctx), in.ID, billing.Approval{ReceivedMinor: value(body.ReceivedMinor),
		Evidence: body.Evidence, Note: body.Note, OverrideWarnings: body.OverrideWarnings, Check: in.sameRevision})
	if err != nil {
		return nil, err
	}
	return h.decided(p), nil
}

// RejectInput is why staff refuse a payment.
type RejectInput struct {
	ReasonCode string `json:"reason_code" enum:"not_received,wrong_amount,wrong_currency,unreadable_proof,duplicate_reference,other"`
	Reason     string `json:"reason" minLength:"3" maxLength:"1000" doc:"The customer reads this."`
	Note       string `json:"note,omitempty" maxLength:"2000" doc:"For staff."`
}

type rejectIn struct {
	IfMatch
	ID   igny8.PaymentID `path:"id"`
	Body RejectInput
}

func (h adminHandler) reject(ctx context.Context, in *rejectIn) (*staffOut, error) {
	p, err := h.s.Reject(RenderWith(ctx, h.decided), ActorFrom(ctx), in.ID, billing.Rejection{Code: in.Body.ReasonCode,
		Reason: in.Body.Reason, Note: in.Body.Note, Check: in.sameRevision})
	if err != nil {
		return nil, err
	}
	return h.decided(p), nil
}

// BulkInput names payments to approve.
type BulkInput struct {
	Payments []igny8.PaymentID `json:"payments" minItems:"1" maxItems:"100" doc:"The ids of the payments, each once."`
	Evidence string            `json:"evidence,omitempty" maxLength:"500"`
	Note     string            `json:"note,omitempty" maxLength:"2000"`
}

// Resolve refuses a payment that is named twice.
func (in BulkInput) Resolve(huma.Context) []error { return once("body.payments", in.Payments) }

// BulkBody tells what became of each.
type BulkBody struct {
	Data []BulkItem `json:"data"`
}

// BulkItem is what became of one payment.
type BulkItem struct {
	ID      igny8.PaymentID   `json:"id"`
	Status  int               `json:"status" doc:"The HTTP status that approving this one alone would have had." example:"200"`
	Payment *StaffPaymentBody `json:"payment,omitempty"`
	Error   *web.Problem      `json:"error,omitempty"`
}

func (h adminHandler) bulk(ctx context.Context, in *In[BulkInput]) (*Out[BulkBody], error) {
	results, err := h.s.BulkApprove(ctx, ActorFrom(ctx), in.Body.Payments, in.Body.Evidence, in.Body.Note)
	if err != nil {
		return nil, err
	}
	out := BulkBody{Data: make([]BulkItem, len(results))}
	for i, r := range results {
		item := BulkItem{ID: r.ID}
		if r.Err != nil {
			item.Error = web.ProblemFor(ctx, r.Err)
			item.Status = item.Error.Status
		} else {
			done := h.decided(r.Payment)
			item.Status, item.Payment = done.Status, &done.Body
		}
		out.Data[i] = item
	}
	return OK(out), nil
}
