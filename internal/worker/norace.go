//go:build !race

package worker

const detector = 1
