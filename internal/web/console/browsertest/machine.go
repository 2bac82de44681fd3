package browsertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// Machine is what all tests of one process share: the built program, a folder of
// demonstration data, and a browser. The zero value is ready; it does its work
// when the first test asks.
type Machine struct {
	program, window sync.Once
	programErr      error
	windowErr       error

	dir     string // holds all below
	binary  string
	demo    string // filled once, copied for each test
	browser context.Context
	end     context.CancelFunc
}

// Main runs the tests of a package and closes the machine after them.
func Main(m *testing.M, x *Machine) int {
	defer x.close()
	return m.Run()
}

func (m *Machine) close() {
	if m.end != nil {
		m.end()
	}
	if m.dir != "" {
		os.RemoveAll(m.dir)
	}
}

// build makes the program and fills the folder of demonstration data.
func (m *Machine) build() error {
	first := false
	m.program.Do(func() { m.programErr, first = m.buildOnce(), true })
	if m.programErr != nil && !first {
		return errors.New("no program to test; the first failure says why")
	}
	return m.programErr
}

func (m *Machine) buildOnce() error {
	var err error
	if m.dir, err = os.MkdirTemp("", "igny8-browser"); err != nil {
		return err
	}
	m.binary, m.demo = filepath.Join(m.dir, "igny8"), filepath.Join(m.dir, "demo")
	if program := os.Getenv("IGNY8_TEST_PROGRAM"); program != "" { // one of yours, when the tree is between two states
		m.binary = program
	} else if out, err := exec.Command("go", "build", "-o", m.binary, "igny8/cmd/igny8").CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	cmd := exec.Command(m.binary, "demo", "--once", "--data", m.demo)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fill the demonstration: %w\n%s", err, out)
	}
	return nil
}

// environment is this process's, without settings of the program, so that a
// developer's own do not change the tests.
func environment(more ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "IGNY8_") {
			env = append(env, kv)
		}
	}
	return append(env, more...)
}

// errNoBrowser tells how to come by a browser.
var errNoBrowser = errors.New("no chromium found: run the tests by make test, which installs it on Debian; or install it and put it on PATH, or into IGNY8_TEST_CHROMIUM. -short skips the tests that need it")

// findBrowser returns the path of the browser.
func findBrowser() (string, error) {
	if path := os.Getenv("IGNY8_TEST_CHROMIUM"); path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", errNoBrowser
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBrowser
}

// open starts the browser.
func (m *Machine) open() error {
	m.window.Do(func() { m.windowErr = m.openOnce() })
	return m.windowErr
}

func (m *Machine) openOnce() error {
	path, err := findBrowser()
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"), // pages reach the program and nothing else
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	m.browser, m.end = browser, func() { closeBrowser(); end() }
	if err := chromedp.Do(browser); err != nil { // starts it; its life is the context's
		return fmt.Errorf("start %s: %w", path, err)
	}
	return nil
}

// ready skips the test under -short, and ends it when there is no browser.
func (m *Machine) ready(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser; not run under -short")
	}
	if err := m.open(); err != nil {
		t.Fatal(err)
	}
}
