-- name: Take :one
-- Gives a node a chunk of the window, in one statement; no row when nothing is left.
-- used is what all nodes took, this one included: the last one may go beyond.
INSERT INTO rate_window (key, started_at, used) VALUES (@key, @started_at, @chunk)
ON CONFLICT (key, started_at) DO UPDATE SET used = rate_window.used + @chunk WHERE rate_window.used < @quota RETURNING used;

-- name: DeleteBefore :execrows
DELETE FROM rate_window WHERE started_at < $1;
