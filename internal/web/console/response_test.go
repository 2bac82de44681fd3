package console

import (
	"encoding/json"
	"strings"
	"testing"
)

// A file of a stranger never runs as a page of ours, shown within one or not.
func TestFilesOfStrangersAreInASandbox(t *testing.T) {
	saved := Attached("proof.pdf", "application/pdf", nil)
	shown := Attached("proof.pdf", "application/pdf", nil).Framed()
	for what, r := range map[string]Response{"saved": saved, "shown": shown} {
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "sandbox; default-src 'none'") || strings.Contains(policy, "allow-") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: the policy is %q", what, policy)
		}
	}
	if saved.Header.Get("Content-Disposition") == "inline" || shown.Header.Get("X-Frame-Options") != "SAMEORIGIN" || !strings.Contains(shown.Header.Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("%v, %v", saved.Header, shown.Header)
	}
}

func TestTriggerIsASCIIAndJSON(t *testing.T) {
	for _, message := range []string{"Saved.", `He said "no" \ <b>`, "منظور 😀\r\nX-Evil: 1", ""} {
		value := trigger("announce", message)
		var got map[string]string
		if err := json.Unmarshal([]byte(value), &got); err != nil || got["announce"] != message {
			t.Errorf("%q becomes %s: %v", message, value, err)
		}
		for _, b := range []byte(value) {
			if b < ' ' || b > '~' {
				t.Errorf("%q: byte %#x in a header", message, b)
			}
		}
	}
}
