package auth

import "context"

// WriteLetter does what the queue does with a letter that was asked for.
func (s *Service) WriteLetter(ctx context.Context, purpose, email string) error {
	return s.write(ctx, letterArgs{purpose, email})
}
