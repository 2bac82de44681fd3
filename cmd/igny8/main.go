// Command igny8 is the whole program: the server, the demonstration and the
// operator's tools.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"igny8/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app.Standalone = true
	os.Exit(app.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
