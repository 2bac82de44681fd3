package db

import (
	"context"
	"database/sql"
	"sync"
)

// maxStatements bounds what a program's texts come to, should some be made at run time.
const maxStatements = 1000

// statements keeps a SQLite pool's statements prepared: for a short query, parsing
// costs more than running. For PostgreSQL pgx does this by itself.
type statements struct {
	pool *sql.DB
	lock sync.RWMutex
	kept map[string]*sql.Stmt
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, kept: map[string]*sql.Stmt{}}
}

func (s *statements) find(text string) *sql.Stmt {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.kept[text]
}

// keep prepares texts for the next transaction. It must run outside of one, since
// SQLite's writer has a single connection. What fails is tried again next time.
func (s *statements) keep(ctx context.Context, texts []string) {
	for _, text := range texts {
		if !s.wants(text) {
			continue
		}
		if st, err := s.pool.PrepareContext(ctx, text); err == nil {
			s.add(text, st)
		}
	}
}

func (s *statements) wants(text string) bool {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.kept[text] == nil && len(s.kept) < maxStatements
}

func (s *statements) add(text string, st *sql.Stmt) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.kept[text] != nil { // another transaction was faster
		st.Close()
		return
	}
	s.kept[text] = st
}

// prepared is a SQLite transaction that runs prepared statements. The rows of a
// query must be closed before the same text is run again.
type prepared struct {
	*sql.Tx
	statements *statements
	missing    []string
}

func (p *prepared) statement(ctx context.Context, text string) *sql.Stmt {
	if st := p.statements.find(text); st != nil {
		return p.Tx.StmtContext(ctx, st)
	}
	p.missing = append(p.missing, text)
	return nil
}

func (p *prepared) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if st := p.statement(ctx, text); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return p.Tx.ExecContext(ctx, text, args...)
}

func (p *prepared) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if st := p.statement(ctx, text); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return p.Tx.QueryContext(ctx, text, args...)
}

func (p *prepared) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	if st := p.statement(ctx, text); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return p.Tx.QueryRowContext(ctx, text, args...)
}
