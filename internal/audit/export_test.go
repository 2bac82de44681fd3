package audit

// HashOf is the hash that Record gives a row.
var HashOf = hash
