package patterns_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestDamagedState(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"templates":[{"text":""},{"text":"` + strings.Repeat("x", 5000) + `"}]}`, `{"templates":[{"text":"a","level":9,"minutes":[1,2,3]}]}`} {
		path := filepath.Join(t.TempDir(), "patterns.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		tr, _ := newTracker(t, path, nil)
		if observe(tr, "error", "a") == "" || len(list(tr)) != 1 {
			t.Errorf("state %.40q: templates = %+v, want one", text, list(tr))
		}
	}
}

func TestStateCannotBeSaved(t *testing.T) {
	t.Parallel()
	tr, reg := newTracker(t, filepath.Join(t.TempDir(), "missing", "patterns.json"), nil)
	observe(tr, "error", "a")
	run(t, tr)()
	if n := testutil.ToFloat64(countOf{reg, "gatewatch_log_templates_save_failures_total"}); n != 1 {
		t.Errorf("gatewatch_log_templates_save_failures_total = %v, want 1", n)
	}
}

// The busiest templates get the series, and a counter that appears begins at what it counts from then on.
func TestSeriesGoToTheBusiest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "patterns.json")
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		tr, reg := newTracker(t, path, nil)
		stop := run(t, tr)
		for i := range 60 { // more than there are series
			observe(tr, "error", "rare "+strings.Repeat("x", i+1))
		}
		var key string
		for range 10 {
			key = observe(tr, "error", "busy")
		}
		if v := seriesOf(t, reg, key); v != "none" {
			t.Errorf("the series of the busiest = %s before it got one", v)
		}
		time.Sleep(61 * time.Second)
		if v := seriesOf(t, reg, key); v != "0" {
			t.Errorf("the series of the busiest begins at %s, want 0", v)
		}
		observe(tr, "error", "busy")
		if v := seriesOf(t, reg, key); v != "1" {
			t.Errorf("the series of the busiest = %s, want 1", v)
		}
		stop()
	})
}

func seriesOf(t *testing.T, reg *prometheus.Registry, key string) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "log_template_records_total" && m.GetLabel()[0].GetValue() == key {
				return fmt.Sprint(m.GetCounter().GetValue())
			}
		}
	}
	return "none"
}
