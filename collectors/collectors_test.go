package collectors

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// collect runs each collector once and returns all samples as exposition text.
func collect(t *testing.T, all ...collector) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := newSet(all, quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.runners {
		r.once(t.Context())
	}
	return exposition(t, reg)
}

func exposition(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	inCatalogue(t, families)
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func parseExposition(t *testing.T, r io.Reader) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// samplesOf returns the sample lines of text that begin with prefix.
func samplesOf(text, prefix string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return strings.Join(found, "\n")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant (%s)\n%s", got, file, want)
	}
}

// fake is a collector of one gauge, as a test needs it.
func fake(do func(ctx context.Context) error) collector {
	m := gauge("fake", "A gauge.")
	return collector{name: "fake", interval: 5 * time.Second, timeout: 2 * time.Second,
		collect: func(ctx context.Context, out *samples) error {
			out.add(m, 1)
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
		s, err := newSet([]collector{fake(func(context.Context) error {
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
			text := exposition(t, reg)
			for _, line := range want {
				if !strings.Contains(text, line+"\n") {
					t.Errorf("after %d collections there is no %q in\n%s", calls.Load(), line, text)
				}
			}
		}
		if text := exposition(t, reg); strings.Contains(text, "fake 1") || strings.Contains(text, "success") {
			t.Errorf("before the first collection there are samples:\n%s", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		expect("fake 1", `gatewatch_collector_success{collector="fake"} 1`)
		lastSuccess := samplesOf(exposition(t, reg), "gatewatch_collector_last_success_timestamp_seconds")
		exposition(t, reg)
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
		s, err := newSet([]collector{fake(func(context.Context) error {
			if calls.Add(1) == 2 {
				<-release // deaf to its context
			}
			return nil
		})}, quiet(), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		text := exposition(t, reg)
		if got := samplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") || samplesOf(text, "fake") != "" {
			t.Errorf("with a hanging collector the samples are\n%s\nwant no success and no old values", text)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("a collector that hangs was called %d times, want 2", n)
		}
		close(release)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := samplesOf(exposition(t, reg), "fake"); got != "fake 1" {
			t.Errorf("after it woke up the samples are %q, want fake 1", got)
		}
		cancel()
		<-done
	})
}

func TestCollectorPanics(t *testing.T) {
	t.Parallel()
	text := collect(t, fake(func(context.Context) error { panic("index out of range") }))
	if got := samplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
		t.Errorf("after a panic: %q, want success 0", got)
	}
}

func TestTooManySamples(t *testing.T) {
	t.Parallel()
	m := gauge("many", "A gauge.", "n")
	text := collect(t, collector{name: "many", timeout: time.Second, collect: func(_ context.Context, out *samples) error {
		for i := range maxSamples + 7 {
			out.add(m, 1, fmt.Sprint(i))
		}
		out.add(m, 1, "\xff")
		return nil
	}})
	if n := strings.Count(text, "\nmany{"); n != maxSamples {
		t.Errorf("%d samples, want %d", n, maxSamples)
	}
	want := `gatewatch_collector_dropped_samples_total{collector="many"} 8`
	if got := samplesOf(text, "gatewatch_collector_dropped"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// series returns the values of a family by their labels, as text.
func series(f *dto.MetricFamily) map[string]float64 {
	found := map[string]float64{}
	for _, m := range f.Metric {
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		var b strings.Builder
		for _, l := range m.Label {
			fmt.Fprintf(&b, "%s=%q,", l.GetName(), l.GetValue())
		}
		found[b.String()] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
	}
	return found
}
