package alerting_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/series"
)

const spanRules = `groups:
  - name: a
    interval: 5s
    rules:
      - {record: later, expr: "sum by (provider) (early) > 3"}
      - {record: early, expr: "sum by (provider, code) (increase(x[20s]))"}
      - {alert: High, expr: later > 5, keep_firing_for: 20s, labels: {severity: critical}}
  - name: b
    interval: 15s
    rules:
      - record: mixed
        expr: later or sum by (provider) (x) * 0
      - alert: Some
        expr: >-
          mixed > 1 unless on (provider) (max_over_time(ALERTS{alertname="High",alertstate="firing"}[1m])
          unless on (provider) ALERTS{alertname="Some",alertstate="firing"})
        for: 15s
        labels: {severity: warning}
        annotations: {gatewatch_no_data: keep, summary: '{{ with query "later" }}{{ . }}{{ end }}'}
`

// TestSpanReplayFindsTheSame holds spans to what one evaluation after another finds: series that come and go, rules that
// stand before those that they need, alerts that depend on others.
func TestSpanReplayFindsTheSame(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(spanRules), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	const step, block, blocks = 5 * time.Second, 5 * time.Minute, 12
	rate := func(at time.Time) float64 { // a provider that is well, fails a little, fails, is gone
		return []float64{0, 1, 4, 0, 9, 3, 0}[int(at.Sub(start)/(97*time.Second))%7]
	}
	run := func(spans bool) []alerting.Episode {
		store := series.NewMemory(series.DefaultConfig(), prometheus.NewRegistry())
		track := store.Track(map[string]string{"__name__": "x", "provider": "p", "code": "c"})
		cfg := alerting.Config{Rules: []string{file}}
		one, err := alerting.NewReplay(cfg, store)
		if err != nil {
			t.Fatal(err)
		}
		many, err := alerting.NewSpanReplay(cfg, store)
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for b := range blocks {
			from := start.Add(time.Duration(b) * block)
			for at := from; at.Before(from.Add(block)); at = at.Add(step) {
				if total += rate(at); rate(at) > 0 || b%2 == 0 {
					if err := track.Add(at, total); err != nil {
						t.Fatal(err)
					}
				}
				if !spans {
					one.Evaluate(t.Context(), at)
				}
			}
			if spans {
				if err := many.Evaluate(t.Context(), from, from.Add(block), step); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := one.Episodes()
		if spans {
			all = many.Episodes()
		}
		for i := range all {
			all[i].Summary = ""
		}
		return all
	}
	got, want := run(true), run(false)
	// What stands behind a rule is seen at once: here that is one evaluation earlier at most.
	near := func(a, b time.Time) bool { return a.Sub(b).Abs() <= 15*time.Second }
	for i := range min(len(got), len(want)) {
		if near(got[i].Fired, want[i].Fired) && near(got[i].Since, want[i].Since) && near(got[i].Ended, want[i].Ended) {
			got[i].Fired, got[i].Since, got[i].Ended = want[i].Fired, want[i].Since, want[i].Ended
		}
	}
	if len(want) < 10 || !reflect.DeepEqual(got, want) {
		t.Errorf("in spans %+v\none by one %+v", got, want)
	}
}

// TestSpanReplayRefuses names rules that cannot be evaluated ahead of the alerts.
func TestSpanReplayRefuses(t *testing.T) {
	t.Parallel()
	f := func(rules, want string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte("groups: [{name: a, rules: ["+rules+"]}]"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := alerting.NewSpanReplay(alerting.Config{Rules: []string{file}}, series.NewMemory(series.DefaultConfig(), prometheus.NewRegistry()))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewSpanReplay with %s: %v, want %q", rules, err, want)
		}
	}
	f("{record: one, expr: two}, {record: two, expr: one}", "depend on each other")
	f("{record: one, expr: count(ALERTS)}", "depends on alerts")
}
