package billing

import (
	"context"
	"fmt"
	"time"

	"igny8/internal/billing/billingdb"
	"igny8/internal/blob"
	"igny8/internal/db"
)

// FilesFor is how long a file is kept that no payment refers to: so long a refused
// form may be mended without sending it again.
const FilesFor = 2 * time.Hour

// SweepArgs are the job that runs SweepFiles.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "billing.sweep_files" }

// SweepFiles deletes the files that were put FilesFor ago or earlier and that no
// payment refers to, and returns how many. Several nodes may do so at once, and
// customers may send payments meanwhile.
func (s *Service) SweepFiles(ctx context.Context) (n int, err error) {
	before := s.db.Now().Add(-FilesFor)
	for _, prefix := range blob.Prefixes() {
		hashes, err := s.files.List(ctx, prefix, before)
		if err != nil {
			return n, fmt.Errorf("list files: %w", err)
		}
		if len(hashes) == 0 {
			continue
		}
		needed, err := s.filesNeeded(ctx, prefix)
		if err != nil {
			return n, err
		}
		for _, sha := range hashes {
			if needed[sha] {
				continue
			}
			gone, err := s.files.Sweep(ctx, sha, before, func(ctx context.Context) (bool, error) { return s.fileNeeded(ctx, sha) })
			if err != nil {
				return n, fmt.Errorf("sweep file: %w", err)
			}
			if gone {
				n++
			}
		}
	}
	return n, nil
}

// filesNeeded are the hashes with a prefix that payments refer to.
func (s *Service) filesNeeded(ctx context.Context, prefix string) (map[string]bool, error) {
	needed := map[string]bool{}
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := billingdb.New(tx).FilesNeeded(ctx, billingdb.FilesNeededParams{First: prefix, Last: prefix + "g"}) // behind all digits
		for _, sha := range list {
			needed[sha] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read which files are needed: %w", err)
	}
	return needed, nil
}

func (s *Service) fileNeeded(ctx context.Context, sha string) (needed bool, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := billingdb.New(tx).FileNeeded(ctx, sha)
		needed = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read whether a file is needed: %w", err)
	}
	return needed, nil
}
