package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"igny8"
)

// errOutcomeUnknown answers a lost COMMIT reply: the work may or may not be done.
var errOutcomeUnknown = igny8.E(igny8.Unavailable, "outcome_unknown",
	"The answer of the database was lost, so it is not known whether this was done. Send the same request with the same Idempotency-Key again.").
	Retry(2 * time.Second)

// errOutage is the cause of refusals while PostgreSQL is known not to answer.
var errOutage = errors.New("PostgreSQL has stopped answering")

// errLocked says that another process holds the lock file.
var errLocked = errors.New("locked")

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// ioError is PostgreSQL's code for a disk that does not work.
const ioError = "58030"

// sqlState returns PostgreSQL's five-character code, or SQLite's primary result
// code as "sqlite:N" (extended codes for constraints).
func sqlState(err error) (string, bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code, true
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch code, primary := lite.Code(), lite.Code()&0xff; {
		case code == 2067 || code == 1555: // UNIQUE, PRIMARY KEY
			return "23505", true
		case code == 787: // FOREIGN KEY
			return "23503", true
		case code == 275: // CHECK
			return "23514", true
		case code == 1811: // RAISE(ABORT) in a trigger
			return "23000", true
		case primary == sqliteBusy || primary == sqliteLocked:
			return "55P03", true
		case primary == sqliteFull:
			return "53100", true
		case primary == sqliteIOErr || primary == sqliteCantOpen || primary == sqliteCorrupt || primary == sqliteNotADB,
			primary == sqliteReadOnly && code != sqliteReadOnly: // the plain one is our own fault: to write in a read transaction
			return ioError, true
		}
		return "sqlite", true
	}
	return "", false
}

// unsynced reports whether the disk took all of a COMMIT, and then failed to say that
// it keeps it.
func unsynced(err error) bool {
	const ioErrFsync, ioErrDirFsync = 1034, 1290
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code() == ioErrFsync || lite.Code() == ioErrDirFsync)
}

// retryable reports whether the transaction lost a race and may simply run again.
func retryable(err error) bool {
	code, _ := sqlState(err)
	return code == "40001" || code == "40P01"
}

// Absent reports whether a query found no row.
func Absent(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Duplicate reports whether a row with the same unique value is there already. The
// transaction is of no more use then.
func Duplicate(err error) bool {
	code, _ := sqlState(err)
	return code == "23505"
}

// translate turns what the drivers say into the project's errors. Errors of the
// project pass unchanged. A single query that finds nothing means not_found; an absent
// row that a story wrapped, and every broken constraint, is a fault of ours and stays
// one: where absence or a duplicate is meant, the feature asks Absent or Duplicate.
func translate(err error) error {
	var known *igny8.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case err == sql.ErrNoRows:
		return igny8.ErrNotFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return igny8.E(igny8.Unavailable, "cancelled", "The request took too long or was given up; nothing was changed.").
			Retry(2 * time.Second).Because(err)
	}
	code, ok := sqlState(err)
	if !ok {
		var net net.Error
		if errors.As(err, &net) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) ||
			errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "conn closed") {
			return unavailable(err)
		}
		return err
	}
	switch code {
	case "53100":
		return igny8.E(igny8.Unavailable, "storage_full", "The server's disk is full; nothing was changed. Try again later.").
			Retry(time.Minute).Because(err)
	case ioError, "XX001", "XX002": // and what PostgreSQL says of damaged pages and indexes
		return igny8.E(igny8.Unavailable, "storage_unavailable", "The server's disk does not work at this moment; nothing was changed. Try again later.").
			Retry(time.Minute).Because(err)
	case "40001", "40P01", "55P03", "57014":
		return igny8.E(igny8.Unavailable, "busy", "The database is busy; nothing was changed. Try again.").
			Retry(time.Second).Because(err)
	}
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") || code == "53300" {
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error {
	return igny8.E(igny8.Unavailable, "database_unavailable", "The database does not answer; nothing was changed. Try again.").
		Retry(2 * time.Second).Because(err)
}
