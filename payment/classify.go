// Package payment knows payment providers: their names, their result codes, and what a record of a log says about a
// payment. What codes mean is data, in outcomes.yml; how gateways write everything else is in tables of Go.
package payment

import (
	"fmt"
	"os"
	"strings"

	"gatewatch/event"
)

// Bounds on what is remembered of names that logs hold.
const (
	maxSpellings    = 1024 // of each kind
	maxUnknownNames = 64   // unknown providers, and unknown methods; further ones are "other"
	maxUnknownCodes = 200  // codes that a provider's table lacks, or has by their beginning; further ones are "other"
	maxCodeLength   = 64
	maxErrorText    = 512 // bytes of an error message that are searched
)

// Classifier says what records mean for payments. Safe for concurrent use.
type Classifier struct {
	providers  *interned[*provider]
	ways       *interned[*provider] // that a way code such as WX_JSAPI names, or nil
	methods    *interned[string]
	operations *interned[string]
	heads      *interned[string] // operations that the beginnings of messages name
	currencies *interned[string]
	words      *interned[verdict]
	loggers    *interned[speaker]

	known   map[string]*provider // by canonical name
	aliases map[string]string
	unknown bounded
	others  bounded // unknown methods
}

// provider is what the classifier knows of one provider.
type provider struct {
	name    string
	codes   *interned[row] // nil without a table
	unknown bounded        // codes that the table lacks
}

// New returns a Classifier with the embedded outcome table. overrideFile, when not empty, is a file of the same form:
// its rows replace those of the table, code by code. The error names every mistake in it with its line.
func New(overrideFile string) (*Classifier, error) {
	tables := map[string]*codeTable{}
	text, err := embedded.ReadFile(outcomesFile)
	if err != nil {
		return nil, fmt.Errorf("read built-in outcomes: %w", err)
	}
	if err := load(tables, outcomesFile, text); err != nil {
		return nil, fmt.Errorf("built-in outcomes: %w", err)
	}
	if overrideFile != "" {
		if text, err = os.ReadFile(overrideFile); err != nil {
			return nil, fmt.Errorf("read outcomes: %w", err)
		}
		if err := load(tables, overrideFile, text); err != nil {
			return nil, err
		}
	}
	return newClassifier(tables), nil
}

func newClassifier(tables map[string]*codeTable) *Classifier {
	c := &Classifier{
		known: map[string]*provider{}, aliases: aliasTable(),
		unknown: bounded{most: maxUnknownNames}, others: bounded{most: maxUnknownNames},
		operations: newInterned(maxSpellings, canonicalOperation),
		heads:      newInterned(maxSpellings, headOperation),
		currencies: newInterned(maxSpellings, canonicalCurrency),
	}
	for _, p := range Providers() {
		one := &provider{name: p.Name, unknown: bounded{most: maxUnknownCodes}}
		if t := tables[p.Name]; t != nil {
			one.codes = newInterned(maxSpellings, func(raw string) row { return one.code(t, raw) })
		}
		c.known[p.Name] = one
	}
	status := statusTable()
	c.words = newInterned(maxSpellings, func(raw string) verdict { return judge(status, raw) })
	c.providers = newInterned(maxSpellings, c.findProvider)
	c.ways = newInterned(maxSpellings, func(raw string) *provider { return c.known[byPrefix(raw)] })
	c.methods = newInterned(maxSpellings, c.findMethod)
	c.loggers = newInterned(maxSpellings, c.findSpeaker)
	return c
}

func (c *Classifier) findProvider(raw string) *provider {
	name := canonicalProvider(c.aliases, raw)
	if p := c.known[name]; p != nil {
		return p
	}
	if name == "" {
		return nil
	}
	return &provider{name: c.unknown.admit(name)}
}

func (c *Classifier) findMethod(raw string) string {
	name := canonicalMethod(raw)
	for _, m := range methods {
		if m == name {
			return name
		}
	}
	return c.others.admit(name)
}

// code finds a code in the provider's table. What is not in it by its full name keeps the log's spelling, within a bound.
func (p *provider) code(t *codeTable, raw string) row {
	code := strings.ToUpper(strings.TrimSpace(raw))
	r, ok := t.find(code)
	if ok && !strings.HasSuffix(r.code, "*") {
		return r
	}
	if len(code) > maxCodeLength || strings.ContainsAny(code, " \t\n\"") {
		return row{} // a text
	}
	r.code = p.unknown.admit(strings.ToValidUTF8(strings.TrimSpace(raw), ""))
	if !ok {
		r.outcome = event.Unclassed
	}
	return r
}

// Classify sets ev.Payment from the facts, the HTTP status and the fields of ev. The class that logs names the provider
// when nothing else in the record does. A record that names no provider gets no outcome.
func (c *Classifier) Classify(ev *event.Event) {
	p := &ev.Payment
	way := ev.Fact(event.Method)
	name := ev.Fact(event.Provider)
	var prov *provider
	if len(name) > 0 {
		prov = c.providers.get(name)
	}
	if len(way) > 0 {
		p.Method = c.methods.get(way)
		if prov == nil {
			prov = c.ways.get(way)
		}
	}
	if op := ev.Fact(event.Operation); len(op) > 0 {
		p.Operation = c.operations.get(op)
	}
	if logger := ev.Fact(event.Logger); prov == nil && len(logger) > 0 {
		prov = c.byLogger(p, logger)
	}
	if prov != nil {
		p.Provider = prov.name
	}
	c.money(ev)
	if prov == nil {
		return
	}
	if p.Operation == "" {
		p.Operation = c.messageOperation(ev.Fact(event.Message))
	}
	c.outcome(ev, prov)
}

// byLogger returns the provider that the class which logs is for, or nil, and sets the operation when nothing else does.
func (c *Classifier) byLogger(p *event.Payment, logger []byte) *provider {
	s := c.loggers.get(logger)
	if s.provider != nil && p.Operation == "" {
		p.Operation = s.operation
	}
	return s.provider
}

// money sets the currency and the amount.
func (c *Classifier) money(ev *event.Event) {
	p := &ev.Payment
	if currency := ev.Fact(event.Currency); len(currency) > 0 {
		p.Currency = c.currencies.get(currency)
	}
	value := ev.Fact(event.Amount)
	if len(value) == 0 {
		return
	}
	if p.Currency == "" {
		p.Currency = homeCurrency(p.Provider)
	}
	p.Amount, p.HasAmount = minorUnits(value, fieldName(ev, event.Amount), p.Currency)
}

// fieldName returns the name of the field that gave a fact.
func fieldName(ev *event.Event, k event.Key) []byte {
	for i := range ev.Fields {
		if ev.Fields[i].Key == k {
			return ev.Fields[i].Name
		}
	}
	return nil
}
