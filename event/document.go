package event

import (
	"bytes"
	"strconv"
	"time"
)

// AppendDocument appends the document of ev: a flat JSON object without white space, with dotted ECS names, each fact
// once, and everything else that the log wrote under "fields". What is the same for the whole file (host, path,
// labels) is not in it: that is in the Source. The same event always gives the same bytes, so that
// "name":"value" can be searched for as text.
func AppendDocument(dst []byte, ev *Event) []byte {
	dst = append(dst, `{"@timestamp":"`...)
	dst = appendTime(dst, ev.Time)
	dst = append(dst, '"')
	if ev.Malformed != "" {
		dst = append(dst, `,"event.kind":"pipeline_error"`...)
		dst = appendText(dst, ErrorMessage.String(), []byte(ev.Malformed))
		return append(appendText(dst, Message.String(), ev.Raw), '}')
	}
	for k := Level; k < keyCount; k++ {
		dst = appendFact(dst, ev, k)
	}
	dst = appendOutcome(dst, ev)
	dst = appendFields(dst, ev)
	return append(dst, '}')
}

// appendTime appends t in UTC with milliseconds, or with nanoseconds where the log has them.
func appendTime(dst []byte, t time.Time) []byte {
	if t.Nanosecond()%int(time.Millisecond) == 0 {
		return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	}
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
}

func appendFact(dst []byte, ev *Event, k Key) []byte {
	switch k {
	case Duration:
		if ev.Duration >= 0 {
			dst = appendNumber(dst, k.String(), int64(ev.Duration))
		}
		return dst
	case HTTPStatus:
		if ev.Status > 0 {
			dst = appendNumber(dst, k.String(), int64(ev.Status))
		}
		return dst
	case Amount:
		if ev.Payment.HasAmount {
			dst = appendNumber(dst, k.String(), ev.Payment.Amount)
		}
		return dst
	case Service:
		if ev.Source.names(Service) {
			return dst
		}
	case BodyBytes, Attempt:
		if n, err := strconv.ParseInt(string(ev.facts[k]), 10, 64); err == nil {
			dst = appendNumber(dst, k.String(), n)
		}
		return dst
	}
	value := ev.facts[k]
	if canonical := ev.Payment.canonical(k); canonical != "" {
		dst = appendName(dst, k.String())
		return append(appendEscaped(dst, canonical), '"')
	}
	if value == nil {
		return dst
	}
	return appendText(dst, k.String(), value)
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
		dst = appendText(dst, "payment.outcome", []byte(o.String()))
		dst = appendText(dst, "event.outcome", []byte(o.ECS()))
	case ev.Status >= 500:
		dst = append(dst, `,"event.outcome":"failure"`...)
	case ev.Status > 0:
		dst = append(dst, `,"event.outcome":"success"`...)
	}
	return dst
}

// appendFields splices everything that does not stand in the document already, as the log wrote it.
func appendFields(dst []byte, ev *Event) []byte {
	open := false
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if f.Derived || ev.written(f) {
			continue
		}
		if open {
			dst = append(dst, ',', '"')
		} else {
			dst = append(dst, `,"fields":{"`...)
			open = true
		}
		// Only JSON has names with a backslash, and they are escaped already.
		if bytes.IndexByte(f.Name, '\\') >= 0 {
			dst = append(dst, f.Name...)
		} else {
			dst = appendEscaped(dst, f.Name)
		}
		dst = append(dst, '"', ':')
		dst = f.appendValue(dst)
	}
	if open {
		dst = append(dst, '}')
	}
	return dst
}

func (f *Field) appendValue(dst []byte) []byte {
	if f.Kind != String {
		return append(dst, f.Value...)
	}
	dst = append(dst, '"')
	if f.Escaped {
		dst = append(dst, f.Value...)
	} else {
		dst = appendEscaped(dst, f.Value)
	}
	return append(dst, '"')
}

// written tells whether the field's value stands in the document as a fact, without loss.
func (e *Event) written(f *Field) bool {
	p := &e.Payment
	switch f.Key {
	case None:
		return false
	case Duration:
		return e.Duration >= 0
	case HTTPStatus:
		return e.Status > 0
	case Amount:
		return p.HasAmount
	case Service:
		return !e.Source.names(Service)
	case BodyBytes, Attempt:
		_, err := strconv.ParseInt(string(f.Value), 10, 64)
		return err == nil
	case Provider, Method, Operation, Currency:
		if c := p.canonical(f.Key); c != "" {
			return bytes.EqualFold(f.Value, []byte(c))
		}
	}
	return true
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':', '"')
}

func appendText(dst []byte, name string, value []byte) []byte {
	dst = appendName(dst, name)
	return append(appendEscaped(dst, value), '"')
}

func appendNumber(dst []byte, name string, n int64) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return strconv.AppendInt(dst, n, 10)
}
