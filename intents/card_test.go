package intents

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// wantRetries checks how many attempts broke the rule, and that none broke another one.
func (s *scene) wantRetries(rule string, want int) {
	s.t.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if n := int(m.GetCounter().GetValue()); f.GetName() == "payment_forbidden_retries_total" && l.GetName() == "rule" && n > 0 {
					got[l.GetValue()] += n
				}
			}
		}
	}
	if got[rule] != want || len(got) > min(want, 1) {
		s.t.Errorf("forbidden retries = %v, want %d of %s", got, want, rule)
	}
}

const (
	visaCard       = " card=411111******1111 amount=1999"
	mastercardCard = " card=555555******4444 amount=1999"
)

// TestRefusalsThatForbid makes one attempt, waits, and makes another.
func TestRefusalsThatForbid(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	f := func(first string, wait time.Duration, second, rule string) {
		t.Helper()
		s := newScene(t, nil)
		s.record(first)
		s.wait(wait)
		s.record(second)
		if rule == "" {
			s.wantRetries("", 0)
			s.wantFound()
			return
		}
		s.wantRetries(rule, 1)
		s.wantFound(ForbiddenRetry)
		if got := s.Findings()[0].Rule; got != rule {
			t.Errorf("Findings()[0].Rule = %q, want %q", got, rule)
		}
	}
	const declined, stolen = "visa authorize customer code=51", "visa authorize fraud code=43"
	f(stolen+" order=ORDER001"+visaCard, 3*time.Second, declined+" order=ORDER001"+visaCard, visaNever)
	f(stolen+" order=ORDER001"+visaCard, 29*day, declined+" order=ORDER001"+visaCard, visaNever) // the order is forgotten long since
	f(stolen+" order=ORDER001"+visaCard, 31*day, declined+" order=ORDER001"+visaCard, "")
	f(stolen+" order=ORDER001"+visaCard, day, declined+" order=ORDER002"+visaCard, "") // may be another card that looks alike
	f(stolen+" order=ORDER001 customer=c1"+visaCard, day, declined+" order=ORDER002 customer=c1"+visaCard, visaNever)
	f(stolen+" order=ORDER001 customer=c1"+visaCard, day, "visa authorize approved order=ORDER002 customer=c1 card=411111******1111 amount=5", visaNever)
	f(stolen+" order=ORDER001 customer=c1"+visaCard, day, declined+" order=ORDER002 customer=c2"+visaCard, "")
	f(stolen+" order=ORDER001 customer=c1 merchant=a"+visaCard, day, declined+" order=ORDER002 customer=c1 merchant=b"+visaCard, "")
	f(stolen+" order=ORDER001 customer=c1"+visaCard, day, "visa authorize unknown_outcome order=ORDER002 customer=c1"+visaCard, "") // not known yet
	f(declined+" order=ORDER001"+visaCard, time.Hour, declined+" order=ORDER001"+visaCard, "")

	// Through providers that have codes of their own.
	f("stripe authorize fraud code=stolen_card net=43 order=ORDER001"+visaCard, time.Hour, "stripe authorize fraud code=stolen_card order=ORDER001"+visaCard, visaNever)
	f("stripe authorize fraud code=stolen_card order=ORDER001"+visaCard, time.Hour, "stripe authorize fraud code=stolen_card order=ORDER001"+visaCard, "")
	f("adyen authorize customer code=6 net=46:Closed order=ORDER001"+visaCard, time.Hour, "adyen authorize approved order=ORDER001"+visaCard, visaNever)
	f("checkout authorize data code=20014 order=ORDER001"+visaCard, time.Hour, "checkout authorize approved order=ORDER001"+visaCard, visaNever)
	f("worldpay authorize issuer_policy code=4 order=ORDER001"+visaCard, time.Hour, "worldpay authorize approved order=ORDER001"+visaCard, visaNever)
	f("stripe authorize fraud net=43 order=ORDER001 card=353011******0000", time.Hour, "stripe authorize approved order=ORDER001 card=353011******0000", "")

	const refused = "mastercard authorize issuer_policy code=05"
	f(refused+" adv=03 order=ORDER001"+mastercardCard, day, refused+" order=ORDER001"+mastercardCard, mastercardNever)
	f(refused+" adv=21 order=ORDER001"+mastercardCard, day, refused+" order=ORDER001"+mastercardCard, mastercardStop)
	f(refused+" adv=03 order=ORDER001 customer=c1"+mastercardCard, day, refused+" order=ORDER002 customer=c1"+mastercardCard, mastercardNever)
	f(refused+" adv=03 order=ORDER001 customer=c1"+mastercardCard, day, refused+" order=ORDER002 customer=c1 card=555555******4444 amount=5", "")
	for advice, wait := range map[string]time.Duration{"24": time.Hour, "25": day, "26": 2 * day, "27": 4 * day, "28": 6 * day, "29": 8 * day, "30": 10 * day} {
		first := "stripe authorize customer code=insufficient_funds net=51 adv=" + advice + " order=ORDER001" + mastercardCard
		f(first, wait-time.Second, "stripe authorize approved order=ORDER001"+mastercardCard, mastercardWait)
		f(first, wait, "stripe authorize approved order=ORDER001"+mastercardCard, "")
	}
	for _, advice := range []string{"01", "02", "04", "22", "40", "41", "42", "43", "99", "x", "try_again_later"} {
		f(refused+" adv="+advice+" order=ORDER001"+mastercardCard, time.Minute, refused+" order=ORDER001"+mastercardCard, "")
	}
	f("stripe authorize customer net=51 adv=03 order=ORDER001"+visaCard, time.Hour, "stripe authorize approved order=ORDER001"+visaCard, "") // Mastercard's code alone
}

// TestTooManyAttempts makes attempts at even times and wants the last ones to be beyond a limit.
func TestTooManyAttempts(t *testing.T) {
	t.Parallel()
	f := func(name, record string, every time.Duration, n int, rule string, want int) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			for i := range n {
				s.record(fmt.Sprintf(record, i, i))
				s.wait(every)
			}
			s.wantRetries(rule, want)
		})
	}
	const hour = time.Hour
	f("Visa: 15 reattempts", "visa authorize customer code=51 order=ORDER%03d tx=T%d"+visaCard, hour, 16, "", 0)
	f("Visa: 17", "visa authorize customer code=51 order=ORDER%03d tx=T%d"+visaCard, hour, 18, visaReattempts, 2)
	f("Visa through a provider", "stripe authorize customer code=insufficient_funds order=ORDER%03d tx=T%d"+visaCard, hour, 17, visaReattempts, 1)
	f("Visa: over more than 30 days", "visa authorize customer code=51 order=ORDER%03d tx=T%d"+visaCard, 49*hour, 40, "", 0)
	f("Visa: other amounts", "visa authorize customer code=51 order=ORDER%03d card=411111******1111 amount=1%02d", hour, 30, "", 0)
	f("Visa: no answer from the issuer", "stripe authorize provider_down order=ORDER%03d tx=T%d"+visaCard, hour, 30, "", 0)
	f("Visa: only the last four are known", "visa authorize customer code=51 order=ORDER%03d tx=T%d card=****1111 amount=1999", hour, 30, "", 0)
	f("Visa: the last four of a customer", "visa authorize customer code=51 order=ORDER%03d tx=T%d customer=c1 card=****1111 amount=1999", hour, 17, visaReattempts, 1)
	f("Mastercard: 10 in a day", "mastercard authorize customer code=51 order=ORDER%03d card=555555******4444 amount=1%02d", hour, 10, "", 0)
	f("Mastercard: 12 in a day, any amount", "mastercard authorize customer code=51 order=ORDER%03d card=555555******4444 amount=1%02d", hour, 12, mastercardDay, 2)
	f("Mastercard: 9 a day", "mastercard authorize customer code=51 order=ORDER%03d tx=T%d"+mastercardCard, 3*hour, 35, "", 0)
	f("Mastercard: 37 in 30 days", "mastercard authorize customer code=51 order=ORDER%03d tx=T%d"+mastercardCard, 3*hour, 37, mastercardMonth, 2)
}

func TestApprovalEndsVisasCount(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	for i := range 30 {
		if s.record(fmt.Sprintf("visa authorize customer code=51 order=ORDER%03d", i) + visaCard); i == 14 {
			s.record("visa authorize approved order=ORDER100" + visaCard)
		}
		s.wait(time.Hour)
	}
	s.wantRetries("", 0)
}

func TestVisaReattemptsIsSet(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) { c.VisaReattempts = 20 })
	for i := range 22 {
		s.record(fmt.Sprintf("visa authorize customer code=51 order=ORDER%03d", i) + visaCard)
		s.wait(time.Hour)
	}
	s.wantRetries(visaReattempts, 1)
}

func TestCardsAreBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) { c.MaxCards = 1000 })
	for i := range 1500 {
		s.record(fmt.Sprintf("visa authorize customer code=51 order=ORDER%06d card=411111******%04d", i, i))
	}
	for i := range 200 {
		s.record(fmt.Sprintf("visa authorize approved order=PAID%06d card=422222******%04d", i, i)) // nothing to remember
	}
	if n := len(s.cards.by); n != 1000 {
		t.Errorf("%d cards are kept, want 1000", n)
	}
	s.wantMetrics("gatewatch_intents_cards_evicted_total", "gatewatch_intents_cards_evicted_total 500")
	s.wait(31 * 24 * time.Hour)
	if n := len(s.cards.by); n != 0 {
		t.Errorf("%d cards are kept after 31 days, want 0", n)
	}
}

// TestRulesStartAtZero wants the counters of a scheme before the first rule is broken.
func TestRulesStartAtZero(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	s.record("stripe authorize approved order=ORDER001" + mastercardCard)
	if n, err := testutil.GatherAndCount(s.reg, "payment_forbidden_retries_total"); n != len(schemeRules[mastercard]) || err != nil {
		t.Errorf("%d series, %v, want %d", n, err, len(schemeRules[mastercard]))
	}
}
