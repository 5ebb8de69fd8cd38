package rules_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/alerting"
	"gatewatch/alerting/states"
)

// seen is what a rule test found out about one alert.
type seen struct {
	first, last time.Duration // firing
	annotations map[string]string
	verdict     string
}

// runPack evaluates a shipped pack over series in promqltest's notation, a sample each step, and returns the
// alerts that fired by "Name provider".
func runPack(t *testing.T, pack, series string, step, until time.Duration) map[string]*seen {
	t.Helper()
	start := time.Unix(1_800_000_000, 0).UTC()
	db, err := promqltest.NewLazyLoader(fmt.Sprintf("load %v\n%s", step, series), promqltest.LazyLoaderOpts{StartTime: start})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	states := states.New(rules.EngineQueryFunc(db.QueryEngine(), db.Queryable()), alerting.DefaultConfig().Flapping)
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: states.Query, Appendable: db.Storage(), Queryable: db.Queryable(),
		Context: db.Context(), NotifyFunc: func(_ context.Context, _ string, alerts ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler),
		ExternalURL: &url.URL{},
	})
	loaded, errs := m.LoadGroups(15*time.Second, labels.EmptyLabels(), "", nil, false, pack+".yml")
	if errs != nil {
		t.Fatal(errs)
	}
	states.Load(loaded)
	found := map[string]*seen{}
	for at := time.Duration(0); at <= until; at += step {
		db.WithSamplesTill(start.Add(at), func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		})
		for _, key := range slices.Sorted(maps.Keys(loaded)) {
			g := loaded[key]
			if at%max(g.Interval(), step) != 0 {
				continue
			}
			if at == 0 {
				g.RestoreForState(start)
			}
			states.Eval(db.Context(), g, start.Add(at))
			collect(t, g, at, found)
		}
	}
	return found
}

func collect(t *testing.T, g *rules.Group, at time.Duration, found map[string]*seen) {
	t.Helper()
	for _, r := range g.Rules() {
		if err := r.LastError(); err != nil {
			t.Fatalf("%s at %v: %v", r.Name(), at, err)
		}
		ar, ok := r.(*rules.AlertingRule)
		if !ok {
			continue
		}
		for _, a := range ar.ActiveAlerts() {
			if a.State != rules.StateFiring {
				continue
			}
			key := strings.TrimSpace(a.Labels.Get("alertname") + " " + a.Labels.Get("provider"))
			if found[key] == nil {
				found[key] = &seen{first: at}
			}
			s := found[key]
			s.last, s.annotations = at, a.Annotations.Map()
			s.verdict = s.annotations["verdict"] + a.Labels.Get("verdict")
			for name, text := range s.annotations {
				if strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") {
					t.Fatalf("%s at %v: annotation %s = %q", key, at, name, text)
				}
			}
		}
	}
}

// attempts writes the counters of one provider. Each phase is approved and failed attempts per sample and how
// many samples it lasts.
func attempts(provider, outcome string, phases ...[3]int) string {
	var ok, bad strings.Builder
	okSum, badSum := 0, 0
	for _, p := range phases {
		fmt.Fprintf(&ok, " %d+%dx%d", okSum+p[0], p[0], p[2]-1)
		okSum += p[0] * p[2]
		fmt.Fprintf(&bad, " %d+%dx%d", badSum+p[1], p[1], p[2]-1)
		badSum += p[1] * p[2]
	}
	return fmt.Sprintf("  payment_attempts_total{provider=%q,method=\"qr\",outcome=\"approved\"}%s\n"+
		"  payment_attempts_total{provider=%q,method=\"qr\",outcome=%q}%s\n"+
		"  payment_codes_total{provider=%q,code=\"SYSTEM_ERROR\",outcome=%q}%s\n",
		provider, ok.String(), provider, outcome, bad.String(), provider, outcome, bad.String())
}

// slack is how much later than in the table an alert may fire: one sample.
const slack = 5 * time.Second

func compare(t *testing.T, got map[string]*seen, want map[string]seen) {
	t.Helper()
	for key, g := range got {
		w, ok := want[key]
		if !ok {
			t.Errorf("%s fired from %v to %v, want silence; %v", key, g.first, g.last, g.annotations)
			continue
		}
		if g.first < w.first || g.first > w.first+slack {
			t.Errorf("%s fired at %v, want %v", key, g.first, w.first)
		}
		if w.last != 0 && (g.last < w.last-slack || g.last > w.last+slack) {
			t.Errorf("%s fired until %v, want %v", key, g.last, w.last)
		}
		if g.verdict != w.verdict {
			t.Errorf("%s has the verdict %q, want %q", key, g.verdict, w.verdict)
		}
	}
	for key := range want {
		if got[key] == nil {
			t.Errorf("%s did not fire", key)
		}
	}
}
