package fraud

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxShown is how many merchants have series of their own: those with most disputes and fraud reports in both months.
const maxShown = 20

// weekLeast is for how long refunds must be known before it is said what is usual.
const weekLeast = 24 * time.Hour

// What the months are told as.
var (
	monthLabels = []string{"provider", "merchant", "scheme", "month"}
	monthCounts = [kinds]*prometheus.Desc{
		payments:     prometheus.NewDesc("payment_month_payments", `Approved payments of a calendar month (UTC), "this" or "last"; merchant "" is all.`, monthLabels, nil),
		refunds:      prometheus.NewDesc("payment_month_refunds", "Approved refunds of a calendar month.", monthLabels, nil),
		chargebacks:  prometheus.NewDesc("payment_month_chargebacks", "First chargebacks and disputes of a calendar month.", monthLabels, nil),
		fraudReports: prometheus.NewDesc("payment_month_fraud_reports", "Payments of which issuers reported fraud in a calendar month.", monthLabels, nil),
	}
	monthAmount = prometheus.NewDesc("payment_month_amount", "Amounts of refunds, chargebacks and fraud reports of a calendar month, in major units of the currency.",
		[]string{"provider", "merchant", "currency", "kind", "month"}, nil)
	monthSince  = prometheus.NewDesc("payment_months_known_since_timestamp_seconds", "Since when payments are counted by month, in seconds since 1970.", nil, nil)
	refundUsual = prometheus.NewDesc("payment_refunds_usual_ratio", "Refunds as a share of the payments of the last seven days, without the last hour.", []string{"provider"}, nil)
	refundPeak  = prometheus.NewDesc("payment_refunds_peak_hour", "Most refunds in one hour of the last seven days, without the last two.", []string{"provider"}, nil)
)

// kindNames are the label values of payment_month_amount.
var kindNames = [kinds]string{"payment", "refund", "chargeback", "fraud_report"}

// Describe implements prometheus.Collector.
func (w *Watch) Describe(to chan<- *prometheus.Desc) {
	for _, d := range monthCounts {
		to <- d
	}
	for _, d := range []*prometheus.Desc{monthAmount, monthSince, refundUsual, refundPeak} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(to chan<- prometheus.Metric) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.months
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if !m.since.IsZero() {
		tell(monthSince, float64(m.since.Unix()))
	}
	shown := m.worst(now)
	totals, sums := map[account]counts{}, map[sum]int64{}
	for a, c := range m.accounts {
		all := account{a.month, a.provider, "", a.scheme}
		totals[all] = totals[all].plus(c)
		if shown[merchantAt{a.provider, a.merchant}] {
			mine := account{a.month, a.provider, cmp.Or(a.merchant, unknown), a.scheme}
			totals[mine] = totals[mine].plus(c)
		}
	}
	for s, amount := range m.sums {
		all := s
		all.merchant = ""
		sums[all] += amount
		if shown[merchantAt{s.provider, s.merchant}] {
			mine := s
			mine.merchant = cmp.Or(s.merchant, unknown)
			sums[mine] += amount
		}
	}
	for a, c := range totals {
		if name, ok := monthName(a.month, now); ok {
			for k, d := range monthCounts {
				tell(d, float64(c[k]), a.provider, a.merchant, string(a.scheme), name)
			}
		}
	}
	for s, amount := range sums {
		if name, ok := monthName(s.month, now); ok {
			tell(monthAmount, float64(amount)/majorUnit(s.currency), s.provider, s.merchant, cmp.Or(s.currency, unknown), kindNames[s.kind], name)
		}
	}
	for provider, week := range m.refunded {
		if ratio, peak, ok := week.usual(now, m.since); ok {
			tell(refundUsual, ratio, provider)
			tell(refundPeak, peak, provider)
		}
	}
}

// monthName returns the label of a month; false for one that is over for longer.
func monthName(month int, now time.Time) (string, bool) {
	switch monthOf(now) - month {
	case 0:
		return "this", true
	case 1:
		return "last", true
	}
	return "", false
}

func (c counts) plus(o *counts) counts {
	for k := range c {
		c[k] += o[k]
	}
	return c
}

// merchantAt is a merchant at a provider.
type merchantAt struct{ provider, merchant string }

// worst returns the merchants with most disputes and fraud reports, of those that have any.
func (m *months) worst(now time.Time) map[merchantAt]bool {
	cases := map[merchantAt]uint64{}
	for a, c := range m.accounts {
		if n := c[chargebacks] + c[fraudReports]; n > 0 && a.month >= monthOf(now)-1 {
			cases[merchantAt{a.provider, a.merchant}] += n
		}
	}
	all := make([]merchantAt, 0, len(cases))
	for who := range cases {
		all = append(all, who)
	}
	slices.SortFunc(all, func(a, b merchantAt) int {
		return cmp.Or(cmp.Compare(cases[b], cases[a]), cmp.Compare(a.provider, b.provider), cmp.Compare(a.merchant, b.merchant))
	})
	shown := map[merchantAt]bool{}
	for _, who := range all[:min(len(all), maxShown)] {
		shown[who] = true
	}
	return shown
}

// usual returns the refunds of the week as a share of its payments, and those of the hour with most; false while too little is
// known.
func (r *refundWeek) usual(now, since time.Time) (ratio, peak float64, ok bool) {
	if since.IsZero() || now.Sub(since) < weekLeast {
		return 0, 0, false
	}
	last := now.Unix() / 3600
	var back, paid uint64
	for _, h := range r.Hours {
		if h.At <= last-refundHours || h.At > last-1 {
			continue
		}
		if h.At < last-1 {
			peak = max(peak, float64(h.Refunds))
		}
		back += h.Refunds
		paid += h.Payments
	}
	const least = 200
	if paid < least {
		return 0, 0, false
	}
	return float64(back) / float64(paid), peak, true
}

// majorUnit returns how many minor units one major unit of the currency has, by ISO 4217; two digits are usual.
func majorUnit(currency string) float64 {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 1
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return math.Pow10(3)
	}
	return math.Pow10(2)
}
