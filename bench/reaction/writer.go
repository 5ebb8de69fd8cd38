package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// providers are those that the gateway talks to, in the order in which they fail. The last one never does. The others are
// called so in messages, too.
var providers = []string{"alipay", "stripe", "paypal", "wechatpay"}

// healthyFailures is the share of attempts that fail when all is well.
const healthyFailures = 0.002

// writer writes a gateway's log, a line an attempt.
type writer struct {
	path string
	rate int

	mu sync.Mutex
	// failing is the provider whose attempts all fail. began gets the time of its first failing line.
	failing string
	began   chan time.Time
}

// fail lets all attempts of a provider fail, or none for "", and returns when the first failing line was written.
func (w *writer) fail(provider string) time.Time {
	began := make(chan time.Time, 1)
	w.mu.Lock()
	w.failing, w.began = provider, began
	w.mu.Unlock()
	if provider == "" {
		return time.Time{}
	}
	return <-began
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) error {
	f, err := os.OpenFile(w.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	ticks := time.NewTicker(time.Second / time.Duration(w.rate))
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case at := <-ticks.C:
			if err := w.line(f, n, at); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (w *writer) line(f *os.File, n int, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	provider := providers[n%len(providers)]
	level, status, code, latency := "info", "success", 200, 200+rand.IntN(300)
	down := provider == w.failing
	if down || rand.Float64() < healthyFailures {
		level, status, code, latency = "error", "failed", 503, 2000+rand.IntN(1000)
	}
	_, err := fmt.Fprintf(f,
		`{"time":%q,"level":%q,"msg":"payment %s","provider":%q,"operation":"pay","order_id":"P%09d","status":%q,"http_status":%d,"latency_ms":%d}`+"\n",
		at.Format(time.RFC3339Nano), level, status, provider, n, status, code, latency)
	if down && w.began != nil {
		w.began <- time.Now()
		w.began = nil
	}
	return err
}
