package apitest

import (
	"net/http"
	"strings"
	"testing"
)

const small = `{"openapi":"3.1.0","paths":{"/things/{id}":{"get":{"operationId":"getThing","responses":{
	"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},
	"204":{"description":"none"},
	"404":{"$ref":"#/components/responses/Refused"}}}}},
	"components":{"responses":{"Refused":{"content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}},
	"schemas":{"Thing":{"type":"object","required":["id","made_at"],"additionalProperties":false,
		"properties":{"id":{"type":"string","pattern":"^thing_"},"made_at":{"type":"string","format":"date-time"},"owner":{"type":["string","null"]}}},
	"Problem":{"type":"object","required":["code"],"properties":{"code":{"enum":["not_found"]},"needed":{"type":"integer"}}}}}}`

// What the document does not have is found, of each kind.
func TestContract(t *testing.T) {
	c, err := Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	good := `{"id":"thing_1","made_at":"2026-01-31T09:00:00Z","owner":null}`
	for _, tt := range []struct {
		path       string
		status     int
		kind, body string
		wrong      string
	}{
		{"/things/1", 200, "application/json", good, ""},
		{"/things/1", 204, "", "", ""},
		{"/things/1", 404, "application/problem+json", `{"code":"not_found","needed":1}`, ""},
		{"/other", 404, "application/problem+json", `{"code":"not_found"}`, ""},
		{"/things/1", 201, "application/json", good, "does not have this status"},
		{"/things/1", 200, "text/plain", good, "media type"},
		{"/things/1", 204, "", "x", "has no body"},
		{"/things/1", 200, "application/json", `{"id":"thing_1"}`, "made_at"},
		{"/things/1", 200, "application/json", strings.Replace(good, "thing_", "x_", 1), "pattern"},
		{"/things/1", 200, "application/json", strings.Replace(good, "2026-01-31T", "yesterday ", 1), "date-time"},
		{"/things/1", 200, "application/json", strings.Replace(good, `"thing_1"`, "null", 1), "null"},
		{"/things/1", 200, "application/json", strings.Replace(good, "owner", "boss", 1), "boss"},
		{"/things/1", 404, "application/problem+json", `{"code":"other"}`, "code"},
		{"/things/1", 404, "application/problem+json", `{"code":"not_found","spent":1}`, "spent"},
		{"/other", 404, "text/plain", "404", "media type"},
	} {
		err := c.Check("GET", tt.path, tt.status, http.Header{"Content-Type": {tt.kind}}, []byte(tt.body))
		if tt.wrong == "" && err != nil || tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
			t.Errorf("%s %d %s: %v, want %q", tt.path, tt.status, tt.body, err, tt.wrong)
		}
	}
	if c.Seen() != 4 {
		t.Errorf("%d pairs seen", c.Seen())
	}
}
