package mail

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/job"
	"igny8/internal/mail/maildb"
)

// Trace is a letter and, while it has not left, the job that sends it.
type Trace struct {
	Message
	Job *job.Job // nil for letters that have left
}

// Traces returns the newest letters of the transaction's account that were made
// from a template for one address.
func Traces(ctx context.Context, tx *db.Tx, template, to string, n int32) ([]Trace, error) {
	rows, err := maildb.New(tx).LatestTo(ctx, maildb.LatestToParams{AccountID: tx.Account, Template: template, Recipient: to, Limit: n})
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	list := make([]Trace, len(rows))
	for i, m := range rows {
		list[i].Message = m
		if m.SentAt != nil {
			continue
		}
		jobs, err := job.List(ctx, tx, job.Filter{Kind: SendKind, Arg: "mail", Value: m.ID.String()}, igny8.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(jobs.Items) > 0 {
			list[i].Job = &jobs.Items[0]
		}
	}
	return list, nil
}

// Unsent counts the letters of all accounts that have not left. It needs system
// scope.
func Unsent(ctx context.Context, tx *db.Tx) (int64, error) {
	n, err := maildb.New(tx).CountUnsent(ctx)
	if err != nil {
		return 0, fmt.Errorf("count letters: %w", err)
	}
	return n, nil
}

// SentWithKey reports whether a letter of the account has left whose key begins so.
func SentWithKey(ctx context.Context, tx *db.Tx, account igny8.AccountID, prefix string) (bool, error) {
	n, err := maildb.New(tx).SentWithKey(ctx, maildb.SentWithKeyParams{AccountID: account, Prefix: prefix})
	if err != nil {
		return false, fmt.Errorf("look for a letter: %w", err)
	}
	return n > 0, nil
}
