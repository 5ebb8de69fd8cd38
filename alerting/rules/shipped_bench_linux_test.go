package rules_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting"
	"gatewatch/alerting/states"
)

// benchSeries is how many series the packs are evaluated over: those of their own tests, several times.
const benchSeries = 2000

// BenchmarkShippedRules evaluates all packs for a minute each, over series sampled every 5 s, with nearly all alerts firing.
// core-% is the CPU time of it as a share of one core.
func BenchmarkShippedRules(b *testing.B) {
	const step, history = 5 * time.Second, 65 * time.Minute
	start := time.Unix(1_800_000_000, 0).UTC()
	db, err := promqltest.NewLazyLoader(fmt.Sprintf("load %v\n%s", step, testedSeries(b, int((history+15*time.Minute)/step))),
		promqltest.LazyLoaderOpts{StartTime: start})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.WithSamplesTill(start.Add(history+15*time.Minute), func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	})
	files, err := filepath.Glob("*.yml")
	if err != nil {
		b.Fatal(err)
	}
	states := states.New(rules.EngineQueryFunc(db.QueryEngine(), db.Queryable()), alerting.DefaultConfig().Flapping)
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: states.Query, Appendable: db.Storage(), Queryable: db.Queryable(), Context: b.Context(), ExternalURL: &url.URL{},
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler),
	})
	groups, errs := m.LoadGroups(15*time.Second, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		b.Fatal(errs)
	}
	states.Load(groups)
	for _, g := range groups {
		g.RestoreForState(start)
	}
	at, before := history, cpuTime(b)
	for b.Loop() {
		for until := at + time.Minute; at < until; at += step {
			for _, g := range groups {
				if at%g.Interval() == 0 {
					states.Eval(b.Context(), g, start.Add(at))
				}
			}
		}
	}
	b.ReportMetric(100*(cpuTime(b)-before).Minutes()/float64(b.N), "core-%")
}

// cpuTime returns the CPU time of the process: other work on the machine does not count.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// testedSeries returns the input series of the packs' tests in promqltest's notation, growing by one a sample.
func testedSeries(b *testing.B, samples int) string {
	b.Helper()
	files, err := filepath.Glob(packTests)
	if err != nil {
		b.Fatal(err)
	}
	seen := map[string]bool{}
	var names []string
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		var file struct {
			Tests []struct {
				Series []struct{ Series string } `yaml:"input_series"`
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			b.Fatal(err)
		}
		for _, test := range file.Tests {
			for _, s := range test.Series {
				l, err := parser.NewParser(parser.Options{}).ParseMetric(s.Series)
				if err != nil {
					b.Fatal(err)
				}
				if name := l.String(); !seen[name] && l.Get("__name__") != "ALERTS" {
					seen[name] = true
					names = append(names, name)
				}
			}
		}
	}
	var out strings.Builder
	for i := range benchSeries {
		l, err := parser.NewParser(parser.Options{}).ParseMetric(names[i%len(names)])
		if err != nil {
			b.Fatal(err)
		}
		l = labels.NewBuilder(l).Set("instance", fmt.Sprintf("host-%d", i/len(names))).Labels()
		fmt.Fprintf(&out, "  %s 1+1x%d\n", l, samples)
	}
	return out.String()
}
