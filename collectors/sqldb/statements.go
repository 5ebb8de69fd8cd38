package sqldb

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/event"
)

// The bounds of telling what statements a database spends its time on.
const (
	// statementsEvery is how often servers are asked for the sums of their statements.
	statementsEvery = 5 * time.Minute
	// maxStatementSums is how many sums are read: what PostgreSQL keeps by default.
	maxStatementSums = 5000
	// maxStatementText is how much of a statement stands in a document, in bytes.
	maxStatementText = 4000
	// maxSlower is how many statements that became slower are told at once.
	maxSlower = 10
)

// What makes a statement slower than usual: it took slowerFactor times its usual time, at least slowerMillis each, in at
// least slowerCalls calls and slowerTotal milliseconds; usual is what usualReadings readings said, nearly an hour.
const (
	slowerFactor  = 5
	slowerMillis  = 20
	slowerCalls   = 10
	slowerTotal   = 1000
	usualReadings = 12
	// usualWeight is how much one reading changes what is usual: half of it is forgotten in half an hour of calls.
	usualWeight = 0.1
)

// statementKey tells the statements of a server apart: those that differ in values only are one.
type statementKey struct{ database, id string }

// statementSum is what a server spent on one statement, since it counts or in an interval.
type statementSum struct {
	key                 statementKey
	calls, rows, millis float64
	longest             float64    // milliseconds of one call, since the server counts
	more                [2]float64 // what statements.more names
	usual               float64    // milliseconds a call usually takes; 0: not known
	slower              bool
}

// usualTime is how long calls of a statement take, in milliseconds.
type usualTime struct {
	mean     float64
	readings int
}

// statements tells what statements a database spends its time on: the differences between two readings of its sums, the
// largest as documents, all together as metrics.
type statements struct {
	dataset string // "postgresql.statement"
	// quoted is whether double quotes hold text in statements.
	quoted bool
	// more names, in documents, what else the server sums up.
	more          []string
	name, address string
	most          int
	notes         collect.Notes
	log           *slog.Logger

	before  map[statementKey]statementSum // nil before the first reading
	since   time.Time
	usual   map[statementKey]usualTime
	all     statementSum // of all intervals
	slowers int

	calls, seconds, rows, slower collect.Metric
}

// statementSpecs are the metrics of databases whose metrics' names begin with prefix.
func statementSpecs(prefix string) []collect.Spec {
	return []collect.Spec{
		{Name: prefix + "statements_calls_total", Kind: collect.CounterKind, Help: "Calls of statements since the agent watches, as far as the server tells them apart.", Labels: nil},
		{Name: prefix + "statements_seconds_total", Kind: collect.CounterKind, Help: "Time that they took.", Labels: nil},
		{Name: prefix + "statements_rows_total", Kind: collect.CounterKind, Help: "Rows that they returned or changed.", Labels: nil},
		{Name: prefix + "statements_slower", Kind: collect.GaugeKind, Help: "Statements that took five times as long as usual in the last five minutes; the log and the documents name them.", Labels: nil},
	}
}

func newStatements(prefix, dataset string, d DatabaseConfig, address string, fixed prometheus.Labels, e collect.Env) *statements {
	specs := statementSpecs(prefix)
	return &statements{dataset: dataset, name: d.Name, address: address, most: d.Statements, notes: e.Notes, log: e.Log, usual: map[statementKey]usualTime{},
		calls: specs[0].Metric(fixed), seconds: specs[1].Metric(fixed), rows: specs[2].Metric(fixed), slower: specs[3].Metric(fixed)}
}

// take compares sums with those of the reading before and returns what is to be told, the largest first. complete says
// that sums are all that the server has.
func (s *statements) take(sums []statementSum, complete bool, now time.Time) (top []statementSum) {
	var spent []statementSum
	now = now.Round(0)
	next := make(map[statementKey]statementSum, len(sums))
	usual := make(map[statementKey]usualTime, len(sums))
	s.slowers = 0
	for _, sum := range sums {
		next[sum.key] = sum
		old, known := s.before[sum.key]
		d := sum
		if known && sum.calls >= old.calls {
			d.calls, d.rows, d.millis = sum.calls-old.calls, sum.rows-old.rows, sum.millis-old.millis
			d.more = [2]float64{sum.more[0] - old.more[0], sum.more[1] - old.more[1]}
		}
		u := s.usual[sum.key]
		// One that was not among the largest before may have been there for long.
		if s.before != nil && (known || complete) && d.calls > 0 && d.millis >= 0 {
			u = d.compare(u)
			spent = append(spent, d)
			s.all.calls, s.all.millis, s.all.rows = s.all.calls+d.calls, s.all.millis+d.millis, s.all.rows+d.rows
			if d.slower {
				s.slowers++
			}
		}
		if u.readings > 0 {
			usual[sum.key] = u
		}
	}
	s.before, s.usual = next, usual
	return largest(spent, s.most)
}

// compare notes in d whether it is slower than usual, and returns what is usual after it.
func (d *statementSum) compare(u usualTime) usualTime {
	mean := d.millis / d.calls
	if u.readings >= usualReadings {
		d.usual = u.mean
		d.slower = mean >= slowerFactor*u.mean && mean >= slowerMillis && d.calls >= slowerCalls && d.millis >= slowerTotal
	}
	if u.readings == 0 {
		return usualTime{mean, 1}
	}
	// Before enough is known, each reading counts alike.
	weight := max(usualWeight, 1/float64(u.readings+1))
	return usualTime{u.mean + (mean-u.mean)*weight, u.readings + 1}
}

// largest returns the most of spent that took most time in all, and a few that became slower.
func largest(spent []statementSum, most int) []statementSum {
	slices.SortFunc(spent, func(a, b statementSum) int {
		return cmp.Or(cmp.Compare(b.millis, a.millis), cmp.Compare(a.key.id, b.key.id))
	})
	top := slices.Clone(spent[:min(most, len(spent))])
	slower := 0
	for _, d := range spent[len(top):] {
		if d.slower && slower < maxSlower {
			slower++
			top = append(top, d)
		}
	}
	return top
}

// tell gives a document for each of top, whose texts are in texts, and a line of the log for those that became slower.
func (s *statements) tell(top []statementSum, texts map[statementKey]string, now time.Time) {
	for i, d := range top {
		text := shapeOf(texts[d.key], s.quoted, maxStatementText)
		mean := d.millis / d.calls
		note := event.Note{Dataset: s.dataset, Time: now, Message: text, Fields: []event.NoteField{
			event.NoteText("event.kind", "metric"),
			event.NoteText("event.start", s.since.UTC().Format(time.RFC3339)),
			event.NoteText("event.end", now.UTC().Format(time.RFC3339)),
			event.NoteText("labels.name", s.name),
			event.NoteText("service.address", s.address),
			event.NoteText(s.dataset+".database.name", d.key.database),
			event.NoteText(s.dataset+".query.id", d.key.id),
			event.NoteNumber(s.dataset+".query.calls", d.calls),
			event.NoteNumber(s.dataset+".query.rows", d.rows),
			event.NoteNumber(s.dataset+".query.time.total.ms", thousandths(d.millis)),
			event.NoteNumber(s.dataset+".query.time.mean.ms", thousandths(mean)),
			event.NoteNumber(s.dataset+".query.time.max.ms", thousandths(d.longest)),
			event.NoteNumber(s.dataset+".rank", float64(i+1)),
		}}
		for i, name := range s.more {
			note.Fields = append(note.Fields, event.NoteNumber(s.dataset+"."+name, d.more[i]))
		}
		if d.usual > 0 {
			note.Fields = append(note.Fields, event.NoteNumber(s.dataset+".query.time.usual.ms", thousandths(d.usual)))
		}
		if d.slower {
			note.Level = "warn"
			s.log.Warn("statement is slower than usual", "database", d.key.database, "id", d.key.id, "calls", d.calls,
				"mean_ms", thousandths(mean), "usual_ms", thousandths(d.usual), "query", shapeOf(text, s.quoted, maxStatement))
		}
		s.notes.Add(note)
	}
	s.since = now
}

// thousandths rounds n, which may have many digits that say nothing.
func thousandths(n float64) float64 { return float64(int64(n*1000+0.5)) / 1000 }

func (s *statements) add(out *collect.Samples) {
	out.Add(s.calls, s.all.calls)
	out.Add(s.seconds, s.all.millis/1000)
	out.Add(s.rows, s.all.rows)
	out.Add(s.slower, float64(s.slowers))
}
