package pipeline

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxLeaks bounds the pairs of file and logger that card data is counted for; further ones count as other.
	maxLeaks = 200
	// maxLabel bounds the length of a logger's name in a label.
	maxLabel = 128
)

// leaks counts the card data in log files by where it stands and who wrote it, so that somebody can stop it. Safe for
// concurrent use.
type leaks struct {
	total   *prometheus.CounterVec
	dropped prometheus.Counter

	mu    sync.Mutex
	known map[leak]bool
}

type leak struct{ source, logger string }

func newLeaks(reg prometheus.Registerer) *leaks {
	l := &leaks{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payment_card_leaks_total",
			Help: "Card numbers, security codes, tracks and PINs that stand in log files, by file and the logger that wrote them.",
		}, []string{"source", "logger"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_card_leak_labels_dropped_total",
			Help: "Leaks of card data counted under other, because there are too many files and loggers with leaks.",
		}),
		known: map[leak]bool{},
	}
	reg.MustRegister(l.total, l.dropped)
	return l
}

// add counts n values in the file source, in a record of that logger, which may be unknown.
func (l *leaks) add(source string, logger []byte, n int) {
	// A label that is not UTF-8 panics, and names of files may be in any encoding.
	at := leak{strings.ToValidUTF8(source, "\uFFFD"), strings.ToValidUTF8(string(logger[:min(len(logger), maxLabel)]), "")}
	if at.logger == "" {
		at.logger = "unknown"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known[at] {
		if len(l.known) == maxLeaks {
			l.dropped.Inc()
			at = leak{"other", "other"}
		} else {
			l.known[at] = true
		}
	}
	l.total.WithLabelValues(at.source, at.logger).Add(float64(n))
}
