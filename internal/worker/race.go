//go:build race

package worker

// detector is how many times more memory a program under the race detector takes: its
// own notes of every word count in the same limit.
const detector = 16
