package payment

import (
	"fmt"

	"gatewatch/event"
)

// Reason says in a sentence why the classifier set a fact, or left one out.
type Reason struct {
	// Fact is the fact's name in documents: "payment.outcome".
	Fact string
	// Value is what it is; "" when it is not set.
	Value string
	// Read says that the value is the log's own, which a field gave, in canonical form.
	Read bool
	Why  string
}

// Explain classes ev anew and says why. It is for people, not for every record.
func (c *Classifier) Explain(ev *event.Event) []Reason {
	ev.Payment = event.Payment{}
	t := c.classify(ev)
	p := &ev.Payment
	var all []Reason
	add := func(fact event.Key, value string, read bool, why string) {
		if why != "" {
			all = append(all, Reason{fact.String(), value, read, why})
		}
	}
	add(event.Provider, p.Provider, t.named == fromFact, c.whyProvider(ev, t.named))
	if way := ev.Fact(event.Method); way != nil && p.Method != "" {
		add(event.Method, p.Method, true, spelled(way, p.Method))
	}
	add(event.Operation, p.Operation, t.operated == fromFact, whyOperation(ev, t.operated))
	add(event.Amount, amountText(p), true, c.whyAmount(ev))
	if raw := ev.Fact(event.Currency); raw != nil && p.Currency != "" {
		add(event.Currency, p.Currency, true, spelled(raw, p.Currency))
	} else if p.Currency != "" {
		add(event.Currency, p.Currency, false, fmt.Sprintf("the record names none; %s is that of %s", p.Currency, p.Provider))
	}
	return append(all, c.whyOutcome(ev, t.decidedOn)...)
}

// spelled says how a log's spelling became the canonical name.
func spelled(raw []byte, name string) string {
	if string(raw) == name {
		return "as the log writes it"
	}
	return fmt.Sprintf("the log's %q means %s", raw, name)
}

func (c *Classifier) whyProvider(ev *event.Event, from origin) string {
	name := ev.Payment.Provider
	switch from {
	case fromFact:
		if raw := ev.Fact(event.Provider); c.known[name] != nil {
			return spelled(raw, name)
		}
		return "a name that Gatewatch does not know, kept as it is; it has no table of codes"
	case fromWay:
		return fmt.Sprintf("the way of payment %q is one of %s", ev.Fact(event.Method), name)
	case fromLogger:
		return fmt.Sprintf("the class that logs, %q, is for %s", ev.Fact(event.Logger), name)
	case fromFields:
		return "a field of the record belongs to answers of " + name + " alone"
	case fromMessage:
		return "the message begins with its name"
	}
	return ""
}

func whyOperation(ev *event.Event, from origin) string {
	op := ev.Payment.Operation
	switch {
	case op == "" && from == fromFact:
		return fmt.Sprintf("%q is not an operation that Gatewatch knows", ev.Fact(event.Operation))
	case op == "":
		return ""
	case from == fromFact:
		return spelled(ev.Fact(event.Operation), op)
	case from == fromLogger:
		return fmt.Sprintf("the class that logs, %q, does that", ev.Fact(event.Logger))
	}
	return "the beginning of the message says so"
}

func amountText(p *event.Payment) string {
	if !p.HasAmount {
		return ""
	}
	return fmt.Sprint(p.Amount)
}

func (c *Classifier) whyAmount(ev *event.Event) string {
	raw := ev.Fact(event.Amount)
	p := &ev.Payment
	if len(raw) == 0 {
		return ""
	}
	if !p.HasAmount {
		return fmt.Sprintf("%q is not a number", raw)
	}
	name := fieldName(ev, event.Amount)
	unit, digits := "", fmt.Sprintf("%d decimals", Decimals(p.Currency))
	if p.Currency != "" {
		digits += " of " + p.Currency
	}
	switch asMajor, _ := minorUnits(raw, []byte("total_amount"), p.Currency); {
	case isMajor(name):
		unit = fmt.Sprintf("the field %s holds major units", name)
	case asMajor == p.Amount:
		unit = "it is written in major units"
	default:
		return fmt.Sprintf("%q, an integer, is in minor units already", raw)
	}
	return fmt.Sprintf("%q in minor units: %s, %s", raw, unit, digits)
}
