package logmetrics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/logmetrics"
)

func TestUnclassed(t *testing.T) {
	t.Parallel()
	m := logmetrics.New(prometheus.NewRegistry(), logmetrics.Limits{})
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	see := func(provider, code, message string, o event.Outcome, after time.Duration) {
		ev := &event.Event{}
		ev.Reset()
		ev.Source, ev.Time = &event.Source{Dataset: "app"}, start.Add(after)
		ev.Payment.Provider, ev.Payment.Outcome = provider, o
		ev.SetFact(event.Code, []byte(code))
		ev.SetFact(event.Message, []byte(message))
		m.Observe(ev)
	}
	see("stripe", "new_reason", "first", event.Unclassed, 0)
	see("stripe", "new_reason", "second", event.Unclassed, time.Second)
	see("stripe", "expired_card", "no", event.Customer, 0)
	see("nuvei", "E1", strings.Repeat("错", 200), event.Unclassed, 0)
	got := m.Unclassed()
	if len(got) != 2 || got[0].Code != "new_reason" || got[0].Count != 2 || got[0].Sample != "second" || !got[0].Last.Equal(start.Add(time.Second)) ||
		got[1].Provider != "nuvei" || len(got[1].Sample) != 240 {
		t.Errorf("Unclassed() = %+v", got)
	}
	for i := range 300 {
		see("stripe", fmt.Sprintf("code_%d", i), "x", event.Unclassed, time.Minute+time.Duration(i)*time.Second)
	}
	got = m.Unclassed()
	if len(got) != 200 || got[0].Code == "new_reason" {
		t.Errorf("%d codes are remembered, the first %+v, want the 200 seen last", len(got), got[0])
	}
}
