package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/web"
)

// RegisterPerson adds what people do with their own login: links in letters,
// password, address, sessions.
func RegisterPerson(a *API, s *auth.Service) {
	h := personHandler{s}
	public := func(path, id, summary, doc string, status int) Route {
		return Route{Method: http.MethodPost, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Identity", Public: true, Status: status}
	}
	own := func(method, path, id, summary, doc string, status int) Route {
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Identity", Perm: igny8.PermSelf, Need: account.NeedNone, Status: status}
	}
	same := "The answer is the same whether somebody has the address or not."
	Register(a, public("/auth/email/verify", "verifyEmail", "Prove an e-mail address with the token from the letter",
		"The first proof ends the person's sessions from other networks, unless it is sent with an access token of theirs.", 204), h.verify)
	Register(a, public("/auth/email/resend", "resendVerification", "Ask for a new letter that proves an address", same, 202), h.resend)
	Register(a, public("/auth/password/forgot", "forgotPassword", "Ask for a letter that sets a new password", same, 202), h.forgot)
	Register(a, public("/auth/password/reset", "resetPassword", "Set a new password with the token from the letter",
		"Good once, within 30 minutes. Every session ends; log in with the new password.", 204), h.reset)
	Register(a, public("/auth/email/confirm", "confirmEmailChange", "Confirm a change of address with the token from a letter", "Both addresses get one.", 200), h.confirm)
	Register(a, public("/auth/email/undo", "undoEmailChange", "Stop a change of address, or take it back within 72 hours", "Every session ends.", 204), h.undo)
	Register(a, own("POST", "/auth/password/change", "changePassword", "Change your password", "Every session ends; the answer has the tokens of a new one.", 200), h.change)
	Register(a, own("POST", "/me/email", "changeEmail", "Ask to change your e-mail address",
		"Both addresses get a link, and both must be opened within 24 hours. "+same, 202), h.email)
	Register(a, own("GET", "/me/sessions", "listSessions", "See where you are logged in", "The last used first. The one that this request came by is marked.", 0), h.sessions)
	Register(a, own("DELETE", "/me/sessions", "endOtherSessions", "Log out everywhere else", "If-Match takes the ETag of the first page of the list.", 0), h.endOthers)
	Register(a, own("GET", "/me/sessions/{id}", "getSession", "Read one of your sessions", "Where it was begun, and when it was used last.", 0), h.session)
	Register(a, own("DELETE", "/me/sessions/{id}", "endSession", "Log out in one place", "Its tokens end at once, also those of this request.", 0), h.end)
}

type personHandler struct{ s *auth.Service }

// VerifyInput has the token of a letter.
type VerifyInput struct {
	Token string `json:"token" maxLength:"200"`
}

type verifyIn struct {
	Authorization string `header:"Authorization" hidden:"true"`
	Body          VerifyInput
}

func (h personHandler) verify(ctx context.Context, in *verifyIn) (*struct{}, error) {
	actor := igny8.Actor{Network: web.Network(ActorFrom(ctx).Network)}
	if token, ok := strings.CutPrefix(in.Authorization, "Bearer "); ok {
		known, err := h.s.Authenticate(ctx, token, ActorFrom(ctx).Network)
		if err != nil && igny8.KindOf(err) != igny8.Unauthenticated {
			return nil, err
		}
		if err == nil {
			known.Network = actor.Network
			actor = known
		}
	}
	return nil, h.s.Verify(ctx, actor, in.Body.Token)
}

// AddressInput is an e-mail address.
type AddressInput struct {
	Email string `json:"email" maxLength:"320" example:"ayesha@example.com"`
}

// AskedBody says what to do next.
type AskedBody struct {
	Status string `json:"status" enum:"check_email"`
}

var asked = OK(AskedBody{"check_email"})

func (h personHandler) resend(ctx context.Context, in *In[AddressInput]) (*Out[AskedBody], error) {
	return asked, h.s.ResendVerification(ctx, in.Body.Email, web.Network(ActorFrom(ctx).Network))
}

func (h personHandler) forgot(ctx context.Context, in *In[AddressInput]) (*Out[AskedBody], error) {
	return asked, h.s.Forgot(ctx, in.Body.Email, web.Network(ActorFrom(ctx).Network))
}

// ResetInput sets a new password with the token of a letter.
type ResetInput struct {
	Token    string `json:"token" maxLength:"200"`
	Password string `json:"password" maxLength:"1000" doc:"10 to 128 characters, not a common one."`
}

func (h personHandler) reset(ctx context.Context, in *In[ResetInput]) (*struct{}, error) {
	return nil, h.s.Reset(ctx, ActorFrom(ctx).Network, in.Body.Token, in.Body.Password)
}

// EmailConfirmedBody says how far a change of address is.
type EmailConfirmedBody struct {
	Done bool `json:"done" doc:"False: the other address has still to be confirmed."`
}

func (h personHandler) confirm(ctx context.Context, in *In[VerifyInput]) (*Out[EmailConfirmedBody], error) {
	done, err := h.s.ConfirmEmailChange(ctx, in.Body.Token)
	return OK(EmailConfirmedBody{done}), err
}

func (h personHandler) undo(ctx context.Context, in *In[VerifyInput]) (*struct{}, error) {
	return nil, h.s.UndoEmailChange(ctx, in.Body.Token)
}

// PasswordInput changes a password.
type PasswordInput struct {
	Password    string `json:"password" maxLength:"1000" doc:"The one you have now."`
	NewPassword string `json:"new_password" maxLength:"1000" doc:"10 to 128 characters, not a common one."`
}

type passwordIn struct {
	Agent
	Body PasswordInput
}

// TokensOnlyBody are the tokens of a new session.
type TokensOnlyBody struct {
	Tokens TokensBody `json:"tokens"`
}

func (h personHandler) change(ctx context.Context, in *passwordIn) (*Out[TokensOnlyBody], error) {
	t, err := h.s.ChangePassword(ctx, ActorFrom(ctx), in.Body.Password, in.Body.NewPassword, in.device(ctx, false))
	return OK(TokensOnlyBody{tokensBody(t)}), err
}

// EmailInput asks for another address.
type EmailInput struct {
	Email    string `json:"email" maxLength:"320"`
	Password string `json:"password" maxLength:"1000" doc:"The one you have now."`
}

func (h personHandler) email(ctx context.Context, in *In[EmailInput]) (*Out[AskedBody], error) {
	return asked, h.s.ChangeEmail(ctx, ActorFrom(ctx), in.Body.Email, in.Body.Password)
}

// SessionBody is one place where a person is logged in.
type SessionBody struct {
	ID         igny8.SessionID `json:"id"`
	Current    bool            `json:"current" doc:"The one this request came by."`
	UserAgent  string          `json:"user_agent"`
	Network    string          `json:"network"`
	CreatedAt  time.Time       `json:"created_at"`
	LastSeenAt time.Time       `json:"last_seen_at"`
	ExpiresAt  time.Time       `json:"expires_at" doc:"It ends then even when it is used."`
}

func (h personHandler) sessions(ctx context.Context, in *ListInput) (*ListOutput[SessionBody], error) {
	list, err := h.s.Sessions(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return sessionList(ctx, *in, list)
}

func sessionList(ctx context.Context, in ListInput, list []auth.Session) (*ListOutput[SessionBody], error) {
	return Cut(ctx, in, list, func(s auth.Session) string { return s.ID.String() }, sessionBody(ActorFrom(ctx)))
}

func (h personHandler) session(ctx context.Context, in *ByID[igny8.SessionID]) (*Out[SessionBody], error) {
	actor := ActorFrom(ctx)
	list, err := h.s.Sessions(ctx, actor)
	return find(list, err, func(s auth.Session) bool { return s.ID == in.ID }, sessionBody(actor))
}

func sessionBody(actor igny8.Actor) func(auth.Session) SessionBody {
	return func(s auth.Session) SessionBody {
		return SessionBody{s.ID, s.ID == actor.Session, s.UserAgent, s.Network, s.CreatedAt.UTC(), s.LastSeenAt.UTC(), s.ExpiresAt.UTC()}
	}
}

// EndedBody counts what ended.
type EndedBody struct {
	Ended int `json:"ended"`
}

func (h personHandler) endOthers(ctx context.Context, in *IfMatch) (*Out[EndedBody], error) {
	first := func(list []auth.Session) any {
		out, err := sessionList(ctx, ListInput{Limit: igny8.DefaultPage}, list)
		if err != nil {
			return err
		}
		return out.Body
	}
	n, err := h.s.EndOtherSessions(expect(ctx, *in, first), ActorFrom(ctx))
	return OK(EndedBody{n}), err
}

func (h personHandler) end(ctx context.Context, in *ByIDMatch[igny8.SessionID]) (*struct{}, error) {
	return nil, h.s.EndSession(expect(ctx, in.IfMatch, sessionBody(ActorFrom(ctx))), ActorFrom(ctx), in.ID)
}
