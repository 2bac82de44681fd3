package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// overlaid is the package that switches mutants on. It exists in the overlay alone.
const overlaid = "igny8/internal/mutants/on"

//go:embed testdata/on.go
var on []byte

// program is what is mutated.
type program struct {
	mutants []mutant
	keys    map[string]int
	overlay map[string]string // path in the tree: path of what is built in its place
	out     string            // the folder of all that is made
	root    string
}

func (p *program) register(dir, where, was, what string, at token.Position) int {
	key := dir + "." + where + ": " + was + " → " + what
	p.keys[key]++
	if n := p.keys[key]; n > 1 {
		key += fmt.Sprintf(" (%d)", n)
	}
	rel, _ := filepath.Rel(p.root, at.Filename)
	p.mutants = append(p.mutants, mutant{id: len(p.mutants) + 1, key: key, dir: dir, at: fmt.Sprintf("%s:%d", rel, at.Line)})
	return len(p.mutants)
}

// without takes a mutant back that would never end.
func (p *program) without(id int) { p.mutants[id-1].key = "" }

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// load mutates the packages in the folders, and writes what is built in their place.
func load(root, out string, dirs []string) (*program, error) {
	p := &program{keys: map[string]int{}, overlay: map[string]string{}, out: out, root: root}
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles"}
	for _, d := range dirs {
		args = append(args, "./"+d)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	exports, packages := map[string]string{}, map[string]listed{}
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the list of packages: %w", err)
		}
		exports[l.ImportPath], packages[l.ImportPath] = l.Export, l
	}
	for _, d := range dirs {
		if err := p.change(d, packages["igny8/"+d], exports); err != nil {
			return nil, err
		}
	}
	if err := p.put(filepath.Join(root, "internal/mutants/on/on.go"), on); err != nil {
		return nil, err
	}
	list, err := json.Marshal(map[string]any{"Replace": p.overlay})
	if err != nil {
		return nil, err
	}
	return p, os.WriteFile(p.overlayFile(), list, 0o600)
}

func (p *program) overlayFile() string { return filepath.Join(p.out, "overlay.json") }

// put lays content over a file of the tree.
func (p *program) put(name string, content []byte) error {
	to := filepath.Join(p.out, fmt.Sprintf("%d.go", len(p.overlay)))
	p.overlay[name] = to
	return os.WriteFile(to, content, 0o600)
}

// change mutates one package.
func (p *program) change(dir string, l listed, exports map[string]string) error {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range l.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	if _, err := config.Check(l.ImportPath, fset, files, info); err != nil {
		return fmt.Errorf("check the types of %s: %w", dir, err)
	}
	for _, f := range files {
		name := fset.Position(f.Pos()).Filename
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		m := &mutator{program: p, dir: dir, fset: fset, info: info, src: src, fails: map[*ast.ReturnStmt]bool{}, done: map[ast.Expr]bool{}}
		var changed []byte
		switch {
		case strings.HasSuffix(name, "queries.sql.go"):
			changed = m.queries(f)
		case !ast.IsGenerated(f):
			changed = m.file(f)
		}
		if changed == nil {
			continue
		}
		if err := p.put(name, changed); err != nil {
			return err
		}
	}
	return nil
}
