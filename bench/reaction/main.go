// Command reaction measures how long people wait for the message after a provider's first failing line: Gatewatch with
// its default settings, and mtail with Prometheus and Alertmanager, all on the same log in one run.
//
//	go run ./bench/reaction                                 # print the table
//	go run ./bench/reaction -write docs/benchmarks.md       # and put it into the document
//
// It needs Linux, and Debian's packages mtail, prometheus and prometheus-alertmanager.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"gatewatch/internal/retry"
)

// options are the flags.
type options struct {
	incidents, rate     int
	warm, patience, gap time.Duration
	write               string
}

func main() {
	var o options
	flag.IntVar(&o.incidents, "incidents", 3, "how many providers fail, one after the other; the median counts")
	flag.IntVar(&o.rate, "rate", 20, "payment attempts a second, of all providers together")
	flag.DurationVar(&o.warm, "warm", 150*time.Second, "how long all is well before the first incident; rates over slow scrapes need two of them")
	flag.DurationVar(&o.patience, "patience", 4*time.Minute, "how long a message is waited for")
	flag.DurationVar(&o.gap, "gap", 17*time.Second, "how long all is well between two incidents; no multiple of the intervals, so that they begin at different moments of those")
	flag.StringVar(&o.write, "write", "", "Markdown file whose table is replaced, between the marks in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "reaction:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, o options) (err error) {
	if o.incidents < 1 || o.incidents > len(providers)-1 {
		return fmt.Errorf("-incidents must be from 1 to %d", len(providers)-1)
	}
	dir, err := os.MkdirTemp("", "gatewatch-reaction-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	hook, err := listen()
	if err != nil {
		return err
	}
	defer hook.close()
	log := filepath.Join(dir, "payments.log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running programs
	defer func() { cancel(); running.wait() }()
	all := contenders()
	for _, c := range all {
		if err := c.start(ctx, &running, place{dir: dir, log: log, hook: hook.address(c.name)}); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	w := &writer{path: log, rate: o.rate}
	writing := make(chan error, 1)
	go func() { writing <- w.run(ctx) }() // ends with ctx
	if err := pause(ctx, writing, o.warm); err != nil {
		return err
	}
	var waits []map[string]time.Duration
	for _, provider := range providers[:o.incidents] {
		one, err := incident(ctx, o, w, hook, provider, all)
		if err != nil {
			return err
		}
		waits = append(waits, one)
		if err := pause(ctx, writing, o.gap); err != nil {
			return err
		}
	}
	return report(o, all, waits)
}

// pause waits, and fails when the log cannot be written.
func pause(ctx context.Context, writing <-chan error, d time.Duration) error {
	select {
	case err := <-writing:
		return err
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// incident lets a provider fail until all messages have come, and returns how long each took.
func incident(ctx context.Context, o options, w *writer, h *hook, provider string, all []contender) (map[string]time.Duration, error) {
	began := w.fail(provider)
	defer w.fail("")
	waits := map[string]time.Duration{}
	for deadline := began.Add(o.patience); len(waits) < len(all) && time.Now().Before(deadline); {
		for _, c := range all {
			if at, ok := h.first(c.name, provider, began); ok && waits[c.name] == 0 {
				waits[c.name] = at.Sub(began)
				fmt.Fprintf(os.Stderr, "%s: %s after %.1f s\n", provider, c.name, waits[c.name].Seconds())
			}
		}
		if !retry.Sleep(ctx, 20*time.Millisecond) {
			return nil, context.Cause(ctx)
		}
	}
	return waits, nil
}
