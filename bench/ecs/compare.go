package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tally is how the documents of one dataset compare with those expected.
type tally struct {
	dataset string
	// Numbers of expected documents, of those whose lines are part of another record here, and of their fields.
	events, joined, fields                int
	equal, deliberate, different, missing int
	// What differs, by field.
	apart map[string]*difference
}

// difference is what is known of a field that differs.
type difference struct {
	field, reason string // the reason is empty when it is not on purpose
	count         int
	want, got     string // of the first document
}

func (t *tally) compare(s *sample, got []document) {
	for i, want := range s.want {
		switch {
		case want == nil: // dropped by the integration
		case got[i] == nil:
			t.joined++
		default:
			t.events++
			for _, field := range slices.Sorted(maps.Keys(want)) {
				t.field(field, want, got[i])
			}
		}
	}
}

func (t *tally) field(field string, want, got document) {
	if !counts(t.dataset, field) {
		return
	}
	t.fields++
	value, ok := got[field]
	if ok && equal(want[field], value) {
		t.equal++
		return
	}
	kind, reason := &t.different, purpose(t.dataset, field, want, got)
	switch {
	case reason != "":
		kind = &t.deliberate
	case !ok:
		kind = &t.missing
	}
	*kind++
	t.note(difference{field: field, reason: reason, want: text(want[field]), got: text(value)})
}

func (t *tally) note(d difference) {
	if t.apart == nil {
		t.apart = map[string]*difference{}
	}
	key := d.field + "\x00" + d.reason
	if t.apart[key] == nil {
		t.apart[key] = &d
	}
	t.apart[key].count++
}

func (t *tally) add(other *tally) {
	t.events += other.events
	t.joined += other.joined
	t.fields += other.fields
	t.equal += other.equal
	t.deliberate += other.deliberate
	t.different += other.different
	t.missing += other.missing
}

func (t *tally) print(w io.Writer, name string, all bool) {
	fmt.Fprintf(w, "%-15s events %4d  fields %5d  equal %5d (%.1f %%)  on purpose %4d  different %4d  missing %4d",
		name, t.events, t.fields, t.equal, 100*float64(t.equal)/float64(max(t.fields, 1)), t.deliberate, t.different, t.missing)
	if t.joined > 0 {
		fmt.Fprintf(w, "  (%d events more are part of others here)", t.joined)
	}
	fmt.Fprintln(w)
	for _, d := range slices.SortedFunc(maps.Values(t.apart), func(a, b *difference) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.field, b.field), cmp.Compare(a.reason, b.reason))
	}) {
		switch {
		case d.reason == "":
			fmt.Fprintf(w, "  %4d %s: %s expected, %s found\n", d.count, d.field, d.want, d.got)
		case all:
			fmt.Fprintf(w, "  %4d %s on purpose, %s: %s expected, %s found\n", d.count, d.field, d.reason, d.want, d.got)
		}
	}
}

// equal tells whether Elasticsearch takes two values of a field for the same: a list of one is that one, and the order of
// lists, the notation of numbers and times and the quotes around numbers do not matter. Times count to the millisecond.
func equal(want, got any) bool {
	return slices.Equal(list(want), list(got))
}

func list(v any) []string {
	many, ok := v.([]any)
	if !ok {
		many = []any{v}
	}
	var all []string
	for _, one := range many {
		all = append(all, canonical(one))
	}
	slices.Sort(all)
	return all
}

func canonical(v any) string {
	s := fmt.Sprint(v)
	if _, ok := v.(json.Number); ok {
		if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, ".eE") {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return s
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	}
	return s
}

// text returns a value as it is shown.
func text(v any) string {
	if v == nil {
		return "nothing"
	}
	s, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.120s", s)
}
