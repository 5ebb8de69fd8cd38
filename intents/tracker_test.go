package intents

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"

	"gatewatch/event"
)

// scene plays records of a gateway to a tracker on a clock of its own.
type scene struct {
	*Tracker
	t   *testing.T
	reg *prometheus.Registry
	at  time.Time
}

func newScene(t *testing.T, change func(*Config)) *scene { return sceneAt(t, "", change) }

// sceneAt is a scene of a tracker that keeps its state in the file at path.
func sceneAt(t *testing.T, path string, change func(*Config)) *scene {
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, reg: prometheus.NewRegistry(), at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	s.Tracker = New(cfg, path, slog.New(slog.DiscardHandler), s.reg)
	s.Tracker.now = func() time.Time { return s.at }
	return s
}

// wait lets time pass, in steps as Run takes them.
func (s *scene) wait(d time.Duration) {
	s.at = s.at.Add(d)
	s.sweep()
}

// record plays one record: "alipay authorize approved order=A1 tx=T1 amount=1999 …".
func (s *scene) record(line string) {
	s.t.Helper()
	words := strings.Fields(line)
	ev := &event.Event{Source: &event.Source{}}
	ev.Reset()
	ev.Time, ev.Raw = s.at, []byte(line)
	ev.Payment.Provider, ev.Payment.Operation = words[0], words[1]
	outcome, ok := event.ParseOutcome(words[2])
	if !ok && words[2] != "none" {
		s.t.Fatalf("no outcome %q", words[2])
	}
	ev.Payment.Outcome = outcome
	facts := map[string]event.Key{
		"order": event.OrderID, "tx": event.TransactionID, "try": event.Attempt, "merchant": event.Merchant, "card": event.Card,
		"customer": event.CustomerKey, "net": event.NetworkCode, "adv": event.AdviceCode,
	}
	for _, word := range words[3:] {
		name, value, _ := strings.Cut(word, "=")
		switch key, known := facts[name]; {
		case known:
			ev.SetFact(key, []byte(value))
		case name == "amount":
			fmt.Sscan(value, &ev.Payment.Amount)
			ev.Payment.HasAmount, ev.Payment.Currency = true, "CNY"
		case name == "currency":
			ev.Payment.Currency = value
			ev.SetFact(event.Currency, []byte(value))
		case name == "code":
			ev.Payment.Code = value
		}
	}
	s.Observe(ev)
}

func (s *scene) wantMetrics(name, want string) {
	s.t.Helper()
	if err := testutil.GatherAndCompare(s.reg, strings.NewReader(s.withHelp(name, want)), name); err != nil {
		s.t.Errorf("%v", err)
	}
}

// withHelp puts the lines that a comparison wants before the samples.
func (s *scene) withHelp(name, samples string) string {
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n%s\n", name, f.GetHelp(), name, strings.ToLower(f.GetType().String()), samples)
		}
	}
	return samples
}

func (s *scene) wantFound(want ...Kind) {
	s.t.Helper()
	got, expected := map[Kind]int{}, map[Kind]int{}
	for _, f := range s.Findings() {
		got[f.Kind]++
	}
	for _, k := range want {
		expected[k]++
	}
	if !maps.Equal(got, expected) {
		s.t.Errorf("found %v, want %v", got, expected)
	}
}

func TestRetriedPaymentIsOneIntent(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("alipay authorize provider_down order=ORDER001")
	s.wait(time.Minute)
	s.record("stripe authorize approved order=ORDER001 tx=ch_1")
	s.record("stripe authorize customer order=ORDER002")
	s.record("stripe authorize pending order=ORDER003")
	s.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 1`)
	s.wait(16 * time.Minute)
	s.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 1`+"\n"+`payment_intents_total{outcome="customer"} 1`)
	s.wait(2 * time.Hour) // the third is stuck now
	s.wait(24 * time.Hour)
	s.wantMetrics("payment_intents_total", strings.Join([]string{
		`payment_intents_total{outcome="approved"} 1`, `payment_intents_total{outcome="customer"} 1`, `payment_intents_total{outcome="pending"} 1`,
	}, "\n"))
	s.wantFound(Stuck)
	s.wantMetrics("payment_orders_stuck_total", `payment_orders_stuck_total{provider="alipay"} 0`+"\n"+`payment_orders_stuck_total{provider="stripe"} 1`)
}

func TestPendingOrders(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("wechatpay authorize pending order=ORDER001")
	s.wait(10 * time.Minute)
	s.record("wechatpay authorize unknown_outcome order=ORDER002")
	s.record("alipay authorize pending order=ORDER003")
	s.record("alipay query provider_down order=ORDER003")
	s.wait(0)
	s.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 1`+"\n"+`payment_pending_orders{provider="wechatpay"} 2`)
	s.wantMetrics("payment_oldest_pending_seconds", `payment_oldest_pending_seconds{provider="alipay"} 0`+"\n"+`payment_oldest_pending_seconds{provider="wechatpay"} 600`)
	s.record("wechatpay query approved order=ORDER001")
	s.record("wechatpay void approved order=ORDER002")
	s.record("alipay callback approved order=ORDER003")
	s.wait(2 * time.Hour)
	s.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 0`+"\n"+`payment_pending_orders{provider="wechatpay"} 0`)
	s.wantMetrics("payment_stuck_orders", `payment_stuck_orders{provider="alipay"} 0`+"\n"+`payment_stuck_orders{provider="wechatpay"} 0`)
	s.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 2`+"\n"+`payment_intents_total{outcome="customer"} 1`)
	s.wantFound()
}

func TestFindings(t *testing.T) {
	t.Parallel()
	f := func(name string, records []string, want ...Kind) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			for _, r := range records {
				s.record(r)
				s.at = s.at.Add(2 * time.Second)
			}
			s.wantFound(want...)
		})
	}
	f("paid under two ids", []string{"alipay authorize approved order=ORDER001 tx=T1", "alipay authorize approved order=ORDER001 tx=T2"}, PaidTwice)
	f("paid at two providers", []string{"alipay authorize approved order=ORDER001", "wechatpay authorize approved order=ORDER001"}, PaidTwice)
	f("given up, paid elsewhere, then confirmed", []string{
		"wechatpay authorize unknown_outcome order=ORDER001", "alipay authorize approved order=ORDER001 tx=T1",
		"wechatpay callback approved order=ORDER001 tx=W1", "wechatpay callback approved order=ORDER001 tx=W1",
		"wechatpay query approved order=ORDER001 tx=W1",
	}, PaidTwice)
	f("logged twice", []string{"alipay authorize approved order=ORDER001 tx=T1", "alipay authorize approved order=ORDER001 tx=T1", "alipay authorize approved order=ORDER001"})
	f("callback after the answer", []string{"alipay authorize approved order=ORDER001 tx=T1", "alipay callback approved order=ORDER001 tx=T1"})
	f("second while the first is open", []string{"alipay authorize unknown_outcome order=ORDER001 tx=T1", "alipay authorize pending order=ORDER001 tx=T2"}, SecondTransaction)
	f("second after a refusal", []string{"stripe authorize customer order=ORDER001 tx=T1", "stripe authorize approved order=ORDER001 tx=T2"})
	f("same payment", []string{
		"stripe authorize approved order=ORDER001 customer=c1 card=424242******4242 amount=1999",
		"stripe authorize approved order=ORDER002 customer=c1 card=424242******4242 amount=1999",
	}, SamePayment)
	f("another amount", []string{
		"stripe authorize approved order=ORDER001 customer=c1 card=424242******4242 amount=1999",
		"stripe authorize approved order=ORDER002 customer=c1 card=424242******4242 amount=2000",
	})
	f("short numbers of two merchants", []string{"alipay authorize approved order=1 merchant=a tx=T1", "alipay authorize approved order=1 merchant=b tx=T2"})
	f("confirmed with another amount", []string{"alipay authorize pending order=ORDER001 amount=1999", "alipay callback approved order=ORDER001 amount=1"}, AmountMismatch)
	f("confirmed without a currency", []string{"alipay authorize pending order=ORDER001 amount=1999 currency=HKD", "alipay callback approved order=ORDER001 amount=1999"})
	f("confirmed in another currency", []string{
		"alipay authorize pending order=ORDER001 amount=1999 currency=HKD", "alipay callback approved order=ORDER001 amount=1999 currency=USD",
	}, AmountMismatch)
	f("refused, and logged twice", []string{
		"visa authorize fraud order=ORDER001 code=43 try=1 card=411111******1111", "visa authorize fraud order=ORDER001 code=43 try=1 tx=T1 card=411111******1111",
	})
	f("sign test of nobody", []string{"alipay callback merchant_config order=ORDER001 sign=WECHATPAY/SIGNTEST/abc"}, BadSignature)
	f("wrong signature", []string{"alipay callback none order=ORDER001 验签失败"}, BadSignature)
	f("wrong signature, order unknown", []string{"wechatpay callback none 验签失败"}, BadSignature)
	f("wrong signature on purpose, order unknown", []string{"wechatpay callback none 验签失败 WECHATPAY/SIGNTEST/abc"})
	f("genuine, order unknown", []string{"wechatpay callback approved", "wechatpay authorize none 验签失败"})
	f("wrong signature on purpose", []string{"wechatpay callback merchant_config order=ORDER001 sign=WECHATPAY/SIGNTEST/abc"})
	f("forbidden by Visa", []string{
		"visa authorize fraud order=ORDER001 code=43 card=411111******1111", "visa authorize fraud order=ORDER001 code=43 try=2 card=411111******1111",
	}, ForbiddenRetry)
	f("another card", []string{
		"visa authorize fraud order=ORDER001 code=43 card=411111******1111", "visa authorize approved order=ORDER001 card=400000******0002",
	})
	f("may be tried again", []string{
		"visa authorize customer order=ORDER001 code=51 card=411111******1111", "visa authorize approved order=ORDER001 card=411111******1111",
	})
	f("forbidden by Mastercard", []string{
		"mastercard authorize issuer_policy order=ORDER001 code=05 adv=03 card=555555******4444",
		"mastercard authorize approved order=ORDER001 card=555555******4444",
	}, ForbiddenRetry)
}

func TestFindingNamesBothPayments(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("wechatpay authorize unknown_outcome order=ORDER001 amount=500")
	s.record("alipay authorize approved order=ORDER001 tx=T1 amount=500")
	s.record("wechatpay callback approved order=ORDER001 tx=W1 amount=500")
	want := Finding{
		Kind: PaidTwice, Time: s.at.Local(), Order: "ORDER001", Provider: "wechatpay", Transaction: "W1", Earlier: "T1", EarlierProvider: "alipay",
		Amount: 500, Currency: "CNY",
	}
	if got := s.Findings(); len(got) != 1 || got[0] != want {
		t.Errorf("Findings() = %+v, want %+v", got, want)
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("alipay authorize pending order=ORDER001")
	s.record("alipay callback approved order=ORDER001")
	s.record("alipay authorize pending order=ORDER002")
	s.at = s.at.Add(6 * time.Minute)
	s.record("alipay callback approved order=ORDER002")
	s.record("alipay callback provider_down order=ORDER003")
	s.wantMetrics("payment_callbacks_total", strings.Join([]string{
		`payment_callbacks_total{provider="alipay",result="amount_mismatch"} 0`, `payment_callbacks_total{provider="alipay",result="bad_signature"} 0`,
		`payment_callbacks_total{provider="alipay",result="failed"} 1`, `payment_callbacks_total{provider="alipay",result="late"} 1`,
		`payment_callbacks_total{provider="alipay",result="ok"} 1`, `payment_callbacks_total{provider="alipay",result="signature_test"} 0`,
	}, "\n"))
}

func TestOrdersAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) { c.MaxOrders = 1000 })
	s.record("alipay authorize pending order=WAITING001")
	for i := range 3000 {
		s.record(fmt.Sprintf("alipay authorize approved order=FLOOD%06d", i))
	}
	if n := len(s.orders.orders); n != 1000 {
		t.Errorf("%d orders are kept, want 1000", n)
	}
	s.wait(0)
	s.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 1`)
	s.wantMetrics("gatewatch_intents_evicted_total", `gatewatch_intents_evicted_total 2001`)
}

func TestRefundsAndChargebacks(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("stripe refund approved order=ORDER001")
	s.record("stripe refund provider_down")
	s.record("stripe chargeback none order=ORDER001")
	s.wantMetrics("payment_refunds_total", `payment_refunds_total{outcome="approved",provider="stripe"} 1`+"\n"+`payment_refunds_total{outcome="provider_down",provider="stripe"} 1`)
	s.wantMetrics("payment_chargebacks_total", `payment_chargebacks_total{provider="stripe"} 1`)
	s.wantMetrics("payment_intents_total", "")
}

// TestAttemptsAge counts attempts when the orders of the same time may get stuck, whatever stuck_after is.
func TestAttemptsAge(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{10 * time.Minute, time.Hour, 26 * time.Hour} {
		s := newScene(t, func(c *Config) { c.StuckAfter, c.Keep = model.Duration(after), model.Duration(48*time.Hour) })
		s.record("alipay authorize approved order=ORDER001")
		s.record("alipay authorize approved order=ORDER001") // the same, logged in two places
		s.record("alipay authorize pending order=ORDER002")
		s.at = s.at.Add(after / 2)
		s.record("alipay authorize approved order=ORDER003")
		s.wait(after/2 - time.Second)
		s.wantMetrics("payment_attempts_aged_total", `payment_attempts_aged_total{provider="alipay"} 0`)
		s.wait(2 * time.Second * max(1, after/time.Minute))
		s.wantMetrics("payment_attempts_aged_total", `payment_attempts_aged_total{provider="alipay"} 2`)
		s.wantMetrics("payment_orders_stuck_total", `payment_orders_stuck_total{provider="alipay"} 1`)
		s.wantMetrics("payment_orders_stuck_after_seconds", fmt.Sprintf("payment_orders_stuck_after_seconds %v", after.Seconds()))
		s.wait(after)
		s.wantMetrics("payment_attempts_aged_total", `payment_attempts_aged_total{provider="alipay"} 3`)
	}
}
