// Package job owns work that happens later: a durable queue (River) on both
// databases.
//
// A job is enqueued in the transaction of the business change, so it exists
// exactly when the change does. A worker may run a job more than once: each
// worker makes its effect and its completion agree. What a job does belongs to
// the feature that names it; app registers the workers.
package job
