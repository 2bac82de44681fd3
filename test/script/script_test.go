// Package script runs the documentation: each *.txtar is one flow, played with
// the built program over HTTP, on SQLite and on PostgreSQL. The pages in docs/
// embed the same files.
//
// Commands beside those of testscript:
//
//	serve                         start the server in an empty folder, wait until it answers
//	staff EMAIL PASSWORD          make a staff user
//	call [-as NAME] [-key K] STATUS METHOD PATH [FIELD=VALUE…]
//	                              call the API; FIELD=VALUE makes a JSON body (a.b=1 nests, a[]=x
//	                              makes a list, @file reads a file as a form upload);
//	                              the answer is printed with two spaces of indentation
//	save VAR PATH                 keep a value of the last answer, such as tokens.access
//	paylink URL                   keep the token of a pay link in $token
//	igny8 ARG…                    the program on the same data, whose output is printed
//	sql-clean                     igny8 doctor --invariants finds nothing
package script

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"igny8/internal/db/dbtest"
	"igny8/internal/web/api/apitest"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "igny8-script")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "igny8")
	build := exec.Command("go", "build", "-o", binary, "igny8/cmd/igny8")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestScripts(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { run(t, func() string { return "" }) })
	t.Run("postgres", func(t *testing.T) { run(t, func() string { return dbtest.PostgresURL(t) }) })
	t.Run("pgbouncer", func(t *testing.T) {
		c := dbtest.NewCluster(t)
		var n atomic.Int64 // the flows run at the same time
		run(t, func() string {
			name := fmt.Sprint("flow", n.Add(1))
			c.Database(name)
			return c.PgBouncer(name)
		})
	})
}

func run(t *testing.T, database func() string) {
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(e *testscript.Env) error {
			addr, err := freePort()
			e.Setenv("IGNY8_ADDR", addr)
			e.Setenv("IGNY8_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("IGNY8_DATABASE_URL", database())
			e.Setenv("IGNY8_RATE_LIMITS", "off")
			e.Setenv("today", time.Now().UTC().Format(time.DateOnly))
			e.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serve, "staff": staff, "call": call, "save": save, "sql-clean": clean, "paylink": paylink, "igny8": igny8,
		},
	})
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"IGNY8_ADDR", "IGNY8_DATA", "IGNY8_DATABASE_URL", "IGNY8_RATE_LIMITS"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func igny8(ts *testscript.TestScript, neg bool, args []string) {
	out, err := command(ts, args...).Output()
	fmt.Fprint(ts.Stdout(), string(out))
	if (err != nil) != neg {
		ts.Fatalf("igny8 %v: %v", args, err)
	}
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	cmd := command(ts, append([]string{"serve"}, args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		<-ended
	})
	for range 1200 {
		if resp, err := http.Get("http://" + ts.Getenv("IGNY8_ADDR") + "/readyz"); err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-ended:
			ts.Fatalf("the server ended: %s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	ts.Fatalf("the server does not answer: %s", log.String())
}

func staff(ts *testscript.TestScript, neg bool, args []string) {
	cmd := command(ts, "staff", "create", "--email", args[0], "--password-stdin")
	cmd.Stdin = strings.NewReader(args[1])
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("staff create: %v %s", err, out)
	}
}

func clean(ts *testscript.TestScript, neg bool, args []string) {
	if out, err := command(ts, "doctor", "--invariants").CombinedOutput(); err != nil {
		ts.Fatalf("doctor: %v\n%s", err, out)
	}
}

func call(ts *testscript.TestScript, neg bool, args []string) {
	token, key := "", randomKey()
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-as":
			token = ts.Getenv(args[1])
		case "-key":
			key = args[1]
		}
		args = args[2:]
	}
	if len(args) < 3 {
		ts.Fatalf("usage: call [-as NAME] [-key K] STATUS METHOD PATH [FIELD=VALUE…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	path := args[2]
	if !strings.HasPrefix(path, "/.") && !strings.HasPrefix(path, "/dev") {
		path = "/api/v1" + path
	}
	body, contentType := payload(ts, args[3:])
	req, err := http.NewRequest(args[1], "http://"+ts.Getenv("IGNY8_ADDR")+path, body)
	ts.Check(err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if args[1] == "POST" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if strings.HasPrefix(path, "/api/") {
		contract, err := apitest.CheckedIn()
		ts.Check(err)
		ts.Check(contract.Check(args[1], req.URL.EscapedPath(), resp.StatusCode, resp.Header, data))
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, data, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(data)
	}
	ts.Setenv("answer", pretty.String())
	fmt.Fprintln(ts.Stdout(), pretty.String())
	if resp.StatusCode != want {
		ts.Fatalf("%s %s answered %d, want %d:\n%s", args[1], path, resp.StatusCode, want, pretty.String())
	}
}

func randomKey() string {
	b := make([]byte, 8)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// payload makes a JSON body of the fields, or a form when one of them is a file.
func payload(ts *testscript.TestScript, fields []string) (io.Reader, string) {
	if len(fields) == 0 {
		return nil, ""
	}
	body := map[string]any{}
	var form bytes.Buffer
	w, files := multipart.NewWriter(&form), 0
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if file, ok := strings.CutPrefix(value, "@"); ok {
			part, err := w.CreateFormFile(name, filepath.Base(file))
			ts.Check(err)
			part.Write([]byte(ts.ReadFile(file)))
			files++
			continue
		}
		ts.Check(w.WriteField(name, value))
		put(body, name, value)
	}
	ts.Check(w.Close())
	if files > 0 {
		return &form, w.FormDataContentType()
	}
	data, err := json.Marshal(body)
	ts.Check(err)
	return bytes.NewReader(data), "application/json"
}

func put(m map[string]any, name, value string) {
	if first, rest, ok := strings.Cut(name, "."); ok {
		inner, _ := m[first].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			m[first] = inner
		}
		put(inner, rest, value)
		return
	}
	if list, ok := strings.CutSuffix(name, "[]"); ok {
		old, _ := m[list].([]any)
		m[list] = append(old, value)
		return
	}
	switch n, err := strconv.ParseInt(value, 10, 64); {
	case err == nil:
		m[name] = n
	case value == "true" || value == "false":
		m[name] = value == "true"
	default:
		m[name] = value
	}
}

func save(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.Getenv("answer")), &v))
	for p := range strings.SplitSeq(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			n, err := strconv.Atoi(p)
			ts.Check(err)
			if n >= len(x) {
				ts.Fatalf("%s: the list has %d items", args[1], len(x))
			}
			v = x[n]
		}
	}
	if v == nil {
		ts.Fatalf("the answer has no %s", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

func paylink(ts *testscript.TestScript, neg bool, args []string) {
	_, token, ok := strings.Cut(args[0], "/pay/")
	if !ok {
		ts.Fatalf("%s is no pay link", args[0])
	}
	ts.Setenv("token", token)
}
