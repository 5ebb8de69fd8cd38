package pipeline

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxLeaks bounds the pairs of file and logger that card data is counted for. A further one takes the place of the
	// pair that has been quiet for longest.
	maxLeaks = 200
	// minQuiet is how long a pair keeps its place after its last leak: by then its count was sampled, and the alert has
	// named it. While no pair has been quiet for that long, further ones count as other.
	minQuiet = time.Minute
	// maxLabel bounds the length of a logger's name in a label.
	maxLabel = 128
)

// leaks counts the card data in log files by where it stands and who wrote it, so that somebody can stop it. Safe for
// concurrent use.
type leaks struct {
	total    *prometheus.CounterVec
	dropped  prometheus.Counter
	released prometheus.Counter
	now      func() time.Time

	mu    sync.Mutex
	known map[leak]time.Time // when it leaked last
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
		released: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_card_leak_labels_released_total",
			Help: "Pairs of file and logger that are no longer counted in payment_card_leaks_total, because others leak card data and they had not for longest.",
		}),
		now: time.Now, known: map[leak]time.Time{},
	}
	reg.MustRegister(l.total, l.dropped, l.released)
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
	if _, known := l.known[at]; known || l.room() {
		l.known[at] = l.now()
	} else {
		l.dropped.Inc()
		at = leak{"other", "other"}
	}
	l.total.WithLabelValues(at.source, at.logger).Add(float64(n))
}

// room tells whether one more pair can be counted by its name, and lets the longest-quiet one go for it.
func (l *leaks) room() bool {
	if len(l.known) < maxLeaks {
		return true
	}
	var quiet leak
	var last time.Time
	for at, when := range l.known {
		if last.IsZero() || when.Before(last) {
			quiet, last = at, when
		}
	}
	if l.now().Sub(last) < minQuiet {
		return false
	}
	delete(l.known, quiet)
	l.total.DeleteLabelValues(quiet.source, quiet.logger)
	l.released.Inc()
	return true
}
