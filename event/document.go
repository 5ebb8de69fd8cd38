package event

import (
	"bytes"
	"strconv"
)

// AppendDocument appends the document of ev: a flat JSON object without white space, with dotted ECS names, each fact
// once, and everything else that the log wrote under "fields". What is the same for the whole file (host, path,
// labels) is not in it: that is in the Source. The same event always gives the same bytes, so that
// "name":"value" can be searched for as text.
func AppendDocument(dst []byte, ev *Event) []byte {
	dst = append(dst, `{"@timestamp":"`...)
	dst = ev.stamp.appendTime(dst, ev.Time)
	dst = append(dst, '"')
	if ev.Malformed != "" {
		dst = append(dst, `,"event.kind":"pipeline_error"`...)
		dst = appendText(dst, ErrorMessage, ev.Malformed)
		return append(appendText(dst, Message, ev.Raw), '}')
	}
	written := ev.written()
	for left := written; left != 0; left &= left - 1 {
		if k := left.first(); ev.Plain && verbatim.has(k) {
			dst = append(append(append(dst, starts[k].text...), ev.facts[k]...), '"')
		} else {
			dst = appendFact(dst, ev, k)
		}
	}
	dst = appendOutcome(dst, ev)
	dst = appendECS(dst, ev)
	dst = appendFields(dst, ev, written)
	return append(dst, '}')
}

// verbatim are the facts that always stand in the document as the record has them, if they stand in it at all.
const verbatim = ^(keySet(1)<<Duration | 1<<HTTPStatus | 1<<Amount | 1<<BodyBytes | 1<<Attempt |
	1<<Provider | 1<<Method | 1<<Operation | 1<<Currency | 1<<Service)

// written returns the facts that stand in the document beside the time: what the record says as text, unless the Source
// says it, and what was made of it.
func (e *Event) written() keySet {
	p := &e.Payment
	s := e.set &^ (only(Timestamp) | only(Duration) | only(HTTPStatus) | only(Amount))
	s = s.with(Duration, e.Duration >= 0).with(HTTPStatus, e.Status > 0).with(Amount, p.HasAmount)
	s = s.with(Provider, p.Provider != "").with(Method, p.Method != "").with(Operation, p.Operation != "").with(Currency, p.Currency != "")
	if s.has(Service) && e.Source.names(Service) {
		s &^= only(Service)
	}
	return s
}

func appendFact(dst []byte, ev *Event, k Key) []byte {
	value := ev.facts[k]
	switch k {
	case Duration:
		return appendNumber(dst, k, int64(ev.Duration))
	case HTTPStatus:
		return appendNumber(dst, k, int64(ev.Status))
	case Amount:
		return appendNumber(dst, k, ev.Payment.Amount)
	case BodyBytes, Attempt:
		if n, ok := parseNumber(value); ok {
			return appendNumber(dst, k, n)
		}
		return dst
	case Provider, Method, Operation, Currency:
		if canonical := ev.Payment.canonical(k); canonical != "" {
			return appendText(dst, k, canonical)
		}
	}
	return appendText(dst, k, value)
}

func parseNumber(value []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil
}

// canonical returns the classified form of a payment fact, which stands in the document instead of the log's own.
func (p *Payment) canonical(k Key) string {
	switch k {
	case Provider:
		return p.Provider
	case Method:
		return p.Method
	case Operation:
		return p.Operation
	case Currency:
		return p.Currency
	}
	return ""
}

func appendOutcome(dst []byte, ev *Event) []byte {
	o := ev.Payment.Outcome
	switch {
	case o != OutcomeNone:
		dst = append(append(dst, `,"payment.outcome":"`...), o.String()...)
		dst = append(append(dst, `","event.outcome":"`...), o.ECS()...)
		return append(dst, '"')
	case ev.Status >= 500:
		return append(dst, `,"event.outcome":"failure"`...)
	case ev.Status > 0:
		return append(dst, `,"event.outcome":"success"`...)
	}
	return dst
}

// appendECS appends the fields that have a place of their own in the schema, but for customers' numbers.
func appendECS(dst []byte, ev *Event) []byte {
	for i := range ev.Fields {
		if f := &ev.Fields[i]; f.ECS && f.Key != CustomerKey {
			dst = append(dst, ',', '"')
			dst = append(appendEscaped(dst, f.Name), '"', ':')
			dst = f.appendValue(dst, ev.Plain)
		}
	}
	return dst
}

// appendFields splices everything that does not stand in the document already, as the log wrote it. facts are those
// that do.
func appendFields(dst []byte, ev *Event, facts keySet) []byte {
	open := false
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if f.Derived || f.ECS || f.Key != None && (verbatim.has(f.Key) || ev.says(f, facts)) {
			continue
		}
		if open {
			dst = append(dst, ',', '"')
		} else {
			dst = append(dst, `,"fields":{"`...)
			open = true
		}
		// Only JSON has names with a backslash, and they are escaped already.
		if ev.Plain || bytes.IndexByte(f.Name, '\\') >= 0 {
			dst = append(dst, f.Name...)
		} else {
			dst = appendEscaped(dst, f.Name)
		}
		dst = f.appendValue(append(dst, '"', ':'), ev.Plain)
	}
	if open {
		dst = append(dst, '}')
	}
	return dst
}

// appendValue appends the value as JSON; plain tells that no text needs an escape.
func (f *Field) appendValue(dst []byte, plain bool) []byte {
	if f.Kind != String {
		return append(dst, f.Value...)
	}
	dst = append(dst, '"')
	if plain || f.Escaped {
		dst = append(dst, f.Value...)
	} else {
		dst = appendEscaped(dst, f.Value)
	}
	return append(dst, '"')
}

// says tells whether the value of f, which gave one of the facts, stands in the document without loss.
func (e *Event) says(f *Field, facts keySet) bool {
	switch f.Key {
	case Duration, HTTPStatus, Amount:
		return facts.has(f.Key)
	case Service:
		return !e.Source.names(Service)
	case BodyBytes, Attempt:
		_, ok := parseNumber(f.Value)
		return ok
	case Provider, Method, Operation, Currency:
		if c := e.Payment.canonical(f.Key); c != "" {
			return string(f.Value) == c || bytes.EqualFold(f.Value, []byte(c))
		}
	}
	return true
}

// starts are what stands before the value of each fact.
var starts = func() (all [keyCount]struct{ text, number string }) {
	for _, k := range Keys() {
		all[k].number = `,"` + k.String() + `":`
		all[k].text = all[k].number + `"`
	}
	return all
}()

func appendText[T []byte | string](dst []byte, k Key, value T) []byte {
	return append(appendEscaped(append(dst, starts[k].text...), value), '"')
}

func appendNumber(dst []byte, k Key, n int64) []byte {
	return strconv.AppendInt(append(dst, starts[k].number...), n, 10)
}
