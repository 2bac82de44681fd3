package arch

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs, seen := map[string][]file{}, map[string]bool{}
	for _, f := range files(t, handwritten) {
		seen[f.dir] = true
		if f.ast.Doc != nil {
			docs[f.dir] = append(docs[f.dir], f)
		}
	}
	for dir := range seen {
		switch list := docs[dir]; len(list) {
		case 0:
			t.Errorf("package %s has no comment: add doc.go with \"// Package %s owns …\"", dir, path.Base(dir))
		case 1:
			f := list[0]
			want := "Package " + f.ast.Name.Name + " "
			if f.ast.Name.Name == "main" {
				want = "Command " + path.Base(dir) + " "
			}
			if !strings.HasPrefix(f.ast.Doc.Text(), want) {
				t.Errorf("%s: the package's comment begins with %q", f.path, want)
			}
		default:
			t.Errorf("package %s has its comment in two files, %s and %s: keep one", dir, list[0].path, list[1].path)
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, f := range files(t, handwritten) {
		if f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				checkFunc(t, f, d)
			case *ast.GenDecl:
				checkGroup(t, f, d)
			}
		}
	}
}

func checkFunc(t *testing.T, f file, d *ast.FuncDecl) {
	t.Helper()
	if !d.Name.IsExported() || d.Doc != nil {
		return
	}
	if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
		return
	}
	t.Errorf("%s: %s is exported and has no comment: say what it does, its errors and units", f.at(d.Pos()), d.Name.Name)
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// checkGroup asks for a comment on the group, or on each exported name in it.
func checkGroup(t *testing.T, f file, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: type %s is exported and neither it nor its group has a comment", f.at(spec.Pos()), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s %s is exported and neither it nor its group has a comment", f.at(name.Pos()), word(d.Tok), name.Name)
				}
			}
		}
	}
}

func word(tok token.Token) string { return strings.ToLower(tok.String()) }
