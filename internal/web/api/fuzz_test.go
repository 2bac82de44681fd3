package api

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"testing"
)

// What no server of ours made is refused, whatever it is; what one made is good for
// its own list alone.
func FuzzCursor(f *testing.F) {
	c, other := NewCursors(bytes.Repeat([]byte{1}, 32)), NewCursors(bytes.Repeat([]byte{2}, 32))
	f.Add("GET /sites", "acc_1", "f", "01890000-0000-7000-8000-000000000000", "")
	f.Add("GET /sites", "acc_1", "", "7", other.Encode("GET /sites", "acc_1", "", "7"))
	f.Add("", "", "", "", "AAAA")
	f.Fuzz(func(t *testing.T, route, account, filters, position, cursor string) {
		if got, err := c.Decode(route, account, filters, cursor); err == nil && c.Encode(route, account, filters, got) != cursor {
			t.Fatalf("%q was taken as %q, which is not its own", cursor, got)
		}
		made := c.Encode(route, account, filters, position)
		if got, err := c.Decode(route, account, filters, made); position != "" && (err != nil || got != position) {
			t.Fatalf("%q came back as %q, %v", position, got, err)
		}
		for _, foreign := range []func() (string, error){
			func() (string, error) { return other.Decode(route, account, filters, made) },
			func() (string, error) { return c.Decode(route+"x", account, filters, made) },
			func() (string, error) { return c.Decode(route, account+"x", filters, made) },
			func() (string, error) { return c.Decode(route, account, filters+"x", made) },
			func() (string, error) { return c.Decode(route, account, filters, made+"A") },
		} {
			if got, err := foreign(); err == nil {
				t.Fatalf("a cursor for another list was taken: %q", got)
			}
		}
	})
}

// What is taken as one JSON document is one to everybody else too, without a name
// twice and with nothing behind it.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"name":"x"}`, `{"a":1,"a":2}`, `{"a":1}{"b":2}`, `[1,2,{"a":null}]`, "{\"a\":\"\xff\"}", `{"a":1e999}`, ` {"A":{"a":[]}} `, `{"\u0061":1,"a":2}`, `nul`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkJSON(body) != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is taken, and is no JSON", body)
		}
		d := json.NewDecoder(bytes.NewReader(body))
		var whole any
		if err := d.Decode(&whole); err != nil {
			return // a number beyond what Go holds: refused by type, later
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("something follows in %q: %v", body, err)
		}
		names, ok := members(body)
		object, is := whole.(map[string]any)
		if ok != is || is && len(names) != len(object) {
			t.Fatalf("%q has the members %q, and is %v", body, names, whole)
		}
		if slices.Sort(names); len(slices.Compact(names)) != len(names) {
			t.Fatalf("a name comes twice in %q", body)
		}
	})
}
