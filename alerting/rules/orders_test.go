package rules_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestShippedOrderRules(t *testing.T) {
	t.Parallel()
	const (
		down = `ALERTS{alertname="PaymentProviderDown",alertstate="firing",provider="alipay"} 1x20 _x1000` + "\n"
		many = `payment_attempts_total{provider="alipay",outcome="approved"} 0+30x200` + "\n"
		aged = `payment_attempts_aged_total{provider="alipay"} 0+30x200` + "\n"
	)
	callbacks := func(result, bad, ok string) string {
		return `payment_callbacks_total{provider="alipay",result="` + result + `"} ` + bad + "\n" +
			`payment_callbacks_total{provider="alipay",result="ok"} ` + ok + "\n"
	}
	for _, c := range []struct {
		// key is the alert and its provider, verdict its verdict.
		key, verdict string
		// The series. Each of quiet fires nothing, loud fires the alert.
		quiet []string
		loud  string
		// step is between samples, 20 s when it is 0; until is where they end, 15 min when it is 0.
		step, until time.Duration
	}{
		{
			key: "PaymentPaidTwice", verdict: "us",
			quiet: []string{
				`payment_duplicates_total{kind="paid_twice"} 3x100`, // from before
				`payment_duplicates_total{kind="same_payment"} 0x10 1x100`,
			},
			loud: `payment_duplicates_total{kind="paid_twice"} 0x10 1x100`,
		},
		{
			key: "PaymentDuplicatesSuspected", verdict: "us",
			quiet: []string{
				`payment_duplicates_total{kind="second_transaction"} 0x10 2x200`,
				`payment_duplicates_total{kind="same_payment"} 0+0.15x200 33x30`, // a gateway where that is usual
			},
			loud: `payment_duplicates_total{kind="second_transaction"} 0+0.02x200 10x30`, step: time.Minute, until: 215 * time.Minute,
		},
		{
			key: "PaymentAmountMismatch alipay", verdict: "unknown",
			quiet: []string{callbacks("amount_mismatch", "0x100", "0+20x100")},
			loud:  callbacks("amount_mismatch", "0x20 1x100", "0+20x120"),
		},
		{
			key: "PaymentCallbackBadSignature alipay", verdict: "us",
			quiet: []string{
				callbacks("bad_signature", "0x20 2x100", "0+20x120"),
				callbacks("signature_test", "0+5x100", "0+20x100"),
			},
			loud: callbacks("bad_signature", "0x20 0+8x100", "0x120"),
		},
		{
			key: "PaymentCallbacksLate alipay", verdict: "provider",
			quiet: []string{
				callbacks("late", "0x20 4x100", "0+20x120"),
				callbacks("late", "0+0.1x100", "0+20x120"),
				callbacks("late", "0x20 0+2x100", "0+20x120") + down, // what an outage leaves behind
			},
			loud: callbacks("late", "0x20 0+2x100", "0+20x120"),
		},
		{
			key: "PaymentOrdersPending alipay", verdict: "unknown",
			quiet: []string{
				many + `payment_pending_orders{provider="alipay"} 40x80` + "\n" + `payment_stuck_orders{provider="alipay"} 0x80`,
				many + `payment_pending_orders{provider="alipay"} 40x30 40+6x50` + "\n" + `payment_stuck_orders{provider="alipay"} 0x80` +
					"\n" + `ALERTS{alertname="PaymentUnknownOutcome",alertstate="firing",provider="alipay"} 1x500`,
				// All that an agent knows of in its first hour is new to it.
				many + `payment_pending_orders{provider="alipay"} 0+6x65` + "\n" + `payment_stuck_orders{provider="alipay"} 0x65` +
					"\n" + `payment_orders_stuck_after_seconds 3600x65` + "\n" + `payment_orders_known_since_timestamp_seconds 1800000000x65`,
			},
			loud: many + `payment_pending_orders{provider="alipay"} 40x30 40+6x50` + "\n" + `payment_oldest_pending_seconds{provider="alipay"} 600x80` +
				"\n" + `payment_stuck_orders{provider="alipay"} 0x80`,
			step: time.Minute, until: 60 * time.Minute,
		},
		{
			key: "PaymentOrdersStuck alipay", verdict: "unknown",
			quiet: []string{
				aged + `payment_orders_stuck_total{provider="alipay"} 0x75 4x75`,
				aged + `payment_orders_stuck_total{provider="alipay"} 0x60 0+0.1x90`, // people who never pay
				// A short stuck_after: the attempts of an hour ago were few, those of the stuck orders are many.
				`payment_attempts_total{provider="alipay"} 0+0.1x75 7.5+30x75` + "\n" +
					`payment_attempts_aged_total{provider="alipay"} 0+0.1x80 8+30x70` + "\n" + `payment_orders_stuck_total{provider="alipay"} 0x80 0+0.1x70`,
			},
			// Nobody has paid for an hour, and stuck_after is a day: yesterday's attempts count.
			loud: `payment_attempts_total{provider="alipay"} 6000x200` + "\n" + aged + `payment_orders_stuck_total{provider="alipay"} 0x75 0+3x75`,
			step: time.Minute, until: 120 * time.Minute,
		},
		{
			key: "PaymentForbiddenRetries visa", verdict: "us",
			quiet: []string{
				`payment_forbidden_retries_total{provider="visa",rule="visa_category_1"} 0x20 4x300`,
				// Few of each rule.
				`payment_forbidden_retries_total{provider="visa",rule="visa_category_1"} 0x20 4x300` + "\n" +
					`payment_forbidden_retries_total{provider="visa",rule="visa_reattempts_30d"} 0x20 4x300`,
			},
			loud: `payment_forbidden_retries_total{provider="visa",rule="visa_category_1"} 0x20 7x300`,
		},
	} {
		t.Run(c.key, func(t *testing.T) {
			t.Parallel()
			step, until := cmp.Or(c.step, 20*time.Second), cmp.Or(c.until, 15*time.Minute)
			for _, series := range c.quiet {
				for key, s := range runPack(t, "orders", indented(series), step, until) {
					t.Errorf("%s fired at %v, want silence for %s", key, s.first, series)
				}
			}
			got := runPack(t, "orders", indented(c.loud), step, until)
			if s := got[c.key]; s == nil || len(got) != 1 {
				t.Errorf("fired: %v, want %s", slices.Collect(maps.Keys(got)), c.key)
			} else if s.verdict != c.verdict {
				t.Errorf("verdict %q, want %q", s.verdict, c.verdict)
			}
		})
	}
}

// indented writes lines of series as promqltest wants them.
func indented(series string) string {
	var b strings.Builder
	for line := range strings.Lines(series) {
		b.WriteString("  " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}
