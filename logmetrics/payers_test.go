package logmetrics

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// TestPayers holds the count of those who fail to people: one who tries again and again is one.
func TestPayers(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	f := func(t *testing.T, want string, change func(i int, ev *event.Event)) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		m := New(reg, Limits{})
		for i := range 30 {
			ev := attempt()
			ev.Time = start.Add(time.Duration(i) * time.Second)
			change(i, ev)
			m.Observe(ev)
		}
		expectSamples(t, reg, "payment_code_payers_total", `{code="NOTENOUGH",provider="wechatpay"} `+want)
	}
	f(t, "1", func(_ int, ev *event.Event) { ev.SetFact(event.CustomerKey, []byte("c1")) })
	f(t, "30", func(i int, ev *event.Event) { ev.SetFact(event.CustomerKey, fmt.Appendf(nil, "c%d", i)) })
	f(t, "10", func(i int, ev *event.Event) { ev.SetFact(event.OrderID, fmt.Appendf(nil, "o%d", i%10)) })
	f(t, "30", func(int, *event.Event) {})   // nobody knows
	f(t, "3", func(i int, ev *event.Event) { // every five minutes anew
		ev.SetFact(event.CustomerKey, []byte("c1"))
		ev.Time = start.Add(time.Duration(i/10) * 20 * time.Minute)
	})
	f(t, "0", func(i int, ev *event.Event) { ev.Payment.Outcome = event.Approved })
}

// TestTechnicalPayers holds who fails for technical reasons to people, whatever codes they fail with.
func TestTechnicalPayers(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, want string, change func(i int, ev *event.Event)) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		m := New(reg, Limits{})
		for i := range 30 {
			ev := attempt()
			ev.Payment.Outcome = event.ProviderDown
			change(i, ev)
			m.Observe(ev)
		}
		expectSamples(t, reg, "payment_technical_payers_total", `{provider="wechatpay"} `+want)
	}
	same := func(ev *event.Event) { ev.SetFact(event.CustomerKey, []byte("c1")) }
	f(t, "1", func(i int, ev *event.Event) {
		same(ev)
		ev.Payment.Code = fmt.Sprint("E", i)
	})
	f(t, "1", func(_ int, ev *event.Event) { // time-outs have no code
		same(ev)
		ev.Payment.Outcome, ev.Payment.Code = event.UnknownOutcome, ""
	})
	f(t, "30", func(int, *event.Event) {}) // nobody knows
	f(t, "0", func(_ int, ev *event.Event) { ev.Payment.Outcome = event.Customer })
	f(t, "0", func(_ int, ev *event.Event) { ev.Payment.Outcome = event.Approved })
}
