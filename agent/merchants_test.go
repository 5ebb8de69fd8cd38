package main

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/journal"
)

// TestMerchants counts whose payments fail.
func TestMerchants(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(t.TempDir(), journal.DefaultConfig(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	now := time.Now()
	source := &event.Source{ID: 1, Path: "/var/log/pay.log"}
	var b journal.Batch
	add := func(n int, provider, outcome, merchant string) {
		for range n {
			b.Records = append(b.Records, journal.Record{Source: source, Offset: int64(len(b.Records)), Time: now, Document: fmt.Appendf(nil,
				`{"payment.provider":%q,"payment.outcome":%q,"payment.merchant":%q}`, provider, outcome, merchant)})
		}
	}
	add(2, "wechatpay", "provider_down", "M1")
	add(1, "wechatpay", "throttled", "M1")
	add(2, "wechatpay", "unknown_outcome", "商户二")
	add(1, "wechatpay", "unknown_outcome", "M3")
	add(9, "wechatpay", "approved", "M4")
	add(9, "wechatpay", "customer", "M5")
	add(9, "wechatpay", "provider_down", "")
	add(9, "alipay", "provider_down", "M6")
	if err := j.Append(b); err != nil {
		t.Fatal(err)
	}
	got, more, err := failingLines{j}.Merchants(t.Context(), "wechatpay", now.Add(-time.Minute), now.Add(time.Minute), 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := "[{M1 3} {商户二 2}] 1"; fmt.Sprint(got, more) != want {
		t.Errorf("Merchants() = %v %d, want %s", got, more, want)
	}
}
