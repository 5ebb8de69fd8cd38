package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/event"
	"gatewatch/payment"
)

// OrderFinding is an order that somebody should look at.
type OrderFinding struct {
	// Kind is what was found: paid_twice, second_transaction, same_payment, amount_mismatch, bad_signature, forbidden_retry
	// or stuck.
	Kind string
	Time time.Time
	// Order is its number, "" when it is not known.
	Order, Provider string
	// Transaction is the provider's id in the record that showed it, Earlier the one before; "" when unknown.
	Transaction, Earlier string
	// EarlierProvider is the provider of the transaction before; "" when unknown.
	EarlierProvider string
	// Amount is in minor units of Currency; 0 when unknown.
	Amount   int64
	Currency string
	// Rule is the rule of a card scheme that a forbidden retry breaks: visa_category_1, visa_reattempts_30d, mastercard_advice_03,
	// mastercard_advice_21, mastercard_advice_wait, mastercard_attempts_24h or mastercard_attempts_30d; "" otherwise.
	Rule string
}

const (
	// findingsShown is the most findings on the page of orders.
	findingsShown = 100
	// ordersSpan is what the success rates of that page are taken over, and how old a finding may be for the first page.
	ordersSpan = time.Hour
)

// ordersBody is what the page of orders shows.
type ordersBody struct {
	Rates    []orderRate
	Waiting  []waitingRow
	Findings []findingRow
	// Hidden is how many findings are not shown.
	Hidden int
	Errors []string
}

// orderRate is a success rate by attempts or by orders.
type orderRate struct {
	// Kind is attempts or orders.
	Kind string
	counts
	Success float64
}

// waitingRow is how many orders a provider owes the result of.
type waitingRow struct {
	Provider              string
	Waiting, Stuck, Since float64
	State                 state
}

type findingRow struct {
	OrderFinding
	State  state
	Logs   string
	Amount string
	// Other is the provider of the transaction before when it is another one.
	Other string
}

func (s *server) ordersPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	l := s.views.language(lang)
	p := s.page(r, "orders", lang)
	p.Title = l.text("nav.orders")
	var body ordersBody
	var err error
	if body.Rates, body.Waiting, err = s.orderFigures(r.Context()); err != nil {
		body.Errors = append(body.Errors, l.text("error.series", s.failed(r.Context(), "series", err)))
	}
	found := s.orders()
	for _, f := range found[:min(len(found), findingsShown)] {
		body.Findings = append(body.Findings, newFindingRow(f))
	}
	body.Hidden = len(found) - len(body.Findings)
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

// orderFigures returns the success rates and what waits.
func (s *source) orderFigures(ctx context.Context) ([]orderRate, []waitingRow, error) {
	at := s.now()
	var rates []orderRate
	for _, one := range []struct{ kind, metric string }{{"attempts", "payment_attempts_total"}, {"orders", "payment_intents_total"}} {
		samples, err := s.series.Query(ctx, fmt.Sprintf("sum by (outcome) (increase(%s[%s]))", one.metric, promDuration(ordersSpan)), at)
		if err != nil {
			return nil, nil, fmt.Errorf("query success by %s: %w", one.kind, err)
		}
		rate := orderRate{Kind: one.kind}
		for _, sample := range samples {
			rate.add(sample.Labels["outcome"], sample.Value)
		}
		rate.Success = rate.success()
		rates = append(rates, rate)
	}
	// An agent that has just started has counted no order that failed yet.
	if attempts, orders := &rates[0], &rates[1]; orders.failed() == 0 && attempts.failed() > 0 {
		orders.Success = math.NaN()
	}
	waiting, err := s.waiting(ctx, at)
	return rates, waiting, err
}

// Approved and Decided are for templates.
func (r orderRate) Approved() float64 { return r.counts[event.Approved] }
func (r orderRate) Decided() float64  { return r.decided() }

// waiting returns the providers that owe the result of orders, the most stuck ones first.
func (s *source) waiting(ctx context.Context, at time.Time) ([]waitingRow, error) {
	by := map[string]*waitingRow{}
	for _, one := range []struct {
		metric string
		set    func(*waitingRow, float64)
	}{
		{"payment_pending_orders", func(w *waitingRow, v float64) { w.Waiting = v }},
		{"payment_stuck_orders", func(w *waitingRow, v float64) { w.Stuck = v }},
		{"payment_oldest_pending_seconds", func(w *waitingRow, v float64) { w.Since = v }},
	} {
		samples, err := s.series.Query(ctx, one.metric, at)
		if err != nil {
			return nil, fmt.Errorf("query waiting orders: %w", err)
		}
		for _, sample := range samples {
			provider := sample.Labels["provider"]
			if by[provider] == nil {
				by[provider] = &waitingRow{Provider: provider}
			}
			one.set(by[provider], sample.Value)
		}
	}
	var rows []waitingRow
	for _, w := range by {
		if w.Stuck > 0 {
			w.State = worse
		}
		if w.Waiting > 0 {
			rows = append(rows, *w)
		}
	}
	slices.SortFunc(rows, func(a, b waitingRow) int {
		return cmp.Or(cmp.Compare(b.Stuck, a.Stuck), cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Provider, b.Provider))
	})
	return rows, nil
}

// Oldest is how long the oldest order waits.
func (w waitingRow) Oldest() time.Duration { return time.Duration(w.Since * float64(time.Second)) }

func newFindingRow(f OrderFinding) findingRow {
	row := findingRow{OrderFinding: f, Amount: money(f.Amount, f.Currency)}
	switch f.Kind {
	case "paid_twice":
		row.State = failing
	case "amount_mismatch", "bad_signature":
		row.State = worse
	}
	if f.EarlierProvider != f.Provider {
		row.Other = f.EarlierProvider
	}
	if f.Order != "" {
		st := logState{Text: term("order", f.Order), Range: "24h"}
		row.Logs = st.Link()
	}
	return row
}

// money writes an amount in minor units: 1,234.50 CNY, 1,500 JPY; "" when it is not known.
func money(minor int64, currency string) string {
	if minor == 0 {
		return ""
	}
	digits := payment.Decimals(currency)
	unit := math.Pow10(digits)
	text := number(math.Trunc(float64(minor) / unit))
	if digits > 0 {
		fraction := strconv.FormatInt(int64(math.Abs(math.Mod(float64(minor), unit))), 10)
		text += "." + strings.Repeat("0", digits-len(fraction)) + fraction
	}
	if currency != "" {
		text += nbsp + currency
	}
	return text
}

// recentFindings says in a few words what was found in the last hour, or "".
func (s *server) recentFindings(l *language) string {
	if s.orders == nil {
		return ""
	}
	count := map[string]int{}
	var kinds []string
	for _, f := range s.orders() {
		if s.now().Sub(f.Time) > ordersSpan {
			continue
		}
		if count[f.Kind] == 0 {
			kinds = append(kinds, f.Kind)
		}
		count[f.Kind]++
	}
	if len(kinds) == 0 {
		return ""
	}
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Compare(slices.Index(findingKinds[:], a), slices.Index(findingKinds[:], b))
	})
	for i, kind := range kinds {
		kinds[i] = l.text("orders.count", l.finding(kind), count[kind])
	}
	return strings.Join(kinds, l.text("list.comma"))
}

// findingKinds are the kinds of findings, the worst first.
var findingKinds = [...]string{"paid_twice", "amount_mismatch", "bad_signature", "second_transaction", "same_payment", "forbidden_retry", "stuck"}

// finding returns the name of a kind of finding for people.
func (l *language) finding(kind string) string {
	if key := "finding." + kind; texts[key][0] != "" {
		return l.text(key)
	}
	return kind
}
