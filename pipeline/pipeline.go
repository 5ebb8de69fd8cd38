// Package pipeline turns lines of followed files into journalled events: it joins lines to records, takes card data
// out, finds fields and facts, classes payments, and commits documents and file positions together.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/internal/values"
	"gatewatch/journal"
	"gatewatch/payment"
	"gatewatch/redact"
	"gatewatch/tail"
)

// Appender is the journal, as far as the pipeline needs it.
type Appender interface {
	Append(journal.Batch) error
}

// Parts are what the pipelines of all groups share.
type Parts struct {
	// Host is the name of this host in events.
	Host       string
	Redactor   *redact.Redactor
	Classifier *payment.Classifier
	// CustomerSecret makes the keys that stand for customers.
	CustomerSecret []byte
	Journal        Appender
	// Observe is called once for each record before it is journalled, and may add fields to it. The event is only valid
	// during the call.
	Observe func(*event.Event)
	// Explain, when not nil, is called before Observe with why the record's facts are what they are. It costs many times
	// what reading the record does.
	Explain func(Explanation)
	Metrics *Metrics
	// CardData, when not nil, is told of card data in a file in the place of Metrics, before Observe.
	CardData func(path string, logger []byte, values int)
	// Now is the time of records that have none; nil for the clock of the machine.
	Now func() time.Time
	Log *slog.Logger
}

// Metrics counts what all pipelines of an agent do.
type Metrics struct {
	records, truncated prometheus.Counter
	blocked            prometheus.Gauge
	leaks              *leaks
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		records:   prometheus.NewCounter(prometheus.CounterOpts{Name: "gatewatch_records_total", Help: "Records read from log files."}),
		truncated: prometheus.NewCounter(prometheus.CounterOpts{Name: "gatewatch_lines_truncated_total", Help: "Lines or records cut off at the length limit."}),
		blocked:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "gatewatch_journal_blocked", Help: "1 while the journal takes no records (disk full or failing) and reading waits."}),
	}
	reg.MustRegister(m.records, m.truncated, m.blocked)
	m.leaks = newLeaks(reg)
	return m
}

// CountCardData counts values of card data in a log file.
func (m *Metrics) CountCardData(path string, logger []byte, values int) {
	m.leaks.add(path, logger, values)
}

// Pipeline is the way of one group's lines into the journal. Its Handle is called from one goroutine.
type Pipeline struct {
	cfg     GroupConfig
	parts   Parts
	refine  *refiner
	streams map[uint64]*stream // by the file's identity
	batch   journal.Batch
	docs    []byte
	starts  func(line []byte) bool // the group's own rule for the first line of a record, or nil
	now     func() time.Time
	began   time.Time // when the batch at hand came
	written []byte    // when the record at hand was, as its envelope says; else nil
}

// New makes the pipeline of a group. cfg must be valid.
func New(cfg GroupConfig, parts Parts) (*Pipeline, error) {
	refine, err := newRefiner(cfg, parts)
	if err != nil {
		return nil, err
	}
	starts, err := cfg.Multiline.rule()
	if err != nil {
		return nil, err
	}
	p := &Pipeline{
		cfg: cfg, parts: parts, refine: refine, streams: map[uint64]*stream{}, starts: starts, now: time.Now,
	}
	if parts.Now != nil {
		p.now = parts.Now
	}
	refine.now = p.recordTime
	return p, nil
}

// recordTime is the time of a record that has none of its own.
func (p *Pipeline) recordTime() time.Time {
	if t, ok := values.Time(p.written, time.UTC); ok {
		return t
	}
	return p.now()
}

// Handle commits the records in b to the journal, with the position after them. While the journal cannot take them it
// waits and tries again, so that reading stops and nothing is lost; it returns when ctx ends.
func (p *Pipeline) Handle(ctx context.Context, b tail.Batch) error {
	p.batch.Records, p.batch.Marks, p.docs = p.batch.Records[:0], map[string][]byte{}, p.docs[:0]
	if b.File != nil {
		if err := p.take(b); err != nil {
			return err
		}
	}
	for _, key := range b.Forget {
		p.batch.Marks[key] = nil
	}
	maps.Copy(p.batch.Marks, b.Keep)
	if b.Idle && len(p.batch.Records) == 0 {
		return nil // the position is the same
	}
	return p.commit(ctx)
}

// take turns the lines of b into records of the batch.
func (p *Pipeline) take(b tail.Batch) error {
	p.began = p.now()
	s := p.streams[b.File.ID()]
	if s == nil {
		s = &stream{path: b.File.Origin(), id: b.File.ID()}
		s.restore(b.File.Note)
		p.streams[s.id] = s
	}
	if len(b.Lines) > 0 && !s.settled {
		if err := p.detect(s, b.Lines); err != nil {
			return err
		}
	}
	for _, line := range b.Lines {
		if line.Cut {
			p.parts.Metrics.truncated.Inc()
		}
		p.line(s, line)
	}
	if b.Idle || b.End {
		p.flush(s)
	} else if s.envelope != "" {
		p.flushOld(s)
	}
	next := b.File.Next()
	b.File.Note = s.note(next)
	key, mark := b.File.Mark(s.position(next))
	p.batch.Marks[key] = mark
	if b.End {
		delete(p.streams, s.id)
	}
	return nil
}

// line adds one line of the file.
func (p *Pipeline) line(s *stream, line tail.Line) {
	switch {
	case s.envelope != "":
		p.enveloped(s, line)
	default:
		p.frame(s, &s.lanes[laneOut], line.Offset, line.Text, nil)
	}
}

// record refines one record into the batch. written is when the envelope says that it was, if there is one.
func (p *Pipeline) record(s *stream, l *lane, offset int64, text, written []byte) {
	p.written = written
	ev := p.refine.record(s.parser, s.source, offset, text)
	if ev == nil {
		return
	}
	if s.envelope != "" {
		p.addStream(ev, l, s)
	}
	if n := p.refine.cardData; n > 0 {
		p.cardData(s.source.Path, ev.Fact(event.Logger), n)
	}
	p.parts.Metrics.records.Inc()
	p.parts.Observe(ev)
	start := len(p.docs)
	p.docs = event.AppendDocument(p.docs, ev)
	p.batch.Records = append(p.batch.Records, journal.Record{
		Source: s.source, Offset: offset, Time: ev.Time, Document: p.docs[start:len(p.docs):len(p.docs)],
	})
}

func (p *Pipeline) cardData(path string, logger []byte, values int) {
	if p.parts.CardData != nil {
		p.parts.CardData(path, logger, values)
		return
	}
	p.parts.Metrics.CountCardData(path, logger, values)
}

const (
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// commit appends the batch, again and again until the journal has it.
func (p *Pipeline) commit(ctx context.Context) error {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := p.parts.Journal.Append(p.batch)
		if err == nil {
			if pause > firstPause {
				p.parts.Metrics.blocked.Set(0)
				p.parts.Log.Info("journal takes records again")
			}
			return nil
		}
		if errors.Is(err, journal.ErrClosed) {
			return fmt.Errorf("append %d records: %w", len(p.batch.Records), err)
		}
		if pause == firstPause {
			p.parts.Metrics.blocked.Set(1)
			p.parts.Log.Error("journal takes no records, reading waits until it does", "err", err)
		}
		select {
		case <-ctx.Done():
			p.parts.Metrics.blocked.Set(0) // who comes next finds out
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// source describes the file for the journal.
func (p *Pipeline) source(s *stream) *event.Source {
	return &event.Source{
		ID: s.id, Path: s.path, Host: p.parts.Host, Dataset: s.parser.Dataset(), Labels: p.cfg.Labels,
	}
}
