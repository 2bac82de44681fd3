package backup

// epoch ends what was issued before a restore: what was logged out, used or revoked
// after the backup was made would be good again otherwise. An access token is good
// only with its session. API keys stay, since programs cannot log in again: the
// operator is told to look at them.
var epoch = []string{
	"DELETE FROM refresh_token",
	"DELETE FROM console_token",
	"DELETE FROM session",
	"DELETE FROM email_token",
	"DELETE FROM email_change",
	"DELETE FROM login_challenge",
	"DELETE FROM setting WHERE name = 'setup_link'",
	"UPDATE invitation SET expires_at = created_at WHERE accepted_at IS NULL AND revoked_at IS NULL",
	"UPDATE ownership_transfer SET expires_at = created_at WHERE accepted_at IS NULL AND ended_at IS NULL",
}
