package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gatewatch/internal/faults/sink"
	"gatewatch/internal/retry"
)

// trouble is what goes wrong while the log is written.
type trouble struct {
	name string
	// during makes the trouble again and again until ctx ends, and leaves everything running.
	during func(ctx context.Context, c *cell) error
	// bites tells whether the trouble reached the agent; nil when it cannot but do so.
	bites func(*cell, sink.Report) bool
	// disk is the size in MB of a disk of their own that the agent's data are on; 0: they need none.
	disk int
	// clock says that the agent's clock must be one that can jump.
	clock bool
}

func troubles() []trouble {
	return []trouble{
		{name: "calm", during: calm},
		{name: "kill -9", during: killed},
		{name: "503", during: outage(sink.Outage{Status: http.StatusServiceUnavailable}), bites: refusals},
		{name: "429", during: outage(sink.Outage{Status: http.StatusTooManyRequests}), bites: refusals},
		{name: "item 429", during: outage(sink.Outage{Items: true}), bites: says("refused documents")},
		{name: "refused", during: refused, bites: says("connection refused")},
		{name: "SIGHUP", during: hungUp, bites: says("configuration reloaded")},
		{name: "disk full", during: diskFull, bites: says(noSpace), disk: 160},
		{name: "file times", during: fileTimes},
		{name: "clock jump", during: clockJump, clock: true},
	}
}

// noSpace is what the agent says of a full disk.
const noSpace = "no space left"

func refusals(_ *cell, r sink.Report) bool { return r.Refused > 0 }

func says(text string) func(*cell, sink.Report) bool {
	return func(c *cell, _ sink.Report) bool { return c.agent.mentioned(text) }
}

func calm(context.Context, *cell) error { return nil }

// killed ends the agent without a warning, at moments that differ, and leaves the log without a reader for a while:
// every other time long enough for a rotation to be missed.
func killed(ctx context.Context, c *cell) error {
	for i := 0; retry.Sleep(ctx, time.Duration(700+i*170)*time.Millisecond); i++ {
		c.agent.kill()
		c.kills++
		retry.Sleep(ctx, time.Duration(i%2)*rotateEvery)
		if err := c.agent.start(); err != nil {
			return err
		}
		if err := c.agent.ready(); err != nil {
			return err
		}
	}
	return nil
}

// outage makes the cluster fail for half of the time.
func outage(o sink.Outage) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		defer c.sink.Fail(sink.Outage{})
		for retry.Sleep(ctx, 500*time.Millisecond) {
			c.sink.Fail(o)
			retry.Sleep(ctx, time.Second)
			c.sink.Fail(sink.Outage{})
		}
		return nil
	}
}

// refused closes the cluster's port for half of the time.
func refused(ctx context.Context, c *cell) error {
	for retry.Sleep(ctx, 500*time.Millisecond) {
		err := c.server.Close()
		retry.Sleep(ctx, time.Second)
		if err := errors.Join(err, c.server.Open()); err != nil {
			return err
		}
	}
	return nil
}

// hungUp makes the agent read its configuration again: one that exchanges the group of log files, one that exchanges the
// output, one with a mistake.
func hungUp(ctx context.Context, c *cell) error {
	for i := 0; retry.Sleep(ctx, 400*time.Millisecond); i++ {
		logs, output := fmt.Sprintf(", labels: {round: '%d'}", i/3), fmt.Sprintf(", timeout: %ds", 60+(i+2)/3)
		if i%3 == 2 {
			logs = ", format: none"
		}
		if err := errors.Join(c.agent.configure(logs, output), c.agent.cmd.Process.Signal(syscall.SIGHUP)); err != nil {
			return err
		}
	}
	return c.agent.configure("", "")
}

// diskFull fills the disk of the agent's data to the last byte for half of the time, from the beginning, and at first until
// the agent complains: a slow one does so late.
func diskFull(ctx context.Context, c *cell) error {
	ballast := filepath.Join(c.data, "..", "ballast")
	for ctx.Err() == nil {
		if err := fill(ballast); err != nil {
			return err
		}
		retry.Sleep(ctx, 1200*time.Millisecond)
		for late := time.Now().Add(time.Minute); !c.agent.mentioned(noSpace) && time.Now().Before(late); {
			time.Sleep(50 * time.Millisecond)
		}
		if err := os.Remove(ballast); err != nil {
			return err
		}
		retry.Sleep(ctx, 700*time.Millisecond)
	}
	return nil
}

// fill writes a file until the disk is full.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return err
		}
	}
	return nil
}

// fileTimes lets the times of the files jump an hour forth and back, as they do when their server's clock does, and kills
// the agent between: times are what it compares with its own clock and remembers over restarts.
func fileTimes(ctx context.Context, c *cell) error {
	for hours := time.Duration(1); retry.Sleep(ctx, 600*time.Millisecond); hours = -hours {
		at := time.Now().Add(hours * time.Hour)
		files, err := filepath.Glob(filepath.Join(filepath.Dir(c.writer.Path), "*"))
		if err != nil {
			return err
		}
		for _, path := range files {
			if err := os.Chtimes(path, at, at); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if hours > 0 {
			continue
		}
		c.agent.kill()
		c.kills++
		if err := errors.Join(c.agent.start(), c.agent.ready()); err != nil {
			return err
		}
	}
	return nil
}
