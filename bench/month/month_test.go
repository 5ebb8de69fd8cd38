package main

import (
	"testing"
	"time"

	"gatewatch/alerting"
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

// TestWholeOutageIsFound runs the real engine on a few minutes of a scenario.
func TestWholeOutageIsFound(t *testing.T) {
	t.Parallel()
	p := plan{from: monday, days: 1, rate: 10}
	streams := p.streams("outage-whole-timeouts", 1)
	first := streams[0].incidents[0]
	streams[0].incidents = streams[0].incidents[:1]
	g, err := newGateway(defaultPacks(), streams)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.run(t.Context(), first.from.Add(-10*time.Minute).Truncate(time.Minute), first.from.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	episodes, err := g.episodes()
	if err != nil {
		t.Fatal(err)
	}
	o := score(streams, episodes, p)[0]
	if len(o.paged) != 1 || o.paged[0] < 30*time.Second || o.paged[0] > time.Minute || len(o.pages)+len(o.warnings) != 0 {
		t.Errorf("paged after %v with %d false alerts, want one from 30 s, when the first are logged, to 1 min", o.paged, len(o.pages)+len(o.warnings))
	}
}
