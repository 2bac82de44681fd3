// Package idem owns idempotency records: the same request with the same key
// gives the same answer and acts once.
//
// A claim is made before the work begins. The story that does the work stores
// its answer with Answer in its own transaction, so effect and answer are there
// together or not at all; a crash in between leaves a claim without effect,
// which another try takes over after a minute. Answers are sealed with a key
// made from the caller's key, so the table alone reveals nothing.
package idem
