package collect_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// sources are what several programs say, each under its name, in the order of the configuration.
type sources struct {
	t   *testing.T
	set *collect.Set
	reg *prometheus.Registry
	log bytes.Buffer
	// says are the texts of the sources by their names, of which each collection takes the present ones.
	says map[string]string
}

// sourcesOf returns what collects from sources. One whose name begins with "app" says no types, as applications do not.
func sourcesOf(t *testing.T, names ...string) *sources {
	t.Helper()
	s := &sources{t: t, reg: prometheus.NewRegistry(), says: map[string]string{}}
	var err error
	if s.set, err = collect.NewSet(s.collectors(names...), slog.New(slog.NewTextHandler(&s.log, nil)), s.reg); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sources) collectors(names ...string) []collect.Collector {
	var all []collect.Collector
	for _, name := range names {
		all = append(all, collect.Collector{Name: name, MadeOf: name, Timeout: 60e9, Collect: func(_ context.Context, out *collect.Samples) error {
			parser := expfmt.NewTextParser(model.LegacyValidation)
			families, err := parser.TextToMetricFamilies(strings.NewReader(s.says[name]))
			for of, f := range families {
				told := collect.Family{Name: of, Type: f.GetType(), Says: dto.MetricType_UNTYPED, Samples: f.Metric}
				if strings.HasPrefix(name, "app") && f.GetType() != dto.MetricType_UNTYPED {
					told.Type, told.Says = dto.MetricType_UNTYPED, f.GetType()
					for _, m := range f.Metric {
						value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
						m.Counter, m.Gauge, m.Untyped = nil, nil, &dto.Untyped{Value: &value}
					}
				}
				out.TakeFamily(told)
			}
			return err
		}})
	}
	return all
}

// served returns the sample lines and the types of all that sources give.
func (s *sources) served() string {
	s.t.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatalf("not all is served: %v", err)
	}
	var lines []string
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "gatewatch_") && f.GetName() != "gatewatch_collector_clashing_samples_total" {
			continue
		}
		var b strings.Builder
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			s.t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "# HELP") && !strings.HasPrefix(line, "# TYPE gatewatch") {
				lines = append(lines, strings.NewReplacer("# TYPE ", "", "gatewatch_collector_clashing_samples_total", "lost").Replace(line))
			}
		}
	}
	return strings.Join(lines, "; ")
}

// TestSourcesAgree has several sources give one name: none takes samples away from another unless their types differ, and then
// the later one is left out, counted and told of once.
func TestSourcesAgree(t *testing.T) {
	t.Parallel()
	f := func(file, app, other, want string) {
		t.Helper()
		s := sourcesOf(t, "file", "app", "app2")
		s.says = map[string]string{"file": file, "app": app, "app2": other}
		s.set.Once(t.Context())
		if got := s.served(); got != want {
			t.Errorf("file %q, app %q, app2 %q give\n%s\nwant\n%s", file, app, other, got, want)
		}
	}
	// Other helps, no types.
	f("# HELP a One.\na{s=\"f\"} 1\n", "# HELP a Two.\na{s=\"x\"} 2\n", "a{s=\"y\"} 3\n", `a untyped; a{s="f"} 1; a{s="x"} 2; a{s="y"} 3`)
	// A type that nobody denies.
	f("# TYPE a counter\na{s=\"f\"} 1\n", "# TYPE a counter\na{s=\"x\"} 2\n", "a{s=\"y\"} 3\n", `a counter; a{s="f"} 1; a{s="x"} 2; a{s="y"} 3`)
	f("a{s=\"f\"} 1\n", "# TYPE a counter\na{s=\"x\"} 2\n", "# TYPE a gauge\na{s=\"y\"} 3\n", `a untyped; a{s="f"} 1; a{s="x"} 2; a{s="y"} 3`)
	// Another type.
	f("# TYPE a counter\na{s=\"f\"} 1\n", "# TYPE a gauge\na{s=\"x\"} 2\nb 4\n", "a{s=\"y\"} 3\n",
		`a counter; a{s="f"} 1; a{s="y"} 3; b untyped; b 4; lost{collector="app",metric="a"} 1`)
	// A histogram needs names beside its own.
	took := "# TYPE took histogram\ntook_bucket{le=\"+Inf\"} 2\ntook_sum 3\ntook_count 2\n"
	f(took, "took_sum{s=\"x\"} 2\n", "took{s=\"y\"} 1\n",
		`lost{collector="app",metric="took_sum"} 1; lost{collector="app2",metric="took"} 1; took histogram; took_bucket{le="+Inf"} 2; took_sum 3; took_count 2`)
	f(took, "took_max 2\n", "", `took histogram; took_bucket{le="+Inf"} 2; took_sum 3; took_count 2; took_max untyped; took_max 2`)
	// The same series.
	f("a{s=\"f\"} 1\n", "a{s=\"f\"} 2\na{s=\"x\"} 2\n", "", `a untyped; a{s="f"} 1; a{s="x"} 2; lost{collector="app",metric="a"} 1`)
}

// TestSourcesTakeTurns follows sources that come and go.
func TestSourcesTakeTurns(t *testing.T) {
	t.Parallel()
	s := sourcesOf(t, "file", "app")
	f := func(file, app, want string) {
		t.Helper()
		s.says = map[string]string{"file": file, "app": app}
		s.set.Once(t.Context())
		if got := s.served(); got != want {
			t.Errorf("file %q, app %q give\n%s\nwant\n%s", file, app, got, want)
		}
	}
	gauge, counter := "# TYPE a gauge\na{s=\"x\"} 2\n", "# TYPE a counter\na{s=\"f\"} 1\n"
	f("", gauge, `a untyped; a{s="x"} 2`)
	f(counter, gauge, `a counter; a{s="f"} 1; lost{collector="app",metric="a"} 1`)
	f(counter, gauge, `a counter; a{s="f"} 1; lost{collector="app",metric="a"} 2`)
	if n := strings.Count(s.log.String(), "metric left out"); n != 1 || !strings.Contains(s.log.String(), "collector=app") || !strings.Contains(s.log.String(), "other_source=file") {
		t.Errorf("the log tells %d times, want once, of app and of file:\n%s", n, &s.log)
	}
	f("", gauge, `a untyped; a{s="x"} 2; lost{collector="app",metric="a"} 2`)
	// What is taken out of the configuration takes its names and its counter along.
	f(counter, gauge, `a counter; a{s="f"} 1; lost{collector="app",metric="a"} 3`)
	s.set.Exchange(t.Context(), s.collectors("app"))
	if got, want := s.served(), `a untyped; a{s="x"} 2; lost{collector="app",metric="a"} 3`; got != want {
		t.Errorf("without file:\n%s\nwant\n%s", got, want)
	}
	s.set.Exchange(t.Context(), nil)
	if got := s.served(); got != "" {
		t.Errorf("without all there is\n%s", got)
	}
}

// TestManyClashes bounds the names that are counted by themselves.
func TestManyClashes(t *testing.T) {
	t.Parallel()
	s := sourcesOf(t, "file", "app")
	var file, app strings.Builder
	for i := range 80 {
		fmt.Fprintf(&file, "# TYPE a%d counter\na%d{s=\"f\"} 1\n", i, i)
		fmt.Fprintf(&app, "# TYPE a%d gauge\na%d{s=\"x\"} 1\n", i, i)
	}
	s.says = map[string]string{"file": file.String(), "app": app.String()}
	s.set.Once(t.Context())
	lost := slices.DeleteFunc(strings.Split(s.served(), "; "), func(line string) bool { return !strings.HasPrefix(line, "lost") })
	if len(lost) != 51 || !slices.Contains(lost, `lost{collector="app",metric="other"} 30`) {
		t.Errorf("%d counters, want 50 and one of the 30 others:\n%s", len(lost), strings.Join(lost, "\n"))
	}
	if n := strings.Count(s.log.String(), "metric left out"); n != 51 {
		t.Errorf("the log tells %d times, want 51", n)
	}
}

// TestOwned keeps the names of the agent from others.
func TestOwned(t *testing.T) {
	t.Parallel()
	names := collect.GivenNames{"redis_up": true, "node_netstat_*": true, collect.AnyName: false}
	f := func(name string, want bool) {
		t.Helper()
		if why, got := names.Owned(name); got != want || got == (why == "") {
			t.Errorf("Owned(%q) = %q, %v, want %v", name, why, got, want)
		}
	}
	for _, own := range []string{"up", "ALERTS", "ALERTS_FOR_STATE", "gatewatch_x", "payment_attempts_total", "log_x", "gateway_x", "go_x", "scrape_duration_seconds",
		"a:b", "redis_up", "node_netstat_Tcp_X", "node_netstat_"} {
		f(own, true)
	}
	for _, free := range []string{"upper", "redis_upper", "node_netstat", "a", "", "alerts", "orders_total"} {
		f(free, false)
	}
}
