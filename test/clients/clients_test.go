// Package clients has two generators make clients of the API document, and does the
// main job with each against a running server: signing up for a trial and for a plan,
// sending a proof, the decision of staff, a site, and spending credits.
package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const root = "../.."

// mainJob are the operations that the programs use, and a few beside them. A client of
// all operations takes minutes to compile; IGNY8_WHOLE_CLIENTS=1 makes it.
var mainJob = []string{"register", "login", "getMe", "getAccount", "listInvoices", "getInvoice", "submitPayment", "getPayment", "getPayPage",
	"getStaffPayment", "approvePayment", "createSite", "listSites", "getSite", "updateSite", "createAPIKey", "getAPIKey", "spendCredits", "listPlans"}

// document writes the API document with the operations that the clients are made of.
func document(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "api", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("IGNY8_WHOLE_CLIENTS") == "" {
		raw = only(t, raw, mainJob)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// only is a document without the other operations. Nothing else of it is changed.
func only(t *testing.T, raw []byte, operations []string) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	paths, kept := doc["paths"].(map[string]any), 0
	for path, item := range paths {
		item := item.(map[string]any)
		for method, op := range item {
			if id, _ := op.(map[string]any)["operationId"].(string); slices.Contains(operations, id) {
				kept++
				continue
			}
			delete(item, method)
		}
		if len(item) == 0 {
			delete(paths, path)
		}
	}
	if kept != len(operations) {
		t.Fatalf("%d of %d operations are in the document", kept, len(operations))
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// run runs a program in a folder and returns what it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%.4000s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tool returns the path of a development tool, built once.
func tool(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "tool"), name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("scripts/tool %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// serve starts the built program with an empty folder and a staff user, and returns its
// address.
func serve(t *testing.T, dir string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	word := filepath.Join(dir, "password")
	if err := os.WriteFile(word, []byte("correct-horse-battery-9"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "igny8")
	run(t, root, "go", "build", "-o", binary, "./cmd/igny8")
	var log bytes.Buffer
	cmd := exec.Command(binary, "serve", "--addr", addr, "--data", filepath.Join(dir, "data"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	cmd.Env = append(os.Environ(), "IGNY8_STAFF_EMAIL=staff@example.com", "IGNY8_STAFF_PASSWORD_FILE="+word, "IGNY8_DATABASE_URL=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if cmd.Wait(); t.Failed() {
			t.Logf("%s", log.String())
		}
	})
	for range 600 {
		if res, err := http.Get("http://" + addr + "/readyz"); err == nil {
			res.Body.Close()
			return "http://" + addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server does not answer: %s", log.String())
	return ""
}

// Clients that oapi-codegen and ogen make of the document compile, and do the main job.
func TestGeneratedClientsDoTheMainJob(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles two clients")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/program")); err != nil {
		t.Fatal(err)
	}
	doc := filepath.Join(dir, "openapi.json")
	document(t, doc)
	makers := map[string][]string{
		"oapi": {tool(t, "oapi-codegen"), "-generate", "types,client", "-package", "api", "-o", "oapi/api/api.gen.go", doc},
		"ogen": {tool(t, "ogen"), "--target", "ogen/api", "--package", "api", "--clean", doc},
	}
	address := sync.OnceValue(func() string { return serve(t, dir) })
	for name, maker := range makers {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(filepath.Join(dir, name, "api"), 0o700); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			run(t, dir, maker[0], maker[1:]...)
			program := filepath.Join(dir, name+".out")
			run(t, dir, "go", "build", "-mod=readonly", "-o", program, "./"+name)
			took := time.Since(begin)
			steps := run(t, dir, program, address())
			t.Log(fmt.Sprintf("generated and compiled in %.1f s\n", took.Seconds()) + steps)
		})
	}
}
