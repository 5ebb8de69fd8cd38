package detect_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"

	"gatewatch/detect"
)

// answers are what a source says, by query.
type answers map[string][]detect.Point

func (a answers) Query(_ context.Context, expr string, _ time.Time) ([]detect.Point, error) {
	points, ok := a[expr]
	if !ok {
		return nil, errors.New("no such query")
	}
	return points, nil
}

func point(v float64, labels ...string) detect.Point {
	p := detect.Point{Labels: map[string]string{}, Value: v}
	for i := 0; i < len(labels); i += 2 {
		p.Labels[labels[i]] = labels[i+1]
	}
	return p
}

// config watches one rate by provider and code, one count and one gauge.
func config() detect.Config {
	c := detect.DefaultConfig()
	c.Watches = []detect.Watch{
		{Name: "codes", Kind: detect.Rate, Query: "bad", Total: "all"},
		{Name: "attempts", Kind: detect.Count, Query: "all"},
		{Name: "latency", Kind: detect.Gauge, Query: "slow"},
	}
	return c
}

func usual() answers {
	return answers{
		"bad":  {point(3, "provider", "alipay", "code", "BUSY")},
		"all":  {point(100, "provider", "alipay")},
		"slow": {point(0.5, "__name__", "x", "provider", "alipay")},
	}
}

var start = time.Unix(1_800_000_000, 0)

func evaluate(w *detect.Watcher, from, to int) {
	for m := from; m < to; m++ {
		w.Evaluate(context.Background(), start.Add(time.Duration(m)*time.Minute))
	}
}

func newWatcher(cfg detect.Config, path string, source detect.Source) (*detect.Watcher, *prometheus.Registry) {
	reg := prometheus.NewRegistry()
	return detect.New(cfg, path, source, slog.New(slog.DiscardHandler), reg), reg
}

func expect(t *testing.T, reg *prometheus.Registry, name, want string) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			v := "0"
			if x := m.GetGauge().GetValue() + m.GetCounter().GetValue(); x >= 1 {
				v = ">=1"
			}
			lines = append(lines, strings.Join(labels, ",")+" "+v)
		}
	}
	slices.Sort(lines)
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("%s =\n%s\nwant\n%s", name, got, want)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	source := usual()
	w, reg := newWatcher(config(), "", source)
	expect(t, reg, "gatewatch_anomaly_score", "")
	evaluate(w, 0, 200)
	expect(t, reg, "gatewatch_anomaly_score", `code=BUSY,provider=alipay,watch=codes 0
provider=alipay,watch=attempts 0
provider=alipay,watch=latency 0`)
	// Many codes of one kind, no attempts beside it in the answer, slow.
	source["bad"] = []detect.Point{point(70, "provider", "alipay", "code", "BUSY")}
	source["slow"] = []detect.Point{point(9, "provider", "alipay")}
	evaluate(w, 200, 203)
	expect(t, reg, "gatewatch_anomaly_score", `code=BUSY,provider=alipay,watch=codes >=1
provider=alipay,watch=attempts 0
provider=alipay,watch=latency >=1`)
	// Counts that are not there are zero; a share of nothing and a gauge that is not there are not looked at.
	source["bad"], source["all"], source["slow"] = nil, nil, nil
	evaluate(w, 203, 206)
	expect(t, reg, "gatewatch_anomaly_score", `provider=alipay,watch=attempts >=1`)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

func TestAbsurdValues(t *testing.T) {
	t.Parallel()
	source := usual()
	w, reg := newWatcher(config(), "", source)
	evaluate(w, 0, 200)
	for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 1e300} {
		source["bad"][0].Value, source["all"][0].Value, source["slow"][0].Value = v, v, v
		evaluate(w, 200+i, 201+i)
	}
	source["bad"][0].Value = 3
	source["all"] = []detect.Point{point(100, "provider", "alipay", "__name__", "a"), point(0, "provider", "alipay", "__name__", "b")}
	source["slow"][0].Value = 0.5
	evaluate(w, 205, 206)
	expect(t, reg, "gatewatch_anomaly_value", `code=BUSY,provider=alipay,watch=codes 0
provider=alipay,watch=attempts >=1
provider=alipay,watch=latency 0`)
}

func TestFailingQuery(t *testing.T) {
	t.Parallel()
	source := usual()
	delete(source, "slow")
	w, reg := newWatcher(config(), "", source)
	evaluate(w, 0, 200)
	expect(t, reg, "gatewatch_anomaly_query_failures_total", "watch=latency >=1")
	expect(t, reg, "gatewatch_anomaly_score", "code=BUSY,provider=alipay,watch=codes 0\nprovider=alipay,watch=attempts 0")
}

func TestTooManySeries(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxSeries = 2
	w, reg := newWatcher(cfg, "", usual())
	evaluate(w, 0, 200)
	expect(t, reg, "gatewatch_anomaly_series_refused_total", " >=1")
	expect(t, reg, "gatewatch_anomaly_score", "code=BUSY,provider=alipay,watch=codes 0\nprovider=alipay,watch=attempts 0")
}

// stop runs w until it has saved its state.
func stop(t *testing.T, w *detect.Watcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "anomalies")
	source := usual()
	w, _ := newWatcher(config(), path, source)
	evaluate(w, 0, 200)
	stop(t, w)

	source["all"] = []detect.Point{point(5, "provider", "alipay")}
	w, reg := newWatcher(config(), path, source)
	expect(t, reg, "gatewatch_anomaly_score", "")
	evaluate(w, 300, 301)
	expect(t, reg, "gatewatch_anomaly_score", `code=BUSY,provider=alipay,watch=codes 0
provider=alipay,watch=attempts >=1
provider=alipay,watch=latency 0`)

	// What a watch asks for now has nothing to do with what it asked for before.
	cfg := config()
	cfg.Watches[1].Query = "bad"
	w, reg = newWatcher(cfg, path, source)
	evaluate(w, 301, 302)
	expect(t, reg, "gatewatch_anomaly_score", "code=BUSY,provider=alipay,watch=codes 0\nprovider=alipay,watch=latency 0")
}

// TestWrongClock starts with a clock that is a year ahead, until somebody sets it right.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * 60
	path := filepath.Join(t.TempDir(), "anomalies")
	w, _ := newWatcher(config(), path, usual())
	evaluate(w, year, year+10)
	stop(t, w)
	w, reg := newWatcher(config(), path, usual())
	evaluate(w, 0, 200)
	source := "provider=alipay,watch=attempts"
	expect(t, reg, "gatewatch_anomaly_expected", "code=BUSY,provider=alipay,watch=codes 0\n"+source+" >=1\nprovider=alipay,watch=latency 0")
}

func TestDamagedState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "anomalies")
	w, _ := newWatcher(config(), path, usual())
	evaluate(w, 0, 200)
	stop(t, w)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"cut":     data[:len(data)/2],
		"changed": append(append([]byte{}, data[:len(data)/2]...), append([]byte{data[len(data)/2] + 1}, data[len(data)/2+1:]...)...),
		"empty":   {},
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		w, reg := newWatcher(config(), path, usual())
		evaluate(w, 200, 201)
		expect(t, reg, "gatewatch_anomaly_state_set_aside_total", " >=1")
		expect(t, reg, "gatewatch_anomaly_score", "")
		if kept, err := os.ReadFile(path + ".damaged"); err != nil || len(kept) != len(damaged) {
			t.Errorf("%s: %d bytes kept, %v, want %d", name, len(kept), err, len(damaged))
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(want string, change func(*detect.Config)) {
		t.Helper()
		c := config()
		change(&c)
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate = %q, want %q", got, want)
		}
	}
	f("", func(*detect.Config) {})
	f("", func(c *detect.Config) { *c = detect.DefaultConfig() })
	f("interval: must be from 10s to 1h0m0s, is 1s", func(c *detect.Config) { c.Interval = model.Duration(time.Second) })
	f("max_series: must be from 1 to 10000, is 0", func(c *detect.Config) { c.MaxSeries = 0 })
	f("limit: must be from 3 to 15, is 1", func(c *detect.Config) { c.Limit = 1 })
	f(`watches[0].name: must be letters, digits and _, is "a b"`, func(c *detect.Config) { c.Watches[0].Name = "a b" })
	f(`watches[1].name: "codes" is another one's name`, func(c *detect.Config) { c.Watches[1].Name = "codes" })
	f(`watches[2].kind: must be rate, count or gauge, is "speed"`, func(c *detect.Config) { c.Watches[2].Kind = "speed" })
	f("watches[2].query: must be a PromQL expression", func(c *detect.Config) { c.Watches[2].Query = " " })
	f("watches[0].total: is needed for a rate: the number that query is a part of", func(c *detect.Config) { c.Watches[0].Total = "" })
	f("watches[1].total: is for rates only", func(c *detect.Config) { c.Watches[1].Total = "x" })
}
