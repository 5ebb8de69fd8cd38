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
	disputes   *interned[disputed]
	heads      *interned[head] // what the beginnings of messages name
	currencies *interned[string]
	words      *interned[verdict]
	loggers    *interned[speaker]
	owners     *interned[*provider] // of fields that one provider alone has, or nil

	known   map[string]*provider // by canonical name
	aliases map[string]string
	unknown bounded
	others  bounded // unknown methods

	overrides string
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
	text = nil
	if overrideFile != "" {
		if text, err = os.ReadFile(overrideFile); err != nil {
			return nil, fmt.Errorf("read outcomes: %w", err)
		}
		if err := load(tables, overrideFile, text); err != nil {
			return nil, err
		}
	}
	c := newClassifier(tables)
	c.overrides = string(text)
	return c, nil
}

// Overrides returns what stood in the override file when New read it: classifiers with the same one class alike.
func (c *Classifier) Overrides() string { return c.overrides }

func newClassifier(tables map[string]*codeTable) *Classifier {
	c := &Classifier{
		known: map[string]*provider{}, aliases: aliasTable(),
		unknown: bounded{most: maxUnknownNames}, others: bounded{most: maxUnknownNames},
		operations: newInterned(maxSpellings, canonicalOperation),
		disputes:   newInterned(maxSpellings, disputeEvent),
		currencies: newInterned(maxSpellings, canonicalCurrency),
	}
	for _, p := range Providers() {
		one := &provider{name: p.Name, unknown: bounded{most: maxUnknownCodes}}
		if t := tables[p.Name]; t != nil {
			one.codes = newInterned(maxSpellings, func(raw string) row { return one.code(t, raw) })
		}
		c.known[p.Name] = one
	}
	for name, t := range tables { // of the user's own providers
		if c.known[name] == nil {
			one := &provider{name: name, unknown: bounded{most: maxUnknownCodes}}
			one.codes = newInterned(maxSpellings, func(raw string) row { return one.code(t, raw) })
			c.known[name] = one
		}
	}
	status := statusTable()
	c.words = newInterned(maxSpellings, func(raw string) verdict { return judge(status, raw) })
	c.providers = newInterned(maxSpellings, c.findProvider)
	c.ways = newInterned(maxSpellings, func(raw string) *provider { return c.known[byPrefix(raw)] })
	c.methods = newInterned(maxSpellings, c.findMethod)
	c.loggers = newInterned(maxSpellings, c.findSpeaker)
	c.heads = newInterned(maxSpellings, c.findHead)
	c.owners = newInterned(maxSpellings, c.findOwner)
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

// Classify sets ev.Payment from the facts, the HTTP status and the fields of ev. When the record does not say the
// provider, the class that logs names it, else fields that only one provider has, else the beginning of the message. A
// record that names no provider gets no outcome.
func (c *Classifier) Classify(ev *event.Event) { c.classify(ev) }

// trace is how a record was classed.
type trace struct {
	named     origin // what named the provider
	operated  origin // what named the operation
	decidedOn basis
}

// origin is what gave a provider or an operation.
type origin uint8

const (
	fromNothing origin = iota
	fromFact
	fromWay
	fromLogger
	fromFields
	fromMessage
)

func (c *Classifier) classify(ev *event.Event) (t trace) {
	p := &ev.Payment
	if op := ev.Fact(event.Operation); len(op) > 0 {
		p.Operation, t.operated = c.operations.get(op), fromFact
	}
	if name := ev.Fact(event.DisputeEvent); len(name) > 0 {
		p.Operation, t.operated = c.disputes.get(name).operation, fromFact
	}
	prov, named := c.provider(ev)
	if prov == nil {
		c.money(ev)
		return t
	}
	p.Provider, t.named = prov.name, named
	c.money(ev)
	if named == fromLogger && p.Operation == "" {
		p.Operation, t.operated = c.loggers.get(ev.Fact(event.Logger)).operation, fromLogger
	}
	if p.Operation == "" || p.Operation == authorize && beginsWide(ev.Fact(event.Message)) {
		if head := c.head(ev); head.operation != "" && (p.Operation == "" || head.operation == callback) {
			p.Operation, t.operated = head.operation, fromMessage
		}
	}
	t.decidedOn = c.outcome(ev, prov)
	return t
}

// provider returns the provider that the record names, or nil, and sets the method.
func (c *Classifier) provider(ev *event.Event) (*provider, origin) {
	if way := ev.Fact(event.Method); len(way) > 0 {
		ev.Payment.Method = c.methods.get(way)
	}
	if name := ev.Fact(event.Provider); len(name) > 0 {
		if prov := c.providers.get(name); prov != nil {
			return prov, fromFact
		}
	}
	if name := ev.Fact(event.DisputeEvent); len(name) > 0 {
		// Before the method, which is the card's scheme.
		if prov := c.known[c.disputes.get(name).provider]; prov != nil {
			return prov, fromFields
		}
		if prov := c.byFields(ev); prov != nil {
			return prov, fromFields
		}
	}
	if way := ev.Fact(event.Method); len(way) > 0 {
		if prov := c.ways.get(way); prov != nil {
			return prov, fromWay
		}
	}
	if logger := ev.Fact(event.Logger); len(logger) > 0 {
		if prov := c.loggers.get(logger).provider; prov != nil {
			return prov, fromLogger
		}
	}
	if ev.Fact(event.Code) == nil && ev.Fact(event.Status) == nil && ev.Fact(event.DisputeEvent) == nil {
		return nil, fromNothing // nothing to class
	}
	if prov := c.byFields(ev); prov != nil {
		return prov, fromFields
	}
	return c.head(ev).provider, fromMessage
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
