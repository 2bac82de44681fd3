package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/web"
)

// RegisterFactors adds second factors: the authenticator app, recovery codes and
// passkeys, and logging in with a passkey.
func RegisterFactors(a *API, s *auth.Service) {
	h := factorHandler{s}
	own := func(method, path, id, summary, doc string, status int) Route {
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Identity", Perm: igny8.PermSelf, Need: account.NeedNone, Status: status}
	}
	public := func(path, id, summary, doc string) Route {
		return Route{Method: http.MethodPost, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Identity", Public: true, Status: 200}
	}
	Register(a, public("/auth/passkeys/options", "startPasskeyLogin", "Begin a login with a passkey",
		"Give `options` to navigator.credentials.get and send its answer to /auth/passkeys/login with `token`, once, within five minutes."), h.startLogin)
	Register(a, public("/auth/passkeys/login", "loginWithPasskey", "Log in with a passkey", "It counts as both factors.").gives(401, 403), h.login)
	Register(a, own("GET", "/me/second-factor", "getSecondFactor", "See what protects your login besides the password", "Whether an authenticator app is set up, how many passkeys there are, and how many recovery codes are left.", 0), h.get)
	Register(a, own("POST", "/me/totp", "startTotp", "Begin to set up an authenticator app",
		"The secret counts for nothing until a code of it was sent to /me/totp/confirm.", 201), h.start)
	Register(a, own("POST", "/me/totp/confirm", "confirmTotp", "Switch the authenticator app on with a code of it",
		"The answer has ten recovery codes, which cannot be read again.", 200).gives(404), h.confirm)
	Register(a, own("DELETE", "/me/totp", "disableTotp", "Switch the authenticator app off", "If-Match takes the ETag of /me/second-factor.", 0), h.disable)
	Register(a, own("POST", "/me/totp/recovery-codes", "newRecoveryCodes", "Make new recovery codes", "Those before are void.", 200), h.codes)
	Register(a, own("GET", "/me/passkeys", "listPasskeys", "List your passkeys", "The oldest first.", 0), h.passkeys)
	Register(a, own("GET", "/me/passkeys/{id}", "getPasskey", "Read one of your passkeys", "Its name, and when it was used last.", 0), h.passkey)
	Register(a, own("POST", "/me/passkeys/options", "startPasskey", "Begin to register a passkey",
		"Give `options` to navigator.credentials.create and send its answer to /me/passkeys with `token`, once, within five minutes.", 200), h.startPasskey)
	Register(a, own("POST", "/me/passkeys", "addPasskey", "Register a passkey",
		"Who has no recovery codes yet gets ten, which cannot be read again.", 201), h.add)
	Register(a, own("DELETE", "/me/passkeys/{id}", "removePasskey", "Remove a passkey", "Asks for the password again. With the last second factor the recovery codes end too.", 0), h.remove)
}

type factorHandler struct{ s *auth.Service }

// ConfirmedInput is the password of who is logged in, asked for again.
type ConfirmedInput struct {
	Password string `json:"password" maxLength:"1000" doc:"The one you have now."`
}

// SecondFactorBody is what a person has besides the password.
type SecondFactorBody struct {
	TOTP          bool  `json:"totp" doc:"An authenticator app is set up."`
	Passkeys      int64 `json:"passkeys" doc:"How many."`
	RecoveryCodes int64 `json:"recovery_codes" doc:"How many are left."`
}

func (h factorHandler) get(ctx context.Context, _ *struct{}) (*Out[SecondFactorBody], error) {
	f, err := h.s.Factors(ctx, ActorFrom(ctx))
	return OK(secondFactorBody(f)), err
}

func secondFactorBody(f auth.Factors) SecondFactorBody {
	return SecondFactorBody{f.TOTP, f.Passkeys, f.Codes}
}

// EnrolmentBody is a secret for an authenticator app.
type EnrolmentBody struct {
	Secret     string `json:"secret" doc:"Base32, to type."`
	OTPAuthURI string `json:"otpauth_uri" doc:"The same as a link, to draw as a QR code."`
}

func (h factorHandler) start(ctx context.Context, in *In[ConfirmedInput]) (*Out[EnrolmentBody], error) {
	e, err := h.s.StartTOTP(ctx, ActorFrom(ctx), in.Body.Password)
	return OK(EnrolmentBody{e.Secret, e.URI}), err
}

// CodeInput is a code of the authenticator app.
type CodeInput struct {
	Code string `json:"code" maxLength:"40" example:"123456"`
}

// RecoveryCodesBody are codes that stand for a lost second factor.
type RecoveryCodesBody struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"Each is good once. Keep them; they cannot be read again."`
}

func (h factorHandler) confirm(ctx context.Context, in *In[CodeInput]) (*Out[RecoveryCodesBody], error) {
	codes, err := h.s.ConfirmTOTP(ctx, ActorFrom(ctx), in.Body.Code)
	return OK(RecoveryCodesBody{codes}), err
}

// DisableInput switches the authenticator app off.
type DisableInput struct {
	ConfirmedInput
	Code string `json:"code" maxLength:"40" doc:"A code of the app, or a recovery code."`
}

type disableIn struct {
	IfMatch
	Body DisableInput
}

func (h factorHandler) disable(ctx context.Context, in *disableIn) (*struct{}, error) {
	return nil, h.s.DisableTOTP(expect(ctx, in.IfMatch, secondFactorBody), ActorFrom(ctx), in.Body.Password, in.Body.Code)
}

func (h factorHandler) codes(ctx context.Context, in *In[ConfirmedInput]) (*Out[RecoveryCodesBody], error) {
	codes, err := h.s.NewRecoveryCodes(ctx, ActorFrom(ctx), in.Body.Password)
	return OK(RecoveryCodesBody{codes}), err
}

// PasskeyBody is a passkey that is registered.
type PasskeyBody struct {
	ID         igny8.PasskeyID `json:"id"`
	Name       string          `json:"name"`
	CreatedAt  time.Time       `json:"created_at"`
	LastUsedAt *time.Time      `json:"last_used_at"`
}

func passkeyBody(k auth.Passkey) PasskeyBody {
	b := PasskeyBody{ID: k.ID, Name: k.Name, CreatedAt: k.CreatedAt.UTC()}
	if k.LastUsedAt != nil {
		used := k.LastUsedAt.UTC()
		b.LastUsedAt = &used
	}
	return b
}

func (h factorHandler) passkeys(ctx context.Context, in *ListInput) (*ListOutput[PasskeyBody], error) {
	list, err := h.s.Passkeys(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return Cut(ctx, *in, list, func(k auth.Passkey) string { return k.ID.String() }, passkeyBody)
}

func (h factorHandler) passkey(ctx context.Context, in *ByID[igny8.PasskeyID]) (*Out[PasskeyBody], error) {
	list, err := h.s.Passkeys(ctx, ActorFrom(ctx))
	return find(list, err, func(k auth.Passkey) bool { return k.ID == in.ID }, passkeyBody)
}

// CeremonyBody is what a browser needs to ask an authenticator.
type CeremonyBody struct {
	Token   string          `json:"token" doc:"Comes back with the answer."`
	Options json.RawMessage `json:"options" doc:"As Web Authentication names them; byte strings are base64url."`
}

func ceremonyOut(c auth.Ceremony, err error) (*Out[CeremonyBody], error) {
	return OK(CeremonyBody{c.Token, c.Options}), err
}

func (h factorHandler) startPasskey(ctx context.Context, in *In[ConfirmedInput]) (*Out[CeremonyBody], error) {
	return ceremonyOut(h.s.StartPasskey(ctx, ActorFrom(ctx), in.Body.Password))
}

// PasskeyInput is a passkey that a browser made.
type PasskeyInput struct {
	Token      string          `json:"token" maxLength:"200"`
	Name       string          `json:"name" maxLength:"200" example:"Phone"`
	Credential json.RawMessage `json:"credential" doc:"What navigator.credentials.create answered; byte strings are base64url."`
}

// PasskeyAddedBody is a new passkey.
type PasskeyAddedBody struct {
	PasskeyBody
	RecoveryCodes []string `json:"recovery_codes,omitempty" doc:"For who had none. They cannot be read again."`
}

func (h factorHandler) add(ctx context.Context, in *In[PasskeyInput]) (*Out[PasskeyAddedBody], error) {
	k, codes, err := h.s.AddPasskey(ctx, ActorFrom(ctx), in.Body.Token, in.Body.Name, in.Body.Credential)
	return OK(PasskeyAddedBody{passkeyBody(k), codes}), err
}

func (h factorHandler) remove(ctx context.Context, in *ByIDMatchIn[igny8.PasskeyID, ConfirmedInput]) (*struct{}, error) {
	return nil, h.s.RemovePasskey(expect(ctx, in.IfMatch, passkeyBody), ActorFrom(ctx), in.ID, in.Body.Password)
}

func (h factorHandler) startLogin(ctx context.Context, _ *struct{}) (*Out[CeremonyBody], error) {
	return ceremonyOut(h.s.StartPasskeyLogin(ctx, "", web.Network(ActorFrom(ctx).Network)))
}

// PasskeyLoginInput is a passkey's answer.
type PasskeyLoginInput struct {
	Token      string          `json:"token" maxLength:"200"`
	Credential json.RawMessage `json:"credential" doc:"What navigator.credentials.get answered; byte strings are base64url."`
	RememberMe bool            `json:"remember_me,omitempty" doc:"The refresh token is good for 30 days, not 7."`
}

type passkeyLoginIn struct {
	Agent
	Body PasskeyLoginInput
}

func (h factorHandler) login(ctx context.Context, in *passkeyLoginIn) (*Out[LoggedInBody], error) {
	p, t, err := h.s.LoginPasskey(ctx, in.Body.Token, in.Body.Credential, in.device(ctx, in.Body.RememberMe))
	if err != nil {
		return nil, err
	}
	return OK(loggedInBody(p, t)), nil
}
