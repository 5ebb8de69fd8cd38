package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"gatewatch/internal/retry"
)

// startTimeout is how long a program may take until it answers.
const startTimeout = 30 * time.Second

// programs are those that run; they end when the context of their start does.
type programs struct{ all []*exec.Cmd }

// start starts the first of names that is installed and waits until it answers at address.
func (p *programs) start(ctx context.Context, address string, names []string, args ...string) error {
	path, err := find(names...)
	if err != nil {
		return err
	}
	said := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr = said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	p.all = append(p.all, cmd)
	for deadline := time.Now().Add(startTimeout); ; {
		resp, err := http.Get("http://" + address + "/metrics")
		if err == nil {
			resp.Body.Close()
			return nil
		}
		if time.Now().After(deadline) || !retry.Sleep(ctx, 100*time.Millisecond) {
			return fmt.Errorf("%s does not answer: %w", path, err)
		}
	}
}

// wait waits until all have ended.
func (p *programs) wait() {
	for _, cmd := range p.all {
		cmd.Wait() // they are told to end by a signal
	}
}

// find returns the path of the first of names that is installed. Debian keeps servers out of ordinary users' PATH.
func find(names ...string) (string, error) {
	for _, name := range names {
		for _, candidate := range []string{name, "/usr/sbin/" + name} {
			if path, err := exec.LookPath(candidate); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not installed: apt-get install mtail prometheus prometheus-alertmanager", names[0])
}

// free returns an address that nothing listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func write(file, format string, args ...any) error {
	return os.WriteFile(file, fmt.Appendf(nil, format, args...), 0o600)
}
