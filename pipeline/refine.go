package pipeline

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/parse"
	"gatewatch/payment"
	"gatewatch/redact"
)

// refiner makes an event of a record's text. It is used from one goroutine and reuses its event.
type refiner struct {
	redactor   *redact.Redactor
	names      *facts.Names
	meanings   []meanings
	classifier *payment.Classifier
	customers  *payment.Customers
	explain    func(Explanation)
	now        func() time.Time
	clean      []byte
	cardData   int // values of card data in the last record
	ev         event.Event
}

func newRefiner(cfg GroupConfig, parts Parts) (*refiner, error) {
	loc, err := location(cfg.Timezone)
	if err != nil {
		return nil, err
	}
	names, err := facts.NewNames(cfg.Fields, loc)
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	customers := payment.NewCustomers(parts.CustomerSecret)
	r := &refiner{
		redactor: parts.Redactor.ForCustomers(customersOf(cfg.Fields, customers.Key)), names: names, meanings: newMeanings(cfg.Values),
		classifier: parts.Classifier, explain: parts.Explain, customers: customers, now: time.Now,
	}
	names.SetClock(func() time.Time { return r.now() })
	return r, nil
}

// customersOf returns which names are those of customers' numbers, by what the configuration says that names mean.
func customersOf(fields map[string]string, key func([]byte) []byte) redact.Customers {
	c := redact.Customers{Key: key}
	for fact, names := range fields {
		for name := range strings.SplitSeq(names, ",") {
			name = strings.TrimSpace(name)
			dot := strings.LastIndexByte(name, '.')
			switch k, _ := event.ParseKey(fact); {
			case k != event.CustomerKey:
				c.Others = append(c.Others, name[dot+1:])
			case dot < 0: // the last name of payer.name alone says too little
				c.Names = append(c.Names, name)
			}
		}
	}
	return c
}

func location(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("timezone: %w", err)
	}
	return loc, nil
}

// isBlank tells whether a record is nothing but white space. Nearly all begin with something else.
func isBlank(text []byte) bool {
	return len(text) == 0 || (text[0] <= ' ' || text[0] >= utf8.RuneSelf) && len(bytes.TrimSpace(text)) == 0
}

// record returns what the text says, or nil for a blank one. Card data is gone before anything else sees the text.
// The event is valid until the next call.
func (r *refiner) record(parser parse.Parser, source *event.Source, offset int64, text []byte) *event.Event {
	if isBlank(text) {
		return nil
	}
	clean, cardData := r.redactor.RedactCounting(r.clean[:0], text)
	r.cardData = cardData
	if len(clean) > 0 && &clean[0] != &text[0] {
		r.clean = clean
	}
	ev := &r.ev
	ev.Reset()
	ev.Source, ev.Offset, ev.Raw = source, offset, clean
	parser.Parse(ev)
	if ev.Malformed == "" {
		if r.explain == nil {
			r.names.Assign(ev)
			r.mean(ev)
			r.classifier.Classify(ev)
		} else {
			r.explained(ev)
		}
		splitSpan(ev)
		if id := ev.Fact(event.CustomerKey); id != nil {
			key, done := redact.CustomerKey(id)
			if !done {
				key = r.customers.Key(id)
			}
			ev.SetFact(event.CustomerKey, key)
		}
	}
	if ev.Time.IsZero() {
		ev.Time = r.now()
	}
	return ev
}

// mean puts what the configuration says that values mean in their place.
func (r *refiner) mean(ev *event.Event) {
	for i := range r.meanings {
		r.meanings[i].apply(ev)
	}
}
