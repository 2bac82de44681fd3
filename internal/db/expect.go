package db

import "context"

type expectKey struct{}

// Expecting returns a context in which Expected asks f whether an object is still as
// the caller saw it. f gets the object as the story read it.
func Expecting(ctx context.Context, f func(current any) error) context.Context {
	return context.WithValue(ctx, expectKey{}, f)
}

// Expects reports whether somebody asks how an object is before it changes, for
// stories that would not read it otherwise.
func Expects(ctx context.Context) bool { return ctx.Value(expectKey{}) != nil }

// Expected refuses, with the error of the caller's own, when the object that a story
// is about to change is not as the caller saw it. Stories call it inside their
// transaction, where nobody else can change the object any more.
func Expected(ctx context.Context, current any) error {
	f, ok := ctx.Value(expectKey{}).(func(any) error)
	if !ok {
		return nil
	}
	return f(current)
}
