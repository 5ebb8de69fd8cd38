package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/event"
	"gatewatch/logmetrics"
	"gatewatch/series"
)

// TestScore holds the counting to what the table says: an alert belongs to an incident while it lasts and shortly after,
// and is false otherwise.
func TestScore(t *testing.T) {
	t.Parallel()
	p := plan{from: monday, days: 7, rate: 10}
	at := monday.Add(10 * time.Hour)
	streams := []*stream{{scenario: "a", incidents: []incident{{from: at, to: at.Add(10 * time.Minute), since: at}, {from: at.Add(5 * time.Hour), to: at.Add(6 * time.Hour)}}}}
	fired := func(severity string, after time.Duration) alerting.Episode {
		return alerting.Episode{Alert: "X", Severity: severity, Labels: map[string]string{"provider": "a"}, Fired: at.Add(after)}
	}
	got := score(streams, []alerting.Episode{
		fired("warning", -time.Hour), fired("warning", 20*time.Second), fired("critical", time.Minute), fired("critical", 15*time.Minute),
		fired("critical", 2*time.Hour), {Alert: "Y", Severity: "warning", Fired: at},
	}, p)
	if len(got) != 1 {
		t.Fatalf("score: %d rows, want 1: what all providers have is explained by an incident", len(got))
	}
	o := got[0]
	if len(o.waits) != 1 || o.waits[0] != 20*time.Second || len(o.paged) != 1 || o.paged[0] != time.Minute || len(o.missed) != 1 {
		t.Errorf("found after %v, paged after %v, %d missed; want [20s], [1m0s], 1", o.waits, o.paged, len(o.missed))
	}
	if len(o.pages) != 1 || len(o.warnings) != 1 {
		t.Errorf("%d false pages and %d false warnings, want 1 and 1", len(o.pages), len(o.warnings))
	}
}

// TestWholeOutageIsFound runs the real engine on a few minutes of a scenario, step by step and in spans.
func TestWholeOutageIsFound(t *testing.T) {
	t.Parallel()
	found := map[bool][]alerting.Episode{}
	for _, stepwise := range []bool{false, true} {
		p := plan{from: monday, days: 1, rate: 10}
		streams := p.gateways("outage-whole-timeouts", 1)[0]
		first := streams[0].incidents[0]
		streams[0].incidents = streams[0].incidents[:1]
		g, err := newGateway(options{packs: "payments,anomalies", stepwise: stepwise}, streams)
		if err != nil {
			t.Fatal(err)
		}
		from := first.from.Add(-10 * time.Minute).Truncate(time.Minute)
		if err := g.run(t.Context(), from, from.Add(13*time.Minute)); err != nil {
			t.Fatal(err)
		}
		episodes, err := g.episodes()
		if err != nil {
			t.Fatal(err)
		}
		o := score(streams, episodes, p)[0]
		if len(o.paged) != 1 || o.paged[0] < 30*time.Second || o.paged[0] > time.Minute || len(o.pages)+len(o.warnings) != 0 {
			t.Errorf("stepwise %v: paged after %v with %d false alerts, want one from 30 s, when the first are logged, to 1 min",
				stepwise, o.paged, len(o.pages)+len(o.warnings))
		}
		for i := range episodes {
			episodes[i].Summary, episodes[i].Verdict = "", ""
		}
		found[stepwise] = episodes
	}
	if !reflect.DeepEqual(found[false], found[true]) {
		t.Errorf("in spans %v, step by step %v", found[false], found[true])
	}
}

// TestCounts holds the counters of the simulation to those that the agent makes of the same attempts.
func TestCounts(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	real, straight := series.NewMemory(series.DefaultConfig(), reg), series.NewMemory(series.DefaultConfig(), prometheus.NewRegistry())
	metrics := logmetrics.New(reg, logmetrics.Limits{})
	counts := newCounts(straight, "a")
	for i, took := range []time.Duration{1, 50, 51, 700, 30_000, 100_000} {
		took *= time.Millisecond
		r := usual[i%len(usual)]
		ev := event.Event{Source: &event.Source{Dataset: "app"}, Time: monday, Duration: took}
		ev.Payment = event.Payment{Provider: "a", Method: "card", Operation: operation, Outcome: r.outcome, Code: r.code}
		metrics.Observe(&ev)
		counts.observe("card", r, took)
	}
	if err := errors.Join(real.Sample(t.Context(), monday), counts.sample(monday)); err != nil {
		t.Fatal(err)
	}
	ask := func(m *series.Memory) map[string]float64 {
		lines, err := m.QueryRange(t.Context(), `{__name__=~"payment_attempt.*|payment_codes_total"}`, monday, monday, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]float64{}
		for _, l := range lines {
			all[fmt.Sprint(l.Labels)] = l.Samples[0].Value
		}
		return all
	}
	got, want := ask(straight), ask(real)
	if len(want) < 20 || !maps.Equal(got, want) {
		t.Errorf("counted %v, the agent counts %v", got, want)
	}
}

// TestAgentDown holds the gap of an agent that is down to what the agent does: no sample, then all that was logged meanwhile.
func TestAgentDown(t *testing.T) {
	t.Parallel()
	p := plan{from: monday, days: 1, rate: 10}
	streams := p.gateways("agent-restarted", 1)[0]
	at := monday.Add(30 * time.Minute)
	streams[0].away = []span{{at, at.Add(30 * time.Second)}}
	g, err := newGateway(options{packs: "payments"}, streams)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.run(t.Context(), monday, monday.Add(40*time.Minute)); err != nil {
		t.Fatal(err)
	}
	lines, err := g.store.QueryRange(t.Context(), `count_over_time(payment_attempts_total{outcome="approved"}[5s])`, at.Add(-time.Minute), at.Add(time.Minute), g.interval)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || len(lines[0].Samples) != 25-6 {
		t.Errorf("samples of two minutes: %v, want 19: six less while the agent is down", lines)
	}
	episodes, err := g.episodes()
	if err != nil || len(episodes) != 0 {
		t.Errorf("episodes %v, %v; want none for a restart", episodes, err)
	}
}
