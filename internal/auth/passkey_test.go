package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/auth"
)

// authenticator is a passkey's device, in software.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	origin  string
	flags   byte // user present, user verified
	counter uint32
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 20)
	rand.Read(id)
	return &authenticator{t, key, id, nil, "http://localhost", 0x05, 0}
}

func raw(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client is what the browser signs.
func (a *authenticator) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a *authenticator) data(flags byte) []byte {
	a.counter++
	hash := sha256.Sum256([]byte("localhost"))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.counter)
}

type options struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
		Allow     []struct{ ID string } `json:"allowCredentials"`
		UV        string                `json:"userVerification"`
	}
}

func (a *authenticator) read(c auth.Ceremony) options {
	var o options
	if err := json.Unmarshal(c.Options, &o); err != nil || o.PublicKey.Challenge == "" {
		a.t.Fatalf("%s: %v", c.Options, err)
	}
	return o
}

// create answers navigator.credentials.create.
func (a *authenticator) create(c auth.Ceremony) []byte {
	o := a.read(c)
	a.user, _ = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	data := a.data(a.flags | 0x40)
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	data = append(data, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"...) // COSE: EC2, ES256, P-256
	data = append(append(append(data, point[1:33]...), "\x22\x58\x20"...), point[33:]...)
	object := "\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + string([]byte{byte(len(data))}) + string(data)
	return a.answer(map[string]string{"clientDataJSON": raw(a.client("webauthn.create", o.PublicKey.Challenge)), "attestationObject": raw([]byte(object))})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(c auth.Ceremony) []byte {
	client, data := a.client("webauthn.get", a.read(c).PublicKey.Challenge), a.data(a.flags)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]string{"clientDataJSON": raw(client), "authenticatorData": raw(data), "signature": raw(signature), "userHandle": raw(a.user)})
}

func (a *authenticator) answer(response map[string]string) []byte {
	b, err := json.Marshal(map[string]any{"id": raw(a.id), "rawId": raw(a.id), "type": "public-key", "response": response})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

// register adds a passkey for the actor.
func (p *people) register(a igny8.Actor, device *authenticator) (auth.Passkey, []string) {
	p.Helper()
	c, err := p.s.StartPasskey(p.Context(), a, consolePassword)
	if err != nil {
		p.Fatal(err)
	}
	p.clock.Advance(time.Second) // they are listed by their time
	k, codes, err := p.s.AddPasskey(p.Context(), a, c.Token, " Phone ", device.create(c))
	if err != nil {
		p.Fatal(err)
	}
	return k, codes
}

func (p *people) ceremony(pending string) auth.Ceremony {
	p.Helper()
	c, err := p.s.StartPasskeyLogin(p.Context(), pending, "net")
	if err != nil {
		p.Fatal(err)
	}
	return c
}

func TestPasskeysLogIn(t *testing.T) {
	onConsole(t, func(p *people) {
		a, device := p.actor(ayesha), newAuthenticator(t)
		if _, err := p.s.StartPasskey(p.Context(), a, "not-the-password"); fieldCode(err) != "wrong_password" {
			t.Errorf("without the password: %v", err)
		}
		k, codes := p.register(a, device)
		if k.Name != "Phone" || len(codes) != 10 {
			t.Errorf("%+v, %q", k, codes)
		}
		if _, codes := p.register(a, newAuthenticator(t)); codes != nil {
			t.Error("the second passkey makes the codes void")
		}
		c := p.ceremony("")
		if o := device.read(c); len(o.PublicKey.Allow) != 0 || o.PublicKey.UV != "required" {
			t.Errorf("%s", c.Options)
		}
		answer := device.get(c)
		who, tokens, err := p.s.LoginPasskey(p.Context(), c.Token, answer, auth.Device{})
		if err != nil || who.User.Email != ayesha || tokens.Access == "" {
			t.Fatalf("%+v, %v", who, err)
		}
		_, _, err = p.s.LoginPasskey(p.Context(), c.Token, answer, auth.Device{})
		p.code(err, "invalid_passkey", "an answer twice")
		p.code(p.loginWith(ayesha, consolePassword), "totp_required", "a password alone beside a passkey")
		if err := p.loginCode(ayesha, codes[0]); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		list, err := p.s.Passkeys(p.Context(), a)
		if err != nil || len(list) != 2 || list[0].LastUsedAt == nil || list[1].LastUsedAt != nil {
			t.Errorf("%d passkeys, %v", len(list), err)
		}
		if err := p.s.RemovePasskey(p.Context(), a, k.ID, "not-the-password"); fieldCode(err) != "wrong_password" {
			t.Errorf("removed without the password: %v", err)
		}
		if err := p.s.RemovePasskey(p.Context(), p.actor("staff@example.com"), k.ID, consolePassword); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("somebody else's: %v", err)
		}
		for _, one := range list {
			if err := p.s.RemovePasskey(p.Context(), a, one.ID, consolePassword); err != nil {
				t.Fatal(err)
			}
		}
		if f := p.factors(a); f.Any() || f.Codes > 0 {
			t.Errorf("%+v", f)
		}
		c = p.ceremony("")
		_, _, err = p.s.LoginPasskey(p.Context(), c.Token, device.get(c), auth.Device{})
		p.code(err, "invalid_passkey", "a passkey that was removed")
	})
}

func TestAPasskeyIsASecondFactor(t *testing.T) {
	onConsole(t, func(p *people) {
		mine, theirs := newAuthenticator(t), newAuthenticator(t)
		p.register(p.actor(ayesha), mine)
		p.register(p.actor("staff@example.com"), theirs)
		_, pending, err := p.s.LoginConsole(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword}, false)
		if err != nil || pending == "" {
			t.Fatal(pending, err)
		}
		finish := func(device *authenticator, staff bool) error {
			c := p.ceremony(pending)
			if o := device.read(c); len(o.PublicKey.Allow) != 1 || o.PublicKey.Allow[0].ID != raw(mine.id) {
				t.Errorf("%s", c.Options)
			}
			_, err := p.s.LoginPasskeyConsole(p.Context(), c.Token, device.get(c), pending, staff, auth.Device{})
			return err
		}
		p.code(finish(theirs, false), "invalid_passkey", "somebody else's passkey")
		p.code(finish(mine, true), "other_door", "at the other door")
		if err := finish(mine, false); err != nil {
			t.Error(err)
		}
	})
}

// Threat A19, for passkeys: no answer is good that was made elsewhere, without the
// person, too late, twice or by a copy.
func TestA19PasskeyAnswersThatAreRefused(t *testing.T) {
	onConsole(t, func(p *people) {
		device := newAuthenticator(t)
		p.register(p.actor(ayesha), device)
		for name, spoil := range map[string]func(*authenticator){
			"another origin":       func(a *authenticator) { a.origin = "http://evil.localhost" },
			"the user not checked": func(a *authenticator) { a.flags = 0x01 },
			"somebody else named":  func(a *authenticator) { a.user = make([]byte, 16) },
			"nobody named":         func(a *authenticator) { a.user = nil },
			"a copy's counter":     func(a *authenticator) { a.counter = 0 },
			"another key":          func(a *authenticator) { a.key = newAuthenticator(t).key },
		} {
			bad := *device
			spoil(&bad)
			c := p.ceremony("")
			_, _, err := p.s.LoginPasskey(p.Context(), c.Token, bad.get(c), auth.Device{})
			p.code(err, "invalid_passkey", name)
			_, _, err = p.s.LoginPasskey(p.Context(), c.Token, device.get(c), auth.Device{})
			p.code(err, "invalid_passkey", "a challenge after a wrong answer, "+name)
		}
		for _, bad := range []string{"", "{}", "null", "[", `{"id":"x"}`, strings.Repeat("[", 10000)} {
			_, _, err := p.s.LoginPasskey(p.Context(), p.ceremony("").Token, []byte(bad), auth.Device{})
			p.code(err, "invalid_passkey", "no answer at all")
		}
		c := p.ceremony("")
		answer := device.get(c)
		p.clock.Advance(5 * time.Minute)
		_, _, err := p.s.LoginPasskey(p.Context(), c.Token, answer, auth.Device{})
		p.code(err, "invalid_passkey", "after five minutes")
	})
}

func TestRegisteringAPasskeyIsBoundToThePerson(t *testing.T) {
	onConsole(t, func(p *people) {
		a, staff, device := p.actor(ayesha), p.actor("staff@example.com"), newAuthenticator(t)
		c, err := p.s.StartPasskey(p.Context(), a, consolePassword)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.s.AddPasskey(p.Context(), a, c.Token, " ", device.create(c)); fieldCode(err) != "required" {
			t.Errorf("without a name: %v", err)
		}
		if _, _, err := p.s.AddPasskey(p.Context(), staff, c.Token, "Phone", device.create(c)); fieldCode(err) != "invalid_passkey" {
			t.Errorf("for somebody else: %v", err)
		}
		if _, _, err := p.s.AddPasskey(p.Context(), a, c.Token, "Phone", device.create(c)); fieldCode(err) != "invalid_passkey" {
			t.Errorf("a challenge twice: %v", err)
		}
		login := p.ceremony("")
		if _, _, err := p.s.AddPasskey(p.Context(), a, login.Token, "Phone", device.create(login)); fieldCode(err) != "invalid_passkey" {
			t.Errorf("a challenge of a login: %v", err)
		}
		p.register(a, device)
		c, err = p.s.StartPasskey(p.Context(), staff, consolePassword)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.s.AddPasskey(p.Context(), staff, c.Token, "Phone", device.create(c)); igny8.CodeOf(err) != "already_exists" {
			t.Errorf("a passkey of somebody else: %v", err)
		}
		p.config.PublicURL = "http://127.0.0.1"
		p.s = auth.New(p.config)
		if _, err := p.s.StartPasskeyLogin(p.Context(), "", ""); igny8.CodeOf(err) != "passkeys_unavailable" {
			t.Errorf("where the address is a number: %v", err)
		}
	})
}
