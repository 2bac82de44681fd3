// Package mail owns letters: their texts, the row each one is, and sending.
//
// A letter is written in the transaction of what it tells of and sent by a job
// afterwards, so nobody is told of something rolled back. Sending is a Sender
// (gateway/smtp); without one, letters are kept and shown at /dev/mail.
package mail
