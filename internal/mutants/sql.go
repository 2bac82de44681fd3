package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

var (
	conjunct = regexp.MustCompile(`\b(?:WHERE|AND) `)
	// tenant conditions are taken away one at a time by a test of internal/arch, from every query
	tenant = regexp.MustCompile(`\baccount_id = `)
	ends   = regexp.MustCompile(`^(?: AND | OR | RETURNING | ORDER BY | GROUP BY | LIMIT | ON CONFLICT | FOR UPDATE|\nWHERE | WHERE |\nORDER |\n  AND |\nAND |\nGROUP |\nRETURNING |\nLIMIT |\n\z|;|\z)`)
)

// queries turns the texts of a file that sqlc wrote into variables: the query as it
// was written, or one without one of its conditions.
func (m *mutator) queries(f *ast.File) []byte {
	ids := map[string][]string{}
	for _, d := range f.Decls {
		if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.CONST && len(gen.Specs) == 1 {
			m.query(gen, ids)
		}
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if i, ok := n.(*ast.Ident); ok && len(ids[i.Name]) > 0 {
				m.edits = append(m.edits, edit{at: m.off(fn.Body.Lbrace) + 1, text: " mutants_on.Query(" + strings.Join(ids[i.Name], ", ") + "); "})
				return false
			}
			return true
		})
	}
	if len(m.edits) == 0 {
		return nil
	}
	m.edits = append(m.edits, edit{at: m.off(f.Name.End()), text: "; import mutants_on \"" + overlaid + "\""})
	return apply(m.src, m.edits)
}

func (m *mutator) query(gen *ast.GenDecl, ids map[string][]string) {
	spec := gen.Specs[0].(*ast.ValueSpec)
	lit, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	m.where = spec.Names[0].Name
	var mutants strings.Builder
	for _, at := range conjunct.FindAllStringIndex(text, -1) {
		end := at[1] + conditionEnd(text[at[1]:])
		was := text[at[1]:end]
		if was == "" || strings.Contains(was, "--") || tenant.MatchString(was) {
			continue
		}
		id := m.register(m.dir, m.where, strings.Join(strings.Fields(was), " "), "always true", m.fset.Position(gen.Pos()))
		fmt.Fprintf(&mutants, ", %d, %s", id, strconv.Quote(text[:at[1]]+"("+was+" OR TRUE)"+text[end:]))
		ids[m.where] = append(ids[m.where], strconv.Itoa(id))
	}
	if mutants.Len() == 0 {
		return
	}
	m.edits = append(m.edits, edit{at: m.off(gen.TokPos), text: "var", skip: len("const")})
	m.wrap(lit, "mutants_on.SQL(", mutants.String()+")")
}

// conditionEnd is where the condition that the text begins with ends.
func conditionEnd(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return i
			}
		}
		if depth == 0 && ends.MatchString(text[i:]) {
			if strings.Contains(text[:i], "BETWEEN") && !strings.Contains(text[:i], " AND ") && strings.HasPrefix(text[i:], " AND ") {
				continue
			}
			return i
		}
	}
	return len(text)
}
