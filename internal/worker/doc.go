// Package worker does work that is heavy, or that strangers shape, where it disturbs
// nobody: in further processes of the program, at a low priority, without its
// environment, and with an end to the time and memory that one piece takes.
//
// It owns the processes. It does not own what they do, nor how many run at once:
// see kdf for passwords and blob for files. Why it is done so is in
// decisions/0012-passwords-in-a-process.md and decisions/0013-files.md.
package worker
