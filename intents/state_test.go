package intents

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// again is the tracker of s after a restart that took some time.
func (s *scene) again(took time.Duration) *scene {
	s.t.Helper()
	next := sceneAt(s.t, s.path, nil)
	next.at = s.at.Add(took)
	return next
}

// stop ends the tracker as the agent does.
func (s *scene) stop() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != nil {
		s.t.Fatal(err)
	}
}

func TestStateIsKept(t *testing.T) {
	t.Parallel()
	s := sceneAt(t, filepath.Join(t.TempDir(), "orders"), nil)
	const twice = " customer=c1 card=424242******4242 amount=1999"
	s.record("wechatpay authorize pending order=STUCK001 amount=500")
	s.wait(61 * time.Minute)
	s.record("wechatpay authorize pending order=WAITS001 tx=W1 amount=700")
	s.record("wechatpay authorize pending order=WAITS002 amount=700")
	s.record("alipay authorize provider_down order=FAILED01")
	s.record("stripe authorize approved order=ORDER001 tx=ch_1" + twice)
	s.record("visa authorize fraud code=43 order=ORDER002 customer=c2" + visaCard)
	s.wantFound(Stuck)
	before := s.Findings()
	s.stop()

	s = s.again(2 * time.Minute)
	if got := s.Findings(); len(got) != 1 || !got[0].Time.Equal(before[0].Time) || got[0].Order != before[0].Order {
		t.Errorf("Findings() = %+v after a restart, want %+v", got, before)
	}
	s.wait(0)
	s.wantFound(Stuck) // not again
	s.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="wechatpay"} 3`)
	s.wantMetrics("payment_oldest_pending_seconds", `payment_oldest_pending_seconds{provider="wechatpay"} 3780`)
	s.wantMetrics("payment_orders_known_since_timestamp_seconds", fmt.Sprintf("payment_orders_known_since_timestamp_seconds %d", s.since.Unix()))
	if began := time.Date(2026, 11, 22, 9, 1, 0, 0, time.UTC); !s.since.Equal(began) {
		t.Errorf("orders are known since %v, want %v", s.since, began)
	}

	s.record("wechatpay callback approved order=WAITS001 tx=W1 amount=700")
	s.record("alipay authorize approved order=WAITS001 tx=A1 amount=700")
	s.record("stripe authorize approved order=ORDER003 tx=ch_2" + twice)
	s.record("visa authorize customer code=51 order=ORDER004 customer=c2" + visaCard)
	s.wantFound(Stuck, PaidTwice, SamePayment, ForbiddenRetry)
	s.wait(20 * time.Minute)
	s.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 2`+"\n"+`payment_intents_total{outcome="customer"} 1`+"\n"+
		`payment_intents_total{outcome="fraud"} 1`+"\n"+`payment_intents_total{outcome="provider_down"} 1`)
	s.wait(time.Hour)
	s.wantMetrics("payment_attempts_aged_total", strings.Join([]string{
		`payment_attempts_aged_total{provider="alipay"} 2`, `payment_attempts_aged_total{provider="stripe"} 2`,
		`payment_attempts_aged_total{provider="visa"} 2`, `payment_attempts_aged_total{provider="wechatpay"} 2`,
	}, "\n"))
	s.stop()

	s = s.again(time.Minute)
	s.wait(25 * time.Hour)
	s.wantMetrics("payment_intents_total", `payment_intents_total{outcome="pending"} 2`) // what was counted before is not again
}

// TestUnchangedStateIsNotWritten wants a quiet agent to leave the disk alone.
func TestUnchangedStateIsNotWritten(t *testing.T) {
	t.Parallel()
	s := sceneAt(t, filepath.Join(t.TempDir(), "orders"), nil)
	s.record("wechatpay authorize pending order=WAITS001 amount=700")
	s.save()
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	s.wait(time.Minute)
	s.save()
	if _, err := os.Stat(s.path); err == nil {
		t.Error("the state was written again though nothing changed")
	}
}

func TestDamagedStateIsSetAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders")
	s := sceneAt(t, path, nil)
	s.record("wechatpay authorize pending order=WAITS001 amount=700")
	s.stop()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte(nil), whole...)
	changed[len(changed)/2] ^= 0x55
	for name, content := range map[string][]byte{"cut": whole[:len(whole)/2], "changed": changed, "text": []byte("{}"), "empty": {}} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		New(DefaultConfig(), path, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
		if !strings.Contains(log.String(), "set_aside="+path+damaged) {
			t.Errorf("%s: log %q does not say where the file is", name, log.String())
		}
		if kept, err := os.ReadFile(path + damaged); err != nil || !bytes.Equal(kept, content) {
			t.Errorf("%s: the file is not kept: %v", name, err)
		}
	}
}

// TestStateOfANewerVersionIsSetAside wants what this version cannot know not to be taken for what it knows.
func TestStateOfANewerVersionIsSetAside(t *testing.T) {
	t.Parallel()
	for name, saved := range map[string]*savedState{
		"version": {Version: stateVersion + 1},
		"outcome": {Orders: []savedOrder{{order: order{ID: "1", Outcome: 200}, Key: "1"}}},
	} {
		path := filepath.Join(t.TempDir(), "orders")
		if err := writeState(path, saved); err != nil {
			t.Fatal(err)
		}
		s := sceneAt(t, path, nil)
		s.wait(time.Hour)
		if _, err := os.Stat(path + damaged); err != nil {
			t.Errorf("%s: the file is not set aside: %v", name, err)
		}
	}
}

// TestStateThatCountsBackwards wants no panic: Prometheus' counters do not fall.
func TestStateThatCountsBackwards(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders")
	saved := &savedState{Young: []savedSlot{{agedSlot{"alipay", 1}, -5}}, YoungAfter: time.Duration(DefaultConfig().StuckAfter)}
	if err := writeState(path, saved); err != nil {
		t.Fatal(err)
	}
	sceneAt(t, path, nil).wait(time.Hour)
}

// FuzzState reads any file without harm.
func FuzzState(f *testing.F) {
	path := filepath.Join(f.TempDir(), "orders")
	saved := &savedState{Orders: []savedOrder{{order: order{ID: "1"}, Key: "1"}}, Cards: []heldCard{{Key: "a", card: card{Declines: []decline{{At: 1}}}}}}
	if err := writeState(path, saved); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "orders")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		tracker := New(DefaultConfig(), path, slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry())
		tracker.Sweep()
	})
}

// BenchmarkSave saves as many orders and cards as are kept by default.
func BenchmarkSave(b *testing.B) {
	path := filepath.Join(b.TempDir(), "orders")
	tracker := New(DefaultConfig(), path, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	for i := range 50000 {
		ob := &observation{
			key: fmt.Sprintf("ORDER%08d", i), order: fmt.Sprintf("ORDER%08d", i), at: int64(i), provider: "visa", operation: "authorize", outcome: 5,
			code: "51", amount: 1999, currency: "EUR", hasAmount: true, transaction: fmt.Sprintf("tx_%016x", i*7919), merchant: "m1",
			card: fmt.Sprintf("411111******%04d", i%10000), customer: fmt.Sprintf("%016x", i*104729),
		}
		tracker.observe(ob)
	}
	b.ResetTimer()
	for b.Loop() {
		if err := writeState(path, tracker.state()); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size()), "bytes")
	b.ReportMetric(float64(len(tracker.cards.by)), "cards")
}
