package arch

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"strings"
	"testing"
)

const (
	maxFile      = 500  // lines of a file
	maxFunction  = 60   // lines of a function
	maxPackage   = 3000 // lines of a package, without tests and generated code
	maxInterface = 7    // methods of an interface
	maxGlossary  = 600  // lines of the root package that are neither blank nor comment
)

// longFiles and the other lists name what may be larger, with the reason.
var (
	longFiles     = excuses{}
	longFunctions = excuses{}
	bigPackages   = excuses{
		"internal/auth":    "the stories of one login, which share its tables and transactions; the mechanics of second factors are apart in internal/factor",
		"internal/web/api": "the frame of all routes, and the routes themselves with one file per chapter of the reference",
	}
	bigInterfaces = excuses{}
)

func TestFilesAreShort(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t, func(f file) bool { return !f.generated }) {
		n := f.lines()
		if n <= maxFile {
			continue
		}
		if used[f.path] = true; longFiles[f.path] == "" {
			t.Errorf("%s has %d lines, more than %d: one story per file", f.path, n, maxFile)
		}
	}
	longFiles.check(t, used)
}

func TestFunctionsAreShort(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t, handwritten) {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || isTable(fn) {
				continue
			}
			n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			if n <= maxFunction {
				continue
			}
			name := f.dir + "." + fn.Name.Name
			if used[name] = true; longFunctions[name] == "" {
				t.Errorf("%s: %s has %d lines, more than %d: give its steps names", f.at(fn.Pos()), name, n, maxFunction)
			}
		}
	}
	longFunctions.check(t, used)
}

// isTable reports a function that does nothing but return a literal: a table is
// read by row, however long it is.
func isTable(fn *ast.FuncDecl) bool {
	if len(fn.Body.List) != 1 {
		return false
	}
	ret, ok := fn.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return false
	}
	_, ok = ret.Results[0].(*ast.CompositeLit)
	return ok
}

func TestPackagesAreSmall(t *testing.T) {
	sum, used := map[string]int{}, map[string]bool{}
	for _, f := range files(t, handwritten) {
		sum[f.dir] += f.lines()
	}
	for dir, n := range sum {
		if n <= maxPackage {
			continue
		}
		if used[dir] = true; bigPackages[dir] == "" {
			t.Errorf("package %s has %d lines, more than %d: find the second thing it does", dir, n, maxPackage)
		}
	}
	bigPackages.check(t, used)
}

func TestTheGlossaryIsShort(t *testing.T) {
	n := 0
	for _, f := range files(t, func(f file) bool { return f.dir == "." && !f.test }) {
		n += codeLines(f)
	}
	if n > maxGlossary {
		t.Errorf("the root package has %d lines that are neither blank nor comment, more than %d: "+
			"words that one feature uses belong to that feature", n, maxGlossary)
	}
}

// codeLines counts lines that hold code: neither blank nor nothing but comment.
func codeLines(f file) int {
	var s scanner.Scanner
	fset := token.NewFileSet()
	at := fset.AddFile(f.path, -1, len(f.src))
	s.Init(at, f.src, nil, 0) // without ScanComments: comments are skipped
	seen := map[int]bool{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return len(seen)
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue // put in by the scanner at a line's end
		}
		first := at.Line(pos)
		for i := range strings.Count(lit, "\n") + 1 { // raw strings
			seen[first+i] = true
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t, handwritten) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			i, ok := spec.Type.(*ast.InterfaceType)
			if !ok || i.Methods.NumFields() <= maxInterface {
				return true
			}
			name := f.dir + "." + spec.Name.Name
			if used[name] = true; bigInterfaces[name] == "" {
				t.Errorf("%s: %s has %d methods, more than %d: ask for what you use", f.at(spec.Pos()), name, i.Methods.NumFields(), maxInterface)
			}
			return true
		})
	}
	bigInterfaces.check(t, used)
}

func TestNothingRunsBeforeMain(t *testing.T) {
	for _, f := range files(t, handwritten) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init runs unasked; make it a function that app calls", f.at(fn.Pos()))
			}
		}
	}
}

// clocks may read the machine's time; all others take the instant as a parameter.
var clocks = excuses{
	"internal/db":      "the program's clock: every transaction has one instant",
	"internal/mutants": "a tool of development, which measures how long tests take",
}

func TestTimeComesFromOneClock(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t, handwritten) {
		name := f.nameOf("time")
		if name == "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !isIdent(sel.X, name) {
				return true
			}
			switch sel.Sel.Name {
			case "Now", "Since", "Until":
				if used[f.dir] = true; clocks[f.dir] == "" && f.dir != "internal/app" {
					t.Errorf("%s: time.%s reads the machine's clock; take the instant as a parameter, or tx.Now", f.at(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
	clocks.check(t, used)
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
