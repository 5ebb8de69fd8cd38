package parse

import (
	"bytes"
	"fmt"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// layout is the shape of a record that a pattern gives: values with fixed texts between them.
type layout struct {
	elements []element
	// end is what stands behind the last value.
	end []byte
}

// element is one value of a layout.
type element struct {
	// before is the text before the value, after the text behind it; none behind the last value.
	before, after []byte
	// what is how the pattern writes it, and at the byte where it stands there, for messages.
	what string
	at   int
	// extent says where the value ends.
	extent extent
	// form says what becomes of it.
	form  form
	field event.Field
	stamp *values.Layout
	// next is the byte that the following value begins with when no text stands between the two; else 0.
	next byte
	// beyond is the text behind that following value.
	beyond []byte
	// padded tells that spaces may stand before the value.
	padded bool
}

// extent says where a value of a layout ends.
type extent uint8

const (
	// untilAfter: at the first text that stands behind it.
	untilAfter extent = iota
	// untilQuote: at the text behind it, which is a quote without a backslash before it.
	untilQuote
	// untilListEnd: as untilAfter, but a list joined by ", " and " : " goes on.
	untilListEnd
	// untilRequestEnd: as untilAfter, but behind " HTTP/" if the value has it.
	untilRequestEnd
	// untilStampEnd: where its stamp does.
	untilStampEnd
	// untilLastAfter: at the last text that stands behind it.
	untilLastAfter
)

// form says what becomes of a value.
type form uint8

const (
	asText form = iota
	asNothing
	asNumber
	asRequest
	asProtocol
	asAddress
	asQuery
	asTLS
	asBody
	asStamp
	asLevel
	asMessage
	asPairs
	asBool
	asCode
)

// seal fills what elements know of each other.
func (l *layout) seal() {
	for i := len(l.elements) - 1; i >= 0; i-- {
		e := &l.elements[i]
		e.after = l.end
		if i+1 < len(l.elements) {
			e.beyond = l.elements[i+1].after
			e.after = l.elements[i+1].before
		}
		if e.extent == untilAfter && bytes.HasSuffix(e.before, []byte(`"`)) && bytes.HasPrefix(e.after, []byte(`"`)) {
			e.extent = untilQuote
		}
	}
}

// length returns the length of the value that s begins with, or -1.
func (e *element) length(s []byte) int {
	if len(e.after) == 0 && e.extent != untilStampEnd {
		return e.adjoining(s)
	}
	switch e.extent {
	case untilStampEnd:
		return e.stamp.Length(s, e.after)
	case untilQuote:
		return e.quoteEnd(s)
	case untilListEnd:
		return e.listEnd(s)
	case untilRequestEnd:
		if i := bytes.Index(s, []byte(" HTTP/")); i > 0 {
			return after(i+len(" HTTP/"), s, e.after)
		}
	case untilLastAfter:
		return bytes.LastIndex(s, e.after)
	}
	if len(e.after) == 1 {
		return bytes.IndexByte(s, e.after[0])
	}
	return bytes.Index(s, e.after)
}

// adjoining returns the length of a value with no text behind it: up to where the next one begins or, when that is
// empty, up to what stands behind it.
func (e *element) adjoining(s []byte) int {
	if e.next == 0 {
		return len(s)
	}
	end := len(s)
	if len(e.beyond) > 0 {
		if end = bytes.Index(s, e.beyond); end < 0 {
			return -1
		}
	}
	if i := bytes.IndexByte(s[:end], e.next); i >= 0 {
		return i
	}
	return end
}

// after returns the index of text in s from i on, or -1.
func after(i int, s, text []byte) int {
	n := bytes.Index(s[i:], text)
	if n < 0 {
		return -1
	}
	return i + n
}

// quoteEnd returns the index of the closing quote with all that stands behind the value.
func (e *element) quoteEnd(s []byte) int {
	for i := 0; ; i++ {
		n := bytes.IndexByte(s[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		slashes := 0
		for slashes < i && s[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 && (len(e.after) == 1 || bytes.HasPrefix(s[i:], e.after)) {
			return i
		}
	}
}

// listEnd returns the index of the text behind a list.
func (e *element) listEnd(s []byte) int {
	for i := 0; ; {
		if i = after(i, s, e.after); i < 0 || e.after[0] != ' ' {
			return i
		}
		switch {
		case i > 0 && s[i-1] == ',':
			i++
		case bytes.HasPrefix(s[i:], []byte(" : ")):
			i += len(" : ")
		default:
			return i
		}
	}
}

// misfit says where a record stops following its layout.
type misfit struct {
	bad bool
	at  int
	// missing is the text that is not there; when it is empty the value of e is.
	missing []byte
	e       *element
}

func (m *misfit) describe(format string) string {
	want := ""
	switch {
	case len(m.missing) > 0 && m.e != nil:
		want = fmt.Sprintf("%q before %s", m.missing, m.e.what)
	case len(m.missing) > 0:
		want = fmt.Sprintf("%q at the end", m.missing)
	case len(m.e.after) > 0:
		want = fmt.Sprintf("%s with %q behind it", m.e.what, m.e.after)
	default:
		want = m.e.what
	}
	return fmt.Sprintf("%s: stops fitting the pattern at byte %d, where %s is expected", format, m.at, want)
}

// spans are where a record has the values of a layout.
type spans [maxElements]struct{ start, end int }

// maxElements is how many values a layout may have.
const maxElements = 64

// match finds the values of s, up to the last-th, and returns where it does not fit.
func (l *layout) match(s []byte, last int, v *spans) misfit {
	i := 0
	for k := range l.elements[:last] {
		e := &l.elements[k]
		if !bytes.HasPrefix(s[i:], e.before) {
			return misfit{true, i + commonLen(s[i:], e.before), e.before, e}
		}
		i += len(e.before)
		if e.padded {
			for i < len(s) && s[i] == ' ' {
				i++
			}
		}
		n := e.length(s[i:])
		if n < 0 {
			return misfit{true, i, nil, e}
		}
		v[k].start, v[k].end = i, i+n
		i += n
	}
	if last == len(l.elements) && !bytes.HasPrefix(s[i:], l.end) {
		return misfit{true, i, l.end, nil}
	}
	return misfit{}
}

func commonLen(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
