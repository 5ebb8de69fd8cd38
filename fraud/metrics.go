package fraud

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	unknown       = "unknown"
	otherMerchant = "other"
	// maxMerchants bounds the merchants that are labels: those whose cards were tested since the start.
	maxMerchants = 50
	maxLabel     = 64
)

// metrics are what the watch tells.
type metrics struct {
	testers, cards, refused *prometheus.GaugeVec
	evicted, unsaved        prometheus.Counter

	// met are the series that exist, merchants those that have a label of their own; owned by the one who sweeps.
	met       map[labels]bool
	merchants map[string]bool
}

// labels are those of one series.
type labels struct{ provider, merchant, by string }

func newMetrics(reg prometheus.Registerer) *metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"provider", "merchant", "by"})
	}
	return &metrics{
		testers: gauge("payment_card_testing_sources", "Clients, customers, BINs, merchants or addresses whose attempts look like stolen cards being tried out."),
		cards: gauge("payment_card_testing_cards", "Different cards that those were refused with, or orders or requests where the log names no cards; "+
			"in the minutes or the hour that gave them away."),
		refused: gauge("payment_card_testing_refused", "Refused attempts of those."),
		evicted: promauto.With(reg).NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_card_testing_evicted_total", Help: "Sources forgotten before their time, and merchants counted together, because there are too many at once.",
		}),
		unsaved: promauto.With(reg).NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_months_save_failures_total", Help: "How often what is counted by month could not be saved.",
		}),
		met: map[labels]bool{}, merchants: map[string]bool{},
	}
}

// show sets what the sweep found; 0 for what it found before and not any more.
func (m *metrics) show(found []suspect) {
	type sums struct{ testers, cards, refused float64 }
	by := map[labels]*sums{}
	for _, f := range found {
		l := labels{f.provider, m.merchant(f.merchant), f.by}
		s := by[l]
		if s == nil {
			s = &sums{}
			by[l] = s
		}
		s.testers++
		s.cards += f.cards
		s.refused += float64(f.refused)
		m.met[l] = true
	}
	for l := range m.met {
		s := by[l]
		if s == nil {
			s = &sums{}
		}
		m.testers.WithLabelValues(l.provider, l.merchant, l.by).Set(s.testers)
		m.cards.WithLabelValues(l.provider, l.merchant, l.by).Set(s.cards)
		m.refused.WithLabelValues(l.provider, l.merchant, l.by).Set(s.refused)
	}
}

// merchant returns the label of a merchant.
func (m *metrics) merchant(name string) string {
	name = strings.ToValidUTF8(name[:min(len(name), maxLabel)], "")
	if !m.merchants[name] {
		if len(m.merchants) >= maxMerchants {
			m.evicted.Inc()
			return otherMerchant
		}
		m.merchants[name] = true
	}
	return name
}
