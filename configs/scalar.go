package configs

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// scalar decodes a single value, after ${…} in it was replaced.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	want := expected(v.Type())
	if n.Kind != yaml.ScalarNode {
		d.add(n.Line, path, "must be %s, not %s", want, describe(n))
		return
	}
	expanded := *n
	text, err := expand(n.Value, d.env)
	if err != nil {
		d.add(n.Line, path, "%v", err)
		return
	}
	if text != n.Value {
		d.expanded = append(d.expanded, expansion{text, n.Value})
		expanded.Value, expanded.Tag = text, "!!str"
		if v.Kind() != reflect.String {
			// What stands there now decides whether it is a number, a duration …
			expanded.Tag, expanded.Style = "", 0
		}
		if text == "" && v.Kind() != reflect.String {
			d.add(n.Line, path, "must be %s, but %s is empty", want, quote(n.Value))
			return
		}
	}
	if err := expanded.Decode(v.Addr().Interface()); err != nil {
		// The text as written, never what replaced ${…}: that may be a secret.
		d.add(n.Line, path, "must be %s, not %s", want, quote(n.Value))
	}
}

// expansion is a value that ${…} in the file became.
type expansion struct{ value, written string }

// shortestHidden is the length from which a value is looked for in messages: shorter ones are parts of other words.
const shortestHidden = 4

// unexpand writes in a message what the file says in place of what ${…} became: that may be a secret, although the
// key it was written to is none.
func (d *decoder) unexpand(text string) string {
	for _, e := range d.expanded {
		if len(e.value) < shortestHidden {
			continue
		}
		quoted := strconv.Quote(e.value)
		text = strings.ReplaceAll(text, e.value, e.written)
		text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], e.written)
	}
	return text
}

// expected says in words what a value of type t looks like.
func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[model.Duration](), reflect.TypeFor[time.Duration]():
		return "a duration such as 30s, 5m or 7d"
	case reflect.TypeFor[units.Base2Bytes]():
		return "a size such as 512KiB, 64MiB or 2GiB"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "text"
}

// listExample returns the entry that a list of t may have where n stands.
func listExample(n *yaml.Node, t reflect.Type) string {
	if n.Kind == yaml.ScalarNode && t.Kind() == reflect.String {
		return quote(n.Value)
	}
	return example(t)
}

// example returns a value of type t as it may stand in a list or mapping.
func example(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "{" + strings.Join(keys(t)[:1], "") + ": …}"
	case reflect.Int, reflect.Int64:
		return "200"
	}
	return `"…"`
}
