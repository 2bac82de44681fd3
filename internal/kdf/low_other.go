//go:build !linux

package kdf

import "os/exec"

func startLow(cmd *exec.Cmd) error { return cmd.Start() }
