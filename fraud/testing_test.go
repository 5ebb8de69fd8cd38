package fraud_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/fraud"
)

// scene plays payments to a watch on a clock of its own.
type scene struct {
	*fraud.Watch
	t   *testing.T
	reg *prometheus.Registry
	at  time.Time
	log strings.Builder
	n   int
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, reg: prometheus.NewRegistry(), at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	s.Watch = fraud.New("", slog.New(slog.NewTextHandler(&s.log, nil)), s.reg)
	s.SetClock(func() time.Time { return s.at })
	return s
}

// payment is an attempt at Stripe; what is "" the log does not say.
type payment struct {
	code, card, ip, customer, order, merchant string
	amount                                    int64
}

// pay plays an attempt of now. Codes end it as they do with Stripe, "" approves it.
func (s *scene) pay(p payment) {
	ev := &event.Event{Source: &event.Source{Dataset: "app"}, Time: s.at, Offset: int64(s.n)}
	s.n++
	ev.Payment = event.Payment{
		Provider: "stripe", Operation: "authorize", Code: p.code, Outcome: event.IssuerPolicy, Amount: p.amount, Currency: "USD", HasAmount: p.amount > 0,
	}
	switch p.code {
	case "":
		ev.Payment.Outcome = event.Approved
	case "incorrect_cvc", "expired_card", "insufficient_funds":
		ev.Payment.Outcome = event.Customer
	}
	for k, v := range map[event.Key]string{
		event.Card: p.card, event.SourceIP: p.ip, event.CustomerKey: p.customer, event.OrderID: p.order, event.Merchant: p.merchant,
	} {
		if v != "" {
			ev.SetFact(k, []byte(v))
		}
	}
	s.Observe(ev)
}

// request plays a line of an access log of now.
func (s *scene) request(ip, url string, status int) {
	ev := &event.Event{Source: &event.Source{Dataset: "access", Labels: map[string]string{"service": "checkout"}}, Time: s.at, Status: status, Offset: int64(s.n)}
	s.n++
	ev.SetFact(event.SourceIP, []byte(ip))
	ev.SetFact(event.HTTPMethod, []byte("POST"))
	ev.SetFact(event.URL, []byte(url))
	s.Observe(ev)
}

// customers are usual traffic: n payments of n customers, of which every twelfth is declined.
func (s *scene) customers(n int) {
	for i := range n {
		code := ""
		if i%12 == 0 {
			code = []string{"insufficient_funds", "incorrect_cvc", "generic_decline"}[i/12%3]
		}
		s.pay(payment{
			code: code, card: fmt.Sprintf("%d******%04d", 400000+s.n%40, s.n%10000), ip: fmt.Sprintf("198.51.%d.%d", s.n/250%250, s.n%250),
			customer: fmt.Sprintf("c%d", s.n), order: fmt.Sprintf("o%d", s.n), merchant: "acme", amount: 2500,
		})
	}
}

// over plays f n times, evenly over a span of time, and judges as often as Run does.
func (s *scene) over(span time.Duration, n int, f func(i int)) {
	step, swept := span/time.Duration(n), s.at
	for i := range n {
		f(i)
		s.at = s.at.Add(step)
		for ; s.at.Sub(swept) >= 5*time.Second; swept = swept.Add(5 * time.Second) {
			s.Sweep()
		}
	}
	s.Sweep()
}

// testers returns by what sources that test cards are found now.
func (s *scene) testers() string {
	s.t.Helper()
	s.Sweep()
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	var found []string
	for _, f := range families {
		if f.GetName() != "payment_card_testing_sources" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() > 0 {
				found = append(found, m.GetLabel()[0].GetValue())
			}
		}
	}
	return strings.Join(found, " ")
}

func card(i int) string { return fmt.Sprintf("%d******%04d", 411111+i%47, i%10000) }

func TestCardTesting(t *testing.T) {
	t.Parallel()
	declines := []string{"incorrect_cvc", "generic_decline", "incorrect_cvc", "expired_card", "do_not_honor"}
	for _, c := range []struct {
		name string
		play func(s *scene)
		want string
	}{
		{"one client, many cards, one dollar", func(s *scene) {
			s.over(3*time.Minute, 60, func(i int) {
				s.customers(5)
				s.pay(payment{code: declines[i%5], card: card(i), ip: "203.0.113.7", order: fmt.Sprintf("t%d", i), merchant: "acme", amount: 100})
			})
		}, "client"},
		{"declines that do not say why", func(s *scene) {
			s.over(3*time.Minute, 60, func(i int) {
				s.pay(payment{code: "generic_decline", card: card(i), ip: "203.0.113.7", merchant: "acme", amount: 100})
			})
		}, "client"},
		{"one a minute for an hour", func(s *scene) {
			s.over(time.Hour, 60, func(i int) {
				s.customers(20)
				s.pay(payment{code: declines[i%5], card: card(i), ip: "203.0.113.7", merchant: "acme", amount: 100})
			})
		}, "client"},
		{"one account, many addresses", func(s *scene) {
			s.over(3*time.Minute, 40, func(i int) {
				s.pay(payment{code: declines[i%5], card: card(i), ip: fmt.Sprintf("203.0.113.%d", i), customer: "~1", merchant: "acme", amount: 100})
			})
		}, "customer"},
		{"many addresses, the cards of one bank", func(s *scene) {
			s.over(3*time.Minute, 60, func(i int) {
				s.customers(20)
				s.pay(payment{code: declines[i%5], card: fmt.Sprintf("453211******%04d", i), ip: fmt.Sprintf("203.0.113.%d", i), merchant: "acme", amount: 100})
			})
		}, "bin"},
		{"many addresses, cards of all banks", func(s *scene) {
			s.over(4*time.Minute, 240, func(i int) {
				s.customers(1)
				s.pay(payment{code: "incorrect_cvc", card: fmt.Sprintf("%d******%04d", 500000+i*37, i), ip: fmt.Sprintf("203.0.%d.%d", i/200, i%200), merchant: "acme", amount: 100})
			})
		}, "merchant"},
		{"the log names no cards", func(s *scene) {
			s.over(4*time.Minute, 80, func(i int) {
				s.pay(payment{code: declines[i%5], ip: "203.0.113.7", order: fmt.Sprintf("t%d", i), merchant: "acme", amount: 100})
			})
		}, "client"},
		{"an access log alone", func(s *scene) {
			s.over(4*time.Minute, 100, func(i int) {
				s.request(fmt.Sprintf("198.51.100.%d", i), "/v1/payments", 200)
				s.request("203.0.113.7", "/v1/payments", 402)
			})
		}, "address"},

		{"a promotion: ten times the customers", func(s *scene) {
			s.over(10*time.Minute, 120, func(int) { s.customers(60) })
		}, ""},
		{"one customer tries thirty times", func(s *scene) {
			s.over(5*time.Minute, 30, func(i int) {
				s.pay(payment{code: "incorrect_cvc", card: card(1), ip: "203.0.113.7", customer: "~1", order: fmt.Sprintf("t%d", i), merchant: "acme", amount: 100})
			})
		}, ""},
		{"one customer tries thirty times, and the log names nobody", func(s *scene) {
			s.over(5*time.Minute, 30, func(i int) {
				s.pay(payment{code: "incorrect_cvc", ip: "203.0.113.7", order: fmt.Sprintf("t%d", i), merchant: "acme", amount: 100})
				s.request("203.0.113.7", "/v1/payments", 402)
			})
		}, ""},
		{"subscriptions of a month, from the merchant's server", func(s *scene) {
			s.over(10*time.Minute, 3000, func(i int) {
				code := []string{"", "", "", "insufficient_funds", "", "expired_card", "", ""}[i%8]
				s.pay(payment{code: code, card: card(i), ip: "192.0.2.1", customer: fmt.Sprintf("m%d", i), merchant: "club", amount: 399})
			})
		}, ""},
		{"and those declined, once more", func(s *scene) {
			s.over(10*time.Minute, 1000, func(i int) {
				code := []string{"insufficient_funds", "insufficient_funds", "", "expired_card", "insufficient_funds", "do_not_honor", "", "insufficient_funds"}[i%8]
				s.pay(payment{code: code, card: card(i * i), ip: "192.0.2.1", customer: fmt.Sprintf("m%d", i), merchant: "club", amount: 399})
				if code != "" {
					s.request("192.0.2.1", "/v1/payments", 402)
				} else {
					s.request("192.0.2.1", "/v1/payments", 200)
				}
			})
		}, ""},
		{"a form that loses the security code", func(s *scene) {
			s.over(5*time.Minute, 300, func(i int) {
				s.pay(payment{code: "incorrect_cvc", card: fmt.Sprintf("%d******%04d", 400000+i%5, i), ip: fmt.Sprintf("198.51.100.%d", i%250), customer: fmt.Sprintf("f%d", i), merchant: "acme", amount: 2500})
			})
		}, ""},
		{"old records, read late", func(s *scene) {
			s.over(3*time.Minute, 60, func(i int) {
				s.pay(payment{code: declines[i%5], card: card(i), ip: "203.0.113.7", merchant: "acme", amount: 100})
			})
			s.at = s.at.Add(2 * time.Hour)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.over(30*time.Minute, 180, func(int) { s.customers(10) })
			c.play(s)
			if got := s.testers(); got != c.want {
				t.Errorf("found by %q, want %q; log:\n%s", got, c.want, s.log.String())
			}
		})
	}
}

// TestOffendersAreShownRedacted holds what the log says of a source to what may be said.
func TestOffendersAreShownRedacted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.over(3*time.Minute, 60, func(i int) {
		s.pay(payment{code: "incorrect_cvc", card: card(i), ip: "203.0.113.7", merchant: "acme", amount: 100})
		s.pay(payment{code: "incorrect_cvc", card: card(i), ip: "2001:db8:1:2::7", merchant: "acme", amount: 100})
	})
	said := s.log.String()
	for _, want := range []string{"who=203.0.113.0/24", "who=2001:db8:1::/48", "merchant=acme", "by=client"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s:\n%s", want, said)
		}
	}
	for _, never := range []string{"203.0.113.7", "::7", "******"} {
		if strings.Contains(said, never) {
			t.Errorf("the log says %s:\n%s", never, said)
		}
	}
	if n := strings.Count(said, "cards are being tested"); n > 4 {
		t.Errorf("said %d times, want once for each source", n)
	}
}

// TestSourcesAreBounded has more clients refused than are remembered, among whom one that tests cards is not forgotten.
func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.over(3*time.Minute, 20000, func(i int) {
		s.pay(payment{code: "insufficient_funds", card: card(i), ip: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), merchant: fmt.Sprintf("m%d", i%3000), amount: 2500})
		if i%300 == 0 {
			s.pay(payment{code: "incorrect_cvc", card: card(i / 300), ip: "203.0.113.7", merchant: "acme", amount: 100})
		}
	})
	if got := s.testers(); !strings.HasPrefix(got, "client") {
		t.Errorf("found by %q, want client first", got)
	}
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "gatewatch_card_testing_evicted_total" && f.GetMetric()[0].GetCounter().GetValue() < 10000 {
			t.Errorf("evicted %v, want more", f.GetMetric()[0])
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	w := fraud.New("", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	ev := &event.Event{Source: &event.Source{Dataset: "app"}, Time: time.Now(), Payment: event.Payment{Provider: "stripe", Operation: "authorize", Outcome: event.Approved}}
	for k, v := range map[event.Key]string{event.Card: "411111******1111", event.SourceIP: "203.0.113.7", event.CustomerKey: "d37e9d7e4805aafe", event.Merchant: "acme"} {
		ev.SetFact(k, []byte(v))
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Observe(ev)
	}
}
