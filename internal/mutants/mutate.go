package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// mutant is one small change of the code, which is in the test binary beside the code as
// it was written, and is switched on by its number.
type mutant struct {
	id  int    // 1… of this run
	key string // the same from run to run: folder.Function, what it was, what becomes of it
	dir string // of the package that is changed
	at  string // file:line
}

// edit inserts text at an offset of a file.
type edit struct {
	at    int
	text  string
	close bool
	skip  int // bytes that the text stands for
}

// mutator changes one file.
type mutator struct {
	*program
	dir   string
	fset  *token.FileSet
	info  *types.Info
	src   []byte
	edits []edit
	where string                   // the function that is walked
	fails map[*ast.ReturnStmt]bool // of functions whose last result is an error
	done  map[ast.Expr]bool
}

func (m *mutator) off(p token.Pos) int          { return m.fset.Position(p).Offset }
func (m *mutator) text(n ast.Node) string       { return string(m.src[m.off(n.Pos()):m.off(n.End())]) }
func (m *mutator) typeOf(e ast.Expr) types.Type { return m.info.TypeOf(e) }

// wrap calls a function of package on around a node.
func (m *mutator) wrap(n ast.Node, before, after string) {
	m.edits = append(m.edits, edit{at: m.off(n.Pos()), text: before}, edit{at: m.off(n.End()), text: after, close: true})
}

// add numbers a mutant of the node.
func (m *mutator) add(n ast.Node, what string) int {
	was := strings.Join(strings.Fields(m.text(n)), " ")
	if len(was) > 90 {
		was = was[:90] + "…"
	}
	return m.register(m.dir, m.where, was, what, m.fset.Position(n.Pos()))
}

// file returns the source with all its mutants.
func (m *mutator) file(f *ast.File) []byte {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		m.where = name(fn)
		if strings.HasSuffix(m.where, ".init") {
			continue
		}
		m.failing(fn)
		ast.Inspect(fn.Body, m.node)
	}
	if len(m.edits) == 0 {
		return nil
	}
	at := m.off(f.Name.End())
	m.edits = append(m.edits, edit{at: at, text: "; import mutants_on \"" + overlaid + "\""})
	return apply(m.src, m.edits)
}

func name(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	recv := fn.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if ident, ok := recv.(*ast.Ident); ok {
		return ident.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

// apply makes the insertions. At one offset the outer node was found first: it opens
// first and closes last.
func apply(src []byte, edits []edit) []byte {
	var opens, closes []edit
	for _, e := range edits {
		if e.close {
			closes = append(closes, e)
		} else {
			opens = append(opens, e)
		}
	}
	slices.Reverse(closes)
	all := append(closes, opens...)
	slices.SortStableFunc(all, func(a, b edit) int { return a.at - b.at })
	var out []byte
	done := 0
	for _, e := range all {
		out = append(out, src[done:e.at]...)
		out = append(out, e.text...)
		done = e.at + e.skip
	}
	return append(out, src[done:]...)
}

// node is told of each node of a function's body, outer ones first.
func (m *mutator) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.CONST
	case *ast.IfStmt:
		m.condition(n.Cond, true)
	case *ast.ForStmt:
		if n.Cond != nil {
			m.condition(n.Cond, false)
		}
	case *ast.SwitchStmt:
		m.cases(n)
	case *ast.ReturnStmt:
		m.returns(n)
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	case *ast.BinaryExpr:
		m.binary(n)
	case *ast.CallExpr:
		m.call(n)
	case *ast.AssignStmt:
		m.assign(n)
	}
	return true
}

// condition takes each part of a condition as false, and as true.
func (m *mutator) condition(e ast.Expr, both bool) {
	switch x := e.(type) {
	case *ast.ParenExpr:
		m.condition(x.X, both)
		return
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			return // binary sees its parts
		}
	}
	m.part(e, both)
}

func (m *mutator) part(e ast.Expr, both bool) {
	if tv := m.info.Types[e]; tv.Value != nil || m.done[e] || tv.Type == nil {
		return
	}
	m.done[e] = true
	id := m.add(e, "false")
	second := m.add(e, "true")
	if !both {
		m.without(second)
	}
	m.wrap(e, fmt.Sprintf("mutants_on.Is(%d, ", id), ")")
}

// cases are the conditions of a switch without a tag.
func (m *mutator) cases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			m.condition(e, true)
		}
	}
}

// returns loses errors, and takes truths as false and as true.
func (m *mutator) returns(r *ast.ReturnStmt) {
	for i, e := range r.Results {
		t := m.typeOf(e)
		if tv := m.info.Types[e]; t == nil || tv.IsNil() {
			continue
		}
		if _, tuple := t.(*types.Tuple); tuple {
			continue
		}
		if basic, ok := t.Underlying().(*types.Basic); ok && basic.Info()&types.IsBoolean != 0 {
			m.condition(e, true)
		}
		if i == len(r.Results)-1 && m.fails[r] && !wraps(e) {
			m.wrap(e, fmt.Sprintf("mutants_on.Err(%d, ", m.add(e, "nil")), ")")
		}
	}
}

// failing finds the returns that may answer an error.
func (m *mutator) failing(fn *ast.FuncDecl) {
	ast.Inspect(fn, func(n ast.Node) bool {
		var results *ast.FieldList
		var body *ast.BlockStmt
		switch n := n.(type) {
		case *ast.FuncDecl:
			results, body = n.Type.Results, n.Body
		case *ast.FuncLit:
			results, body = n.Type.Results, n.Body
		}
		if body == nil {
			return true
		}
		last := results != nil && types.Identical(m.typeOf(results.List[len(results.List)-1].Type), types.Universe.Lookup("error").Type())
		ast.Inspect(body, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				m.fails[r] = last // an inner function comes later, and decides
			}
			return true
		})
		return true
	})
}

// wraps reports fmt.Errorf: it only words an error that was looked at one line above,
// and that look has mutants of its own.
func wraps(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Errorf"
}

var moved = map[token.Token]string{token.LSS: "Less", token.LEQ: "LessEqual", token.GTR: "More", token.GEQ: "MoreEqual",
	token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Div"}

func (m *mutator) binary(e *ast.BinaryExpr) {
	if e.Op == token.LAND || e.Op == token.LOR {
		m.condition(e.X, true)
		m.condition(e.Y, true)
		return
	}
	f := moved[e.Op]
	tv := m.info.Types[e]
	if f == "" || tv.Value != nil || !m.number(e.X) {
		return
	}
	what := "calculated the other way"
	if e.Op == token.LSS || e.Op == token.LEQ || e.Op == token.GTR || e.Op == token.GEQ {
		what = "bound moved"
	}
	m.wrap(e, fmt.Sprintf("mutants_on.%s(%d, ", f, m.add(e, what)), ")")
	m.edits = append(m.edits, edit{at: m.off(e.OpPos), text: ",", skip: len(e.Op.String())})
}

func (m *mutator) number(e ast.Expr) bool {
	basic, ok := m.typeOf(e).Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsNumeric != 0 && basic.Info()&types.IsComplex == 0
}

// call turns min and max round.
func (m *mutator) call(e *ast.CallExpr) {
	f, ok := e.Fun.(*ast.Ident)
	if !ok || len(e.Args) != 2 || m.info.Types[e].Value != nil {
		return
	}
	if _, builtin := m.info.Uses[f].(*types.Builtin); !builtin || f.Name != "min" && f.Name != "max" {
		return
	}
	id := m.add(e, "the other one")
	m.edits = append(m.edits, edit{at: m.off(f.Pos()), text: "mutants_on." + strings.ToUpper(f.Name[:1]) + f.Name[1:], skip: 3},
		edit{at: m.off(e.Lparen) + 1, text: fmt.Sprintf("%d, ", id)})
}

// assign calculates += and -= the other way.
func (m *mutator) assign(a *ast.AssignStmt) {
	f := map[token.Token]string{token.ADD_ASSIGN: "Add", token.SUB_ASSIGN: "Sub"}[a.Tok]
	if f == "" || !m.number(a.Lhs[0]) {
		return
	}
	id := m.add(a, "calculated the other way")
	m.edits = append(m.edits,
		edit{at: m.off(a.TokPos), text: fmt.Sprintf("= mutants_on.%s(%d, %s, ", f, id, m.text(a.Lhs[0])), skip: 2},
		edit{at: m.off(a.End()), text: ")", close: true})
}

// statements are left out one at a time.
func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		if !removable(s) {
			continue
		}
		m.wrap(s, fmt.Sprintf("if mutants_on.On(%d) { ", m.add(s, "left out")), " }")
	}
}

// removable reports a statement that the code compiles without, and that does
// something: a call, a check of what a call answers, an assignment.
func removable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && !quiet(call)
	case *ast.IfStmt:
		init, ok := s.Init.(*ast.AssignStmt)
		return ok && s.Else == nil && init.Tok == token.DEFINE && calls(init)
	case *ast.AssignStmt:
		return s.Tok == token.ASSIGN && !slices.ContainsFunc(s.Lhs, func(e ast.Expr) bool { return isIdent(e, "_") })
	}
	return false
}

func isIdent(e ast.Expr, name string) bool {
	i, ok := e.(*ast.Ident)
	return ok && i.Name == name
}

func calls(a *ast.AssignStmt) bool {
	_, ok := a.Rhs[0].(*ast.CallExpr)
	return ok && len(a.Rhs) == 1
}

// quiet are calls that no test need see: logs, locks, what never returns.
func quiet(c *ast.CallExpr) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name == "panic"
	case *ast.SelectorExpr:
		return slices.Contains([]string{"Lock", "Unlock", "RLock", "RUnlock", "Done", "Close", "Debug", "Info", "Warn", "Error", "LogAttrs", "Log", "Remove"}, f.Sel.Name)
	}
	return false
}
