// Package patterns groups errors by what they say: each message becomes a template in which numbers, ids and names are
// masked, and each stack trace the cause and the application's own frames. It counts the templates, knows which are new
// and which are rising, and gives every error record the key of its group.
package patterns

import (
	"container/list"
	"log/slog"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// Field is the name of the field that Observe adds: APM's name for the same.
const Field = "error.grouping_key"

var fieldName = []byte(Field)

// Tracker keeps the templates of an agent. It is safe for concurrent use.
type Tracker struct {
	cfg  Config
	path string // of the state, or ""
	log  *slog.Logger
	now  func() time.Time
	*metrics
	texts sync.Pool // of *[]byte

	mu        sync.Mutex
	templates map[uint64]*template // by the hash of their text
	variants  variants
	used      list.List // of *template, the latest seen first
	began     time.Time // when the very first agent with this state did
	deploys   []Deploy  // oldest first
	other     uint64    // records of templates without a series
	series    int       // templates with a series
	changed   bool      // since the state was saved
}

// New returns a Tracker that goes on from the state in the file at path; "" keeps none. A state that cannot be read is
// reported and begun anew.
func New(cfg Config, path string, log *slog.Logger, reg prometheus.Registerer) *Tracker {
	t := &Tracker{
		cfg: cfg, path: path, log: log, now: time.Now, metrics: newMetrics(reg),
		texts:     sync.Pool{New: func() any { return new([]byte) }},
		templates: map[uint64]*template{}, variants: newVariants(cfg.MaxTemplates), began: time.Now(),
	}
	t.load()
	t.chooseSeries()
	reg.MustRegister(t)
	return t
}

// Observe counts the record when it is an error or a warning, and gives it the key of its group. It is called once for
// each record before it is journalled.
func (t *Tracker) Observe(ev *event.Event) {
	level, ok := trouble(ev)
	if !ok {
		return
	}
	text := t.texts.Get().(*[]byte)
	defer t.texts.Put(text)
	*text = appendText((*text)[:0], ev)
	if len(*text) > 0 {
		ev.Fields = append(ev.Fields, event.Field{Name: fieldName, Value: t.count(ev, *text, level), ECS: true})
	}
}

// count adds the record to its template and returns the template's key, which must not be changed.
func (t *Tracker) count(ev *event.Event, text []byte, level uint8) []byte {
	hash := xxhash.Sum64(text)
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.templates[hash]
	if one == nil {
		one = t.find(hash, text, ev)
	}
	t.changed = true
	t.used.MoveToFront(one.place)
	one.add(ev, level, now)
	if one.series {
		one.shown++
	} else {
		t.other++
	}
	return one.key
}

// find returns the template of a text that is not known by itself: one that stands for all its variants, or a new one.
func (t *Tracker) find(hash uint64, text []byte, ev *event.Event) *template {
	if one := t.variants.known(t, hash, text); one != nil {
		return one
	}
	one := newTemplate(hash, string(text))
	one.sample = sample(ev)
	t.insert(one)
	t.fresh.Inc()
	if merged := t.variants.learn(t, one); merged != nil {
		return merged
	}
	return one
}

// insert adds a template, and forgets the one not seen for longest when there are too many.
func (t *Tracker) insert(one *template) {
	t.templates[one.hash] = one
	one.place = t.used.PushFront(one)
	if t.series < t.cfg.MaxSeries {
		one.series = true
		t.series++
	}
	if len(t.templates) > t.cfg.MaxTemplates {
		t.remove(t.used.Back().Value.(*template))
		t.evicted.Inc()
	}
}

func (t *Tracker) remove(one *template) {
	delete(t.templates, one.hash)
	t.used.Remove(one.place)
	if one.series {
		t.series--
	}
}

// trouble tells whether the record is one to group, and how bad it says that it is. An error message in a record of
// level info is the text of an answer.
func trouble(ev *event.Event) (level uint8, ok bool) {
	if ev.Malformed != "" {
		return 0, false
	}
	named := ev.Fact(event.Level)
	if level = severity(named); level > 0 {
		return level, true
	}
	return 0, ev.Fact(event.ErrorStack) != nil || len(named) == 0 && len(ev.Fact(event.ErrorMessage)) > 0
}

// severity returns 1 for a warning and more for what is worse, 0 for everything else.
func severity(level []byte) uint8 {
	switch string(level) {
	case "warn":
		return levelWarn
	case "error":
		return levelError
	case "fatal":
		return levelFatal
	}
	return 0
}

const (
	levelWarn = 1 + iota
	levelError
	levelFatal
)

var levelNames = [...]string{"", "warn", "error", "fatal"}
