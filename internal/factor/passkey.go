package factor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"igny8"
)

// Passkeys runs the ceremonies of Web Authentication for one public address.
type Passkeys struct{ web *webauthn.WebAuthn }

// NewPasskeys takes the name that passkeys are bound to, and where they may be used,
// from the configured public address alone. It is nil for an address that is a number:
// that is no name (Web Authentication 2, 5.1.2). within is how long people may take.
func NewPasskeys(publicURL string, within time.Duration) *Passkeys {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil
	}
	required, patience := true, webauthn.TimeoutConfig{Timeout: within, TimeoutUVD: within}
	web, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "igny8", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &required,
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{Login: patience, Registration: patience},
	})
	if err != nil {
		return nil
	}
	return &Passkeys{web}
}

// Holder is a person with the credentials of their passkeys, as they were stored.
type Holder struct {
	User        igny8.UserID
	Email       string
	Credentials [][]byte
}

// WebAuthnID is what an authenticator stores of the person.
func (h Holder) WebAuthnID() []byte { return h.User[:] }

// WebAuthnName tells the person's logins apart.
func (h Holder) WebAuthnName() string { return h.Email }

// WebAuthnDisplayName is what the authenticator shows.
func (h Holder) WebAuthnDisplayName() string { return h.Email }

// WebAuthnCredentials are the credentials as the library wants them.
func (h Holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, 0, len(h.Credentials))
	for _, data := range h.Credentials {
		var c webauthn.Credential
		if json.Unmarshal(data, &c) == nil {
			list = append(list, c)
		}
	}
	return list
}

// Asked is a ceremony that has begun: Options for the browser, and what to remember
// until its answer comes.
type Asked struct {
	Options  json.RawMessage
	Remember json.RawMessage
}

func asked(options any, session *webauthn.SessionData, err error) (a Asked, _ error) {
	if err == nil {
		a.Options, err = json.Marshal(options)
	}
	if err == nil {
		a.Remember, err = json.Marshal(session)
	}
	if err != nil {
		return a, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a, nil
}

// Used is a credential after a ceremony, as it is to be stored.
type Used struct {
	ID         string // base64url
	Credential []byte
}

func used(c *webauthn.Credential) (Used, error) {
	data, err := json.Marshal(c)
	return Used{base64.RawURLEncoding.EncodeToString(c.ID), data}, err
}

// AskNew begins to make a passkey for the person, on a device that has none of
// theirs.
func (p *Passkeys) AskNew(h Holder) (Asked, error) {
	known := webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()
	options, session, err := p.web.BeginRegistration(h, webauthn.WithExclusions(known))
	return asked(options, session, err)
}

// New checks the answer to AskNew.
func (p *Passkeys) New(h Holder, remember, answer []byte) (u Used, err error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(remember, &session); err != nil {
		return u, fmt.Errorf("read what was asked: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return u, err
	}
	made, err := p.web.CreateCredential(h, session, parsed)
	if err != nil {
		return u, err
	}
	return used(made)
}

// Ask begins a login with any passkey of this server; AskOf with one of a person's.
func (p *Passkeys) Ask() (Asked, error) {
	options, session, err := p.web.BeginDiscoverableLogin()
	return asked(options, session, err)
}

// AskOf begins a login with a passkey of this person.
func (p *Passkeys) AskOf(h Holder) (Asked, error) {
	options, session, err := p.web.BeginLogin(h)
	return asked(options, session, err)
}

// Answer is what a browser sent to Ask or AskOf. Nothing of it is checked yet.
type Answer struct {
	parsed *protocol.ParsedCredentialAssertionData
}

// Read reads an answer.
func Read(data []byte) (Answer, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(data)
	return Answer{parsed}, err
}

// User is the person whom the device names; false when it names none.
func (a Answer) User() (id igny8.UserID, ok bool) {
	if len(a.parsed.Response.UserHandle) != len(id) {
		return id, false
	}
	copy(id[:], a.parsed.Response.UserHandle)
	return id, true
}

var errCopied = errors.New("the device's counter went back: its passkey may have been copied")

// Check checks an answer against the person's passkeys and what was asked.
func (p *Passkeys) Check(h Holder, remember []byte, a Answer) (u Used, err error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(remember, &session); err != nil {
		return u, fmt.Errorf("read what was asked: %w", err)
	}
	var c *webauthn.Credential
	if len(session.UserID) == 0 {
		c, err = p.web.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return h, nil }, session, a.parsed)
	} else {
		c, err = p.web.ValidateLogin(h, session, a.parsed)
	}
	if err != nil {
		return u, err
	}
	if c.Authenticator.CloneWarning {
		return u, errCopied
	}
	return used(c)
}
