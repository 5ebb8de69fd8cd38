package collect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// fake is a collector of one gauge, as a test needs it.
func fake(do func(ctx context.Context) error) collect.Collector {
	m := collect.Gauge("fake", "A gauge.")
	return collect.Collector{Name: "fake", Interval: 5 * time.Second, Timeout: 2 * time.Second,
		Collect: func(ctx context.Context, out *collect.Samples) error {
			out.Add(m, 1)
			return do(ctx)
		}}
}

func TestSetServesTheLastSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var broken atomic.Bool
		var log bytes.Buffer
		reg := prometheus.NewRegistry()
		s, err := collect.NewSet([]collect.Collector{fake(func(context.Context) error {
			calls.Add(1)
			if broken.Load() {
				return errors.New("broken")
			}
			return nil
		})},
			slog.New(slog.NewTextHandler(&log, nil)), reg)
		if err != nil {
			t.Fatal(err)
		}
		expect := func(want ...string) {
			t.Helper()
			text := collecttest.Exposition(t, reg)
			for _, line := range want {
				if !strings.Contains(text, line+"\n") {
					t.Errorf("after %d collections there is no %q in\n%s", calls.Load(), line, text)
				}
			}
		}
		if text := collecttest.Exposition(t, reg); strings.Contains(text, "fake 1") || strings.Contains(text, "success") {
			t.Errorf("before the first collection there are samples:\n%s", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		expect("fake 1", `gatewatch_collector_success{collector="fake"} 1`)
		lastSuccess := collecttest.SamplesOf(collecttest.Exposition(t, reg), "gatewatch_collector_last_success_timestamp_seconds")
		collecttest.Exposition(t, reg)
		if n := calls.Load(); n != 1 {
			t.Errorf("after the start and three scrapes there were %d collections, want 1", n)
		}
		broken.Store(true)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		expect(`gatewatch_collector_success{collector="fake"} 0`, lastSuccess)
		if n := calls.Load(); n != 3 {
			t.Errorf("after 11s there were %d collections, want 3", n)
		}
		broken.Store(false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		expect(`gatewatch_collector_success{collector="fake"} 1`)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
		if n := strings.Count(log.String(), "collector fails"); n != 1 {
			t.Errorf("two failures in a row were logged %d times, want once:\n%s", n, log.String())
		}
	})
}

func TestHangingCollector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		reg := prometheus.NewRegistry()
		release := make(chan bool)
		s, err := collect.NewSet([]collect.Collector{fake(func(context.Context) error {
			if calls.Add(1) == 2 {
				<-release // deaf to its context
			}
			return nil
		})}, collecttest.Quiet(), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		text := collecttest.Exposition(t, reg)
		if got := collecttest.SamplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") || collecttest.SamplesOf(text, "fake") != "" {
			t.Errorf("with a hanging collector the samples are\n%s\nwant no success and no old values", text)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("a collector that hangs was called %d times, want 2", n)
		}
		close(release)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := collecttest.SamplesOf(collecttest.Exposition(t, reg), "fake"); got != "fake 1" {
			t.Errorf("after it woke up the samples are %q, want fake 1", got)
		}
		cancel()
		<-done
	})
}

func TestCollectorPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	s, err := collect.NewSet([]collect.Collector{fake(func(context.Context) error { panic("index out of range") })}, slog.New(slog.NewTextHandler(&log, nil)), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	if got := collecttest.SamplesOf(collecttest.Exposition(t, reg), "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
		t.Errorf("after a panic: %q, want success 0", got)
	}
	if says := log.String(); !strings.Contains(says, "panic: index out of range, in collect_test.TestCollectorPanics") || !strings.Contains(says, "of set_test.go") {
		t.Errorf("the log says %s, want what happened and where", says)
	}
}

func TestTooManySamples(t *testing.T) {
	t.Parallel()
	m := collect.Gauge("many", "A gauge.", "n")
	text := collecttest.Collect(t, collect.Collector{Name: "many", Timeout: time.Second, Collect: func(_ context.Context, out *collect.Samples) error {
		for i := range 5000 + 7 {
			out.Add(m, 1, fmt.Sprint(i))
		}
		out.Add(m, 1, "\xff")
		return nil
	}})
	if n := strings.Count(text, "\nmany{"); n != 5000 {
		t.Errorf("%d samples, want 5000", n)
	}
	want := `gatewatch_collector_dropped_samples_total{collector="many"} 8`
	if got := collecttest.SamplesOf(text, "gatewatch_collector_dropped"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLongLabel cuts what would fill the memory.
func TestLongLabel(t *testing.T) {
	t.Parallel()
	m := collect.Gauge("fake", "A gauge.", "name")
	text := collecttest.Collect(t, collect.Collector{Name: "fake", Timeout: time.Minute, Collect: func(_ context.Context, out *collect.Samples) error {
		out.Add(m, 1, strings.Repeat("ü", 100_000))
		out.Add(m, 2, strings.Repeat("x", 1024))
		return nil
	}})
	collecttest.WantLines(t, text, `fake{name="`+strings.Repeat("ü", 512)+`…"} 1`, `fake{name="`+strings.Repeat("x", 1024)+`"} 2`)
}
