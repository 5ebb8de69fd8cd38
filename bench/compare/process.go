package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gatewatch/internal/retry"
)

const (
	settling = 2 * time.Second // how long a program starts
	sealing  = 4 * time.Second // how long it tidies up afterwards
	tick     = 20 * time.Millisecond
	stalled  = 30 * time.Second
	clockHz  = 100 // ticks a second in /proc, the same on all architectures
)

// running is a contender at work.
type running struct {
	dir, log string
	cmd      *exec.Cmd
	said     bytes.Buffer // read only after ended
	printed  atomic.Int64 // the last number on standard output
	arrived  func() int
	ended    chan struct{}
}

// start starts c in a folder of its own and lets it settle. Its log is not there yet.
func (b *bench) start(c contender, format string) (*running, error) {
	dir, err := os.MkdirTemp(b.dir, "run-*")
	if err != nil {
		return nil, err
	}
	r := &running{dir: dir, log: filepath.Join(dir, "logs", "gw.log"), ended: make(chan struct{})}
	if err := os.Mkdir(filepath.Dir(r.log), 0o700); err != nil {
		return nil, err
	}
	if c.fromEnd {
		if err := os.WriteFile(r.log, nil, 0o600); err != nil {
			return nil, err
		}
	}
	if r.cmd, err = c.command(b, dir, r.log, format); err != nil {
		return nil, err
	}
	b.sink.Reset()
	switch {
	case c.sends:
		r.arrived = func() int { return b.sink.Report(0).Documents }
	case c.name == "mtail":
		r.arrived = func() int { return int(b.scraped("read")) }
	default:
		r.arrived = func() int { return int(r.printed.Load()) }
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.cmd.Stderr = &r.said
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go r.follow(stdout) // stop waits for it
	time.Sleep(settling)
	return r, nil
}

// follow takes in what the program prints, until it ends.
func (r *running) follow(stdout io.Reader) {
	defer close(r.ended)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			r.printed.Store(n)
		}
	}
	r.cmd.Wait() // the program is judged by what arrived
}

// stop ends the program, and its folder.
func (r *running) stop() {
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(stalled):
		r.cmd.Process.Kill()
		<-r.ended
	}
	os.RemoveAll(r.dir) // the bench's folder is removed at the end anyway
}

// await waits until all lines have arrived and returns when that was.
func (r *running) await(ctx context.Context, lines int) (time.Time, error) {
	last, since := -1, time.Now()
	for {
		n := r.arrived()
		switch {
		case n >= lines:
			return time.Now(), nil
		case n != last:
			last, since = n, time.Now()
		case time.Since(since) > stalled:
			return since, fmt.Errorf("only %d of %d lines arrived", n, lines)
		}
		select {
		case <-r.ended:
			return since, fmt.Errorf("ended: %.2000s", r.said.String())
		default:
		}
		if !retry.Sleep(ctx, tick) {
			return since, context.Cause(ctx)
		}
	}
}

// cpu is the user and system time of the program so far.
func (r *running) cpu() time.Duration {
	data, err := os.ReadFile(r.proc("stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	ticks := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / clockHz
}

// peakRSS is the most memory the program had, in bytes.
func (r *running) peakRSS() int64 {
	data, err := os.ReadFile(r.proc("status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

func (r *running) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", r.cmd.Process.Pid, name)
}

// scraped returns the value of a metric on the contender's page, or 0.
func (b *bench) scraped(name string) float64 {
	resp, err := http.Get("http://127.0.0.1:" + b.port + "/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		metric, value, _ := strings.Cut(lines.Text(), " ")
		if metric, _, _ = strings.Cut(metric, "{"); metric != name {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return 0
}

// folderSize returns the bytes of the files in dir.
func folderSize(dir string) int64 {
	var size int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && entry.IsDir() {
			return nil // segments come and go
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return nil
	})
	if err != nil {
		return -1
	}
	return size
}
