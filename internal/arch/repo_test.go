package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the repository's folder, seen from this one.
const root = "../.."

// file is one Go file of the module, whatever its build tags.
type file struct {
	path      string // from the repository's folder, with slashes
	dir       string // its folder, "." for the root
	src       []byte
	fset      *token.FileSet
	ast       *ast.File
	test      bool // name ends in _test.go
	generated bool
}

// repo reads all Go files of the module once.
var repo = sync.OnceValues(func() ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(name, root), string(filepath.Separator)))
		if d.IsDir() {
			if skipped(rel) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := parse(name, rel)
		files = append(files, f)
		return err
	})
	return files, err
})

// skipped reports folders that hold no code of the module.
func skipped(rel string) bool {
	base := path.Base(rel)
	return rel != "" && (strings.HasPrefix(base, ".") || base == "testdata" || rel == "tools" || rel == "bin")
}

func parse(name, rel string) (file, error) {
	f := file{path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), fset: token.NewFileSet()}
	var err error
	if f.src, err = os.ReadFile(name); err != nil {
		return f, err
	}
	f.ast, err = parser.ParseFile(f.fset, rel, f.src, parser.ParseComments)
	if err != nil {
		return f, err
	}
	f.generated = ast.IsGenerated(f.ast)
	return f, nil
}

// files returns all files, or those that keep wants.
func files(t *testing.T, keep func(file) bool) []file {
	t.Helper()
	all, err := repo()
	if err != nil {
		t.Fatalf("the repository's Go files cannot be read: %v", err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(f file) bool { return !keep(f) })
}

func product(f file) bool     { return !f.test }
func handwritten(f file) bool { return !f.test && !f.generated }

func (f file) at(p token.Pos) string {
	pos := f.fset.Position(p)
	return pos.Filename + ":" + strconv.Itoa(pos.Line)
}

func (f file) lines() int { return bytes.Count(f.src, []byte("\n")) }

// imports returns the paths that the file imports.
func (f file) imports() []string {
	var out []string
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // the parser saw to it
		out = append(out, p)
	}
	return out
}

// nameOf is the name under which the file knows an imported package, "" when it
// does not import it.
func (f file) nameOf(importPath string) string {
	for _, i := range f.ast.Imports {
		if i.Path.Value != strconv.Quote(importPath) {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// literals calls f with every string of the file.
func (f file) literals(visit func(at token.Pos, text string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				visit(lit.Pos(), text)
			}
		}
		return true
	})
}

// excuses is a list of exceptions with their reasons.
type excuses map[string]string

// check fails the test for exceptions without a reason or without a use.
func (e excuses) check(t *testing.T, used map[string]bool) {
	t.Helper()
	for name, reason := range e {
		if reason == "" {
			t.Errorf("the exception %q has no reason; write one", name)
		}
		if !used[name] {
			t.Errorf("the exception %q is no longer needed; delete it", name)
		}
	}
}
