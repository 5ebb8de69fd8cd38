package collect_test

import (
	"bytes"
	"context"
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

// counted is a collector that counts its collections and what became of them.
type counted struct {
	name    string
	calls   atomic.Int32
	stopped atomic.Int32
	// deaf is what it waits for without hearing its context; nil: for nothing.
	deaf chan bool
}

func (c *counted) made(of any) collect.Collector {
	m := collect.Counter("jobs_total", "Collections.", "name")
	return collect.Collector{
		Name: c.name, Interval: 10 * time.Second, Timeout: time.Second, MadeOf: of,
		Collect: func(_ context.Context, out *collect.Samples) error {
			n := c.calls.Add(1)
			if c.deaf != nil {
				<-c.deaf
			}
			out.Add(m, float64(n), c.name)
			return nil
		},
		Stop: func() { c.stopped.Add(1) },
	}
}

// calls returns the samples of counted collectors.
func calls(t *testing.T, reg *prometheus.Registry) string {
	return collecttest.SamplesOf(collecttest.Exposition(t, reg), "jobs_total")
}

func TestExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept, changed, gone := &counted{name: "kept"}, &counted{name: "changed"}, &counted{name: "gone"}
		reg := prometheus.NewRegistry()
		var log bytes.Buffer
		s, err := collect.NewSet([]collect.Collector{kept.made([]string{"a"}), changed.made("old"), gone.made("x")},
			slog.New(slog.NewTextHandler(&log, nil)), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(4 * time.Second)

		again, next, added := &counted{name: "kept"}, &counted{name: "changed"}, &counted{name: "added"}
		s.Exchange(t.Context(), []collect.Collector{added.made("y"), again.made([]string{"a"}), next.made("new")})
		synctest.Wait()
		want := `jobs_total{name="added"} 1` + "\n" + `jobs_total{name="changed"} 1` + "\n" + `jobs_total{name="kept"} 1`
		if got := calls(t, reg); got != want {
			t.Errorf("after the exchange:\n%s\nwant\n%s", got, want)
		}
		if k, c, g := kept.stopped.Load(), changed.stopped.Load(), gone.stopped.Load(); k != 0 || c != 1 || g != 1 {
			t.Errorf("kept, changed and gone were stopped %d, %d and %d times, want 0, 1 and 1", k, c, g)
		}
		if text := collecttest.Exposition(t, reg); strings.Contains(text, `"gone"`) {
			t.Errorf("what was taken out is still told of:\n%s", text)
		}
		if want := `started="[added changed]" stopped="[changed gone]"`; !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, &log)
		}

		time.Sleep(7 * time.Second) // the next turn of what was kept, and perhaps of what began 4 s later
		synctest.Wait()
		if k, a, n := kept.calls.Load(), again.calls.Load(), next.calls.Load(); k != 2 || a != 0 || n < 1 || n > 2 {
			t.Errorf("11 s after the start: kept %d, made again %d, new %d collections; want 2, 0, 1 or 2", k, a, n)
		}
		s.Exchange(t.Context(), nil)
		if got := calls(t, reg); got != "" || kept.stopped.Load() != 1 || next.stopped.Load() != 1 {
			t.Errorf("without collectors there are samples %q, stopped %d and %d times", got, kept.stopped.Load(), next.stopped.Load())
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	})
}

// What takes the place of a collector that hangs begins when that has ended; nothing else waits for it.
func TestExchangeOfWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deaf := &counted{name: "disk", deaf: make(chan bool)}
		reg := prometheus.NewRegistry()
		var log bytes.Buffer
		s, err := collect.NewSet([]collect.Collector{deaf.made(1)}, slog.New(slog.NewTextHandler(&log, nil)), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()

		second, third, other := &counted{name: "disk"}, &counted{name: "disk"}, &counted{name: "other"}
		began := time.Now()
		s.Exchange(t.Context(), []collect.Collector{second.made(2), other.made(1)})
		if took := time.Since(began); took != 5*time.Second || !strings.Contains(log.String(), "collector does not stop") {
			t.Errorf("the exchange waited %s, want 5s, and logged\n%s", took, &log)
		}
		if d, o := second.calls.Load(), other.calls.Load(); d != 0 || o != 1 {
			t.Errorf("beside what hangs its successor collected %d times, another one %d times; want 0 and 1", d, o)
		}
		if want := `gatewatch_collector_success{collector="disk"} 0` + "\n"; !strings.Contains(collecttest.Exposition(t, reg), want) {
			t.Errorf("of what waits for one that hangs there is no %q", want)
		}
		stopping, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		s.Exchange(stopping, []collect.Collector{third.made(3), other.made(1)})
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("an exchange whose context ended after a second ended %s after the first began, want 6s", took)
		}
		close(deaf.deaf)
		synctest.Wait()
		if b, c := second.calls.Load(), third.calls.Load(); b != 0 || c != 1 {
			t.Errorf("after it woke up its successors collected %d and %d times, want 0 and 1", b, c)
		}
		if got, want := calls(t, reg), `jobs_total{name="disk"} 1`; !strings.HasPrefix(got, want) {
			t.Errorf("after it woke up the samples are\n%s\nwant those of its successor", got)
		}
		cancel()
		<-done
	})
}

func TestExchangeOutsideRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second, third := &counted{name: "a"}, &counted{name: "b"}, &counted{name: "c"}
		reg := prometheus.NewRegistry()
		s, err := collect.NewSet([]collect.Collector{first.made(nil)}, collecttest.Quiet(), reg)
		if err != nil {
			t.Fatal(err)
		}
		s.Exchange(t.Context(), []collect.Collector{second.made(nil)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		cancel()
		<-done
		s.Exchange(t.Context(), []collect.Collector{third.made(nil)})
		synctest.Wait()
		if a, b, c := first.calls.Load(), second.calls.Load(), third.calls.Load(); a != 0 || b != 1 || c != 0 {
			t.Errorf("exchanged before and after Run: %d, %d and %d collections, want 0, 1 and 0", a, b, c)
		}
	})
}

// Whoever gathers during exchanges finds all that is kept, and never a name from two collectors with two meanings.
func TestExchangeDuringScrapes(t *testing.T) {
	t.Parallel()
	constant := func(name, help string, of int) collect.Collector {
		m := collect.Gauge(name, help)
		return collect.Collector{Name: "of_" + name, Interval: time.Hour, Timeout: time.Second, MadeOf: of,
			Collect: func(_ context.Context, out *collect.Samples) error {
				out.Add(m, 1)
				return nil
			}}
	}
	files := func(of int, all ...string) collect.Collector {
		c := constant("files", "What files say.", of)
		own := c.Collect
		c.Collect = func(ctx context.Context, out *collect.Samples) error {
			for _, name := range all {
				out.Add(collect.Gauge(name, "As a file says."), 1)
			}
			return own(ctx, out)
		}
		return c
	}
	sides := [][]collect.Collector{
		{constant("kept", "Always there.", 0), files(0, "moved")},
		{constant("moved", "As a collector says.", 0), constant("kept", "Always there.", 0), files(1)},
	}
	reg := prometheus.NewRegistry()
	s, err := collect.NewSet(sides[0], collecttest.Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	done, exchanged := make(chan error), make(chan bool)
	go func() { done <- s.Run(ctx) }()
	go func() {
		defer close(exchanged)
		for i := range 300 {
			s.Exchange(ctx, sides[(i+1)%2])
		}
	}()
	for n, ended := 0, false; !ended; n++ {
		select {
		case <-exchanged:
			ended = true
		default:
		}
		families, err := reg.Gather()
		if err != nil {
			t.Fatalf("scrape %d: %v", n, err)
		}
		found := false
		for _, f := range families {
			found = found || f.GetName() == "kept"
		}
		if !found {
			t.Fatalf("scrape %d has no sample of what is kept: %v", n, fmt.Sprint(families))
		}
	}
	cancel()
	<-done
}
