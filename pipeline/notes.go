package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/journal"
	"gatewatch/redact"
)

const (
	// maxNotes is how many notes wait for the journal. What comes while so many wait is dropped and counted: who
	// observes databases must not wait for a disk.
	maxNotes = 1000
	// maxNoteText is the most bytes of one text of a note.
	maxNoteText = 16 << 10
)

// notesEpoch is when offsets of notes begin: they are milliseconds since then, which fit in a document's id until 2060.
var notesEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Notes brings what other parts of the agent observe into the journal, redacted, from where it is searched and delivered
// like the records of log files.
type Notes struct {
	host     string
	redactor *redact.Redactor
	journal  Appender
	log      *slog.Logger
	queue    chan event.Note

	taken, dropped *prometheus.CounterVec

	// What follows is Run's.
	id      uint64
	last    int64 // offset
	sources map[string]*event.Source
}

// NewNotes returns the way of notes into the journal of parts, of which it needs the host, the redactor, the journal and
// the log.
func NewNotes(parts Parts, reg prometheus.Registerer) *Notes {
	n := &Notes{
		host: parts.Host, redactor: parts.Redactor, journal: parts.Journal, log: parts.Log,
		queue: make(chan event.Note, maxNotes), sources: map[string]*event.Source{},
		taken: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatewatch_notes_total",
			Help: "Documents that collectors gave to the journal."}, []string{"dataset"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatewatch_notes_dropped_total",
			Help: "Documents of collectors that were dropped because they are too large, or because the journal takes none or fell too far behind."}, []string{"dataset"}),
	}
	reg.MustRegister(n.taken, n.dropped)
	var random [8]byte
	rand.Read(random[:]) // never fails
	n.id = binary.BigEndian.Uint64(random[:])
	return n
}

// Add hands over a note. It does not wait, and may be called from several goroutines.
func (n *Notes) Add(note event.Note) {
	select {
	case n.queue <- note:
	default:
		n.dropped.WithLabelValues(note.Dataset).Inc()
	}
}

// Run brings notes into the journal until ctx ends, and then those that wait.
func (n *Notes) Run(ctx context.Context) error {
	for {
		select {
		case note := <-n.queue:
			if err := n.commit(ctx, n.batch(note)); err != nil {
				return err
			}
		case <-ctx.Done():
			if len(n.queue) == 0 {
				return nil
			}
			return n.commit(ctx, n.batch(<-n.queue))
		}
	}
}

// batch returns first and what else waits.
func (n *Notes) batch(first event.Note) journal.Batch {
	var b journal.Batch
	n.add(&b, first)
	for len(n.queue) > 0 {
		n.add(&b, <-n.queue)
	}
	return b
}

func (n *Notes) add(b *journal.Batch, note event.Note) {
	source := n.sources[note.Dataset]
	if source == nil {
		source = &event.Source{ID: n.id, Host: n.host, Dataset: note.Dataset}
		n.sources[note.Dataset] = source
	}
	n.last = max(n.last+1, time.Since(notesEpoch).Milliseconds())
	ev := note.Event(source, n.last, n.clean)
	b.Records = append(b.Records, journal.Record{Source: source, Offset: n.last, Time: ev.Time, Document: event.AppendDocument(nil, ev)})
}

func (n *Notes) clean(text string) []byte {
	return n.redactor.Redact(nil, []byte(text[:min(len(text), maxNoteText)]))
}

// commit appends b, again and again until the journal has it or ctx ends.
func (n *Notes) commit(ctx context.Context, b journal.Batch) error {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := n.journal.Append(b)
		if err == nil {
			n.count(n.taken, b)
			return nil
		}
		if errors.Is(err, journal.ErrTooLarge) {
			return n.commitParts(ctx, b, err)
		}
		if pause == firstPause {
			n.log.Error("journal takes no notes of collectors, which wait until it does", "err", err)
		}
		if errors.Is(err, journal.ErrClosed) {
			n.count(n.dropped, b)
			return nil
		}
		select {
		case <-ctx.Done():
			n.count(n.dropped, b)
			return nil
		case <-time.After(pause):
		}
	}
}

// commitParts appends b, which is too large for one block, in two. A note that is too large by itself is dropped.
func (n *Notes) commitParts(ctx context.Context, b journal.Batch, tooLarge error) error {
	half := len(b.Records) / 2
	if half == 0 {
		n.log.Error("note of a collector dropped", "dataset", b.Records[0].Source.Dataset, "err", tooLarge)
		n.count(n.dropped, b)
		return nil
	}
	return errors.Join(n.commit(ctx, journal.Batch{Records: b.Records[:half]}), n.commit(ctx, journal.Batch{Records: b.Records[half:]}))
}

func (n *Notes) count(in *prometheus.CounterVec, b journal.Batch) {
	for i := range b.Records {
		in.WithLabelValues(b.Records[i].Source.Dataset).Inc()
	}
}
