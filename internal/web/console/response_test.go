package console

import (
	"encoding/json"
	"testing"
)

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
