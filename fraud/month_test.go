package fraud_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/fraud"
)

// calendar plays records to a watch that keeps its months on disk.
type calendar struct {
	*fraud.Watch
	t    *testing.T
	path string
	at   time.Time
	reg  *prometheus.Registry
}

func newCalendar(t *testing.T) *calendar {
	c := &calendar{t: t, path: filepath.Join(t.TempDir(), "months.json"), at: time.Date(2026, 10, 31, 23, 50, 0, 0, time.UTC)}
	c.start()
	return c
}

// start is a restart of the agent.
func (c *calendar) start() {
	c.reg = prometheus.NewRegistry()
	c.Watch = fraud.New(c.path, slog.New(slog.DiscardHandler), c.reg)
	c.SetClock(func() time.Time { return c.at })
}

// stop ends the agent in good order.
func (c *calendar) stop() {
	c.Sweep()
	ctx, cancel := context.WithCancel(c.t.Context())
	cancel()
	if err := c.Run(ctx); err != nil {
		c.t.Fatal(err)
	}
}

// record plays n records of one operation, each with a number of its own that begins with id.
func (c *calendar) record(n int, operation, card, id string) {
	for i := range n {
		ev := &event.Event{Source: &event.Source{Dataset: "app"}, Time: c.at, Payment: event.Payment{
			Provider: "stripe", Operation: operation, Outcome: event.Approved, Amount: 1250, HasAmount: true, Currency: "USD",
		}}
		ev.SetFact(event.Merchant, []byte("acme"))
		if card != "" {
			ev.SetFact(event.Card, []byte(card))
		}
		ev.SetFact(event.TransactionID, fmt.Appendf(nil, "%s%d", id, i))
		c.Observe(ev)
	}
}

// want compares the series of one family, "merchant scheme month value" or "merchant currency kind month value".
func (c *calendar) want(name string, want ...string) {
	c.t.Helper()
	families, err := c.reg.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			by := map[string]string{}
			for _, l := range m.GetLabel() {
				by[l.GetName()] = l.GetValue()
			}
			if v := m.GetGauge().GetValue(); v != 0 {
				got = append(got, strings.Join(strings.Fields(strings.Join([]string{by["merchant"], by["scheme"], by["currency"], by["kind"], by["month"], fmt.Sprint(v)}, " ")), " "))
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.t.Errorf("%s = %q, want %q", name, got, want)
	}
}

const (
	visaCard       = "411111******1111"
	mastercardCard = "510000******1111"
)

func TestMonthsAreCountedOverRestarts(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	c.record(10, "authorize", visaCard, "p")
	c.record(4, "authorize", mastercardCard, "q")
	c.record(2, "chargeback", mastercardCard, "d")
	c.stop()
	c.at = c.at.Add(20 * time.Minute) // the first of November
	c.start()
	c.record(2, "chargeback", mastercardCard, "d") // told again
	c.record(1, "chargeback", "", "e")
	c.record(3, "dispute", mastercardCard, "f") // what comes after a chargeback is none
	c.record(1, "fraud_report", visaCard, "f")
	c.record(5, "authorize", visaCard, "r")
	c.record(2, "refund", visaCard, "s")
	for range 2 {
		c.want("payment_month_payments", "visa last 10", "mastercard last 4", "visa this 5", "acme visa last 10", "acme mastercard last 4", "acme visa this 5")
		c.want("payment_month_chargebacks", "mastercard last 2", "unknown this 1", "acme mastercard last 2", "acme unknown this 1")
		c.want("payment_month_fraud_reports", "visa this 1", "acme visa this 1")
		c.want("payment_month_refunds", "visa this 2", "acme visa this 2")
		c.want("payment_month_amount", "USD chargeback last 25", "USD chargeback this 12.5", "USD fraud_report this 12.5", "USD refund this 25",
			"acme USD chargeback last 25", "acme USD chargeback this 12.5", "acme USD fraud_report this 12.5", "acme USD refund this 25")
		c.stop()
		c.start()
	}
	c.at = c.at.AddDate(0, 2, 0)
	c.Sweep()
	c.want("payment_month_payments")
}

// TestRefundsOfAWeek says what is usual only when enough is known.
func TestRefundsOfAWeek(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	c.Sweep()
	for hour := range 30 {
		c.record(20, "authorize", visaCard, fmt.Sprint("p", hour))
		c.record(1+hour%3, "refund", visaCard, fmt.Sprint("r", hour))
		if hour < 23 {
			c.want("payment_refunds_peak_hour")
		}
		c.at = c.at.Add(time.Hour)
	}
	c.want("payment_refunds_peak_hour", "3")
	c.stop()
	c.start()
	c.want("payment_refunds_peak_hour", "3")
}

func TestDamagedMonthsAreSetAside(t *testing.T) {
	t.Parallel()
	c := newCalendar(t)
	if err := os.WriteFile(c.path, []byte(`{"version": 1, "sums": [{"kind": 9}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c.start()
	if _, err := os.Stat(c.path + ".damaged"); err != nil {
		t.Errorf("not set aside: %v", err)
	}
	c.record(1, "authorize", visaCard, "p")
	c.want("payment_month_payments", "visa this 1")
}
