package parse

import (
	"fmt"
	"regexp"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// patternBuilder collects the elements of an access log's layout.
type patternBuilder struct {
	layout
	text []byte // the fixed text before the next value
	used map[string]bool
	json bool
}

func newPatternBuilder(pattern string) *patternBuilder {
	return &patternBuilder{used: map[string]bool{}, json: strings.HasPrefix(pattern, "{")}
}

func (b *patternBuilder) literal(c byte) { b.text = append(b.text, c) }

// jsonKey is what stands before a value in a pattern that writes JSON.
var jsonKey = regexp.MustCompile(`"([^"]+)"\s*:\s*"?$`)

// variable adds a value. at is where the pattern has it.
func (b *patternBuilder) variable(what, name string, v variable, at int) error {
	if len(b.elements) == maxElements {
		return fmt.Errorf("at byte %d: more than %d variables", at, maxElements)
	}
	e := element{before: b.text, what: what, extent: v.extent, form: v.form}
	if n := len(b.elements); n > 0 && len(b.text) == 0 {
		before := &b.elements[n-1]
		if v.first == 0 && before.extent != untilStampEnd && v.extent != untilStampEnd {
			return fmt.Errorf("at byte %d: nothing stands between %s and %s, so that one cannot tell where the first ends", at, before.what, what)
		}
		before.next = v.first
	}
	b.text = nil
	if v.name != "" {
		name = v.name
	} else if m := jsonKey.FindSubmatch(e.before); b.json && m != nil && v == (variable{}) {
		name = string(m[1])
	}
	e.field = event.Field{Key: v.key, Name: []byte(name), ECS: v.name != ""}
	if b.used[name] {
		e.form = asNothing
	}
	b.used[name] = true
	if v.form == asStamp {
		var err error
		if e.stamp, err = values.Strftime(v.stamp); err != nil {
			return fmt.Errorf("at byte %d: %s: %w", at, what, err)
		}
		if !e.stamp.Dated {
			e.field.Key = event.None
		}
	}
	b.elements = append(b.elements, e)
	return nil
}

// access returns the parser.
func (b *patternBuilder) access(format string, escaped bool) (Parser, error) {
	if len(b.elements) == 0 {
		return nil, fmt.Errorf("has no variable")
	}
	b.end = b.text
	b.seal()
	b.once()
	return &accessPattern{layout: b.layout, format: format, escaped: escaped}, nil
}

// once leaves each fact to the value that says it best: what $request is made of to $request, the time to the finest.
func (b *patternBuilder) once() {
	var request bool
	finest := -1
	for i := range b.elements {
		e := &b.elements[i]
		request = request || e.form == asRequest
		if e.field.Key == event.Timestamp && (finest < 0 || e.what == "$msec") {
			finest = i
		}
	}
	for i := range b.elements {
		e := &b.elements[i]
		switch k := e.field.Key; {
		case k == event.Timestamp && i != finest:
			e.form = asNothing
		case request && (k == event.HTTPMethod || k == event.URL || k == event.HTTPVersion):
			e.form = asNothing
		}
	}
}
