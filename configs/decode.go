package configs

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatewatch/internal/invalid"
)

// decoder puts a YAML tree over a Config that holds the defaults. It reflects, because the yaml tags of the packages'
// structs are the one list of keys: the YAML library knows them too, but stops at the struct's name where a user needs
// the key's path, and cannot suggest what was meant.
type decoder struct {
	file     string
	env      Lookup
	lines    map[string]int // key path → line
	unread   []string       // paths whose values are not what the file means
	expanded []expansion    // what ${…} put in
	mistakes Mistakes
}

func (d *decoder) decode(root *yaml.Node, cfg *Config) {
	d.value(root, reflect.ValueOf(cfg).Elem(), "")
}

func (d *decoder) add(line int, path, format string, args ...any) {
	d.mistakes = append(d.mistakes, Mistake{d.file, line, path, fmt.Sprintf(format, args...)})
	d.unread = append(d.unread, path)
}

// value decodes n, which stands at path, into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.null(n, v, path)
		return
	}
	if decodesItself(v.Type()) {
		d.scalar(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// null decodes a key without a value. A section whose keys are all commented out keeps its defaults; an optional one
// is only switched off by a written null, because leaving the value away may mean both on and off.
func (d *decoder) null(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case v.Kind() == reflect.Pointer && n.Value != "":
		v.SetZero()
	case v.Kind() == reflect.Pointer:
		d.add(n.Line, path, "has no value: write {} to switch it on with its defaults, or null to switch it off")
	case v.Kind() == reflect.Struct && !decodesItself(v.Type()):
	case v.Kind() == reflect.Slice:
		d.add(n.Line, path, "has no value: write [] for an empty list, or remove the key for the default")
	default:
		d.add(n.Line, path, "has no value: write one, or remove the key for the default")
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, "must be a mapping (keys: %s), not %s", strings.Join(keys(v.Type()), ", "), describeFor(v.Type(), n))
		return
	}
	d.eachKey(n, path, func(key, value *yaml.Node, at string) {
		field, ok := fieldOf(v, key.Value)
		if !ok {
			d.unknownKey(key, path, v.Type())
			return
		}
		d.value(value, field, at)
	})
}

// eachKey calls f for each key of the mapping n, with the key's path, and reports those written twice.
func (d *decoder) eachKey(n *yaml.Node, path string, f func(key, value *yaml.Node, at string)) {
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.add(key.Line, path, "has %s as a key: keys are plain words", describe(key))
			continue
		}
		at := below(path, key.Value)
		if first, ok := seen[key.Value]; ok {
			d.add(key.Line, at, "is written twice, first on line %d: keep one", first)
			continue
		}
		seen[key.Value] = key.Line
		d.lines[at] = key.Line
		f(key, value, at)
	}
}

// singles are the lists of sections that may be written as their only entry.
var singles = [...]string{"alerting.slack"}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.MappingNode && slices.Contains(singles[:], path) {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		d.value(n, v.Index(0), path)
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(n.Line, path, "must be a list, as in [%s], not %s", listExample(n, v.Type().Elem()), describeFor(v.Type(), n))
		return
	}
	// A list replaces the default list; it does not add to it.
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.lines[at] = item.Line
		d.value(item, v.Index(i), at)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, "must be a mapping, as in {name: %s}, not %s", example(v.Type().Elem()), describeFor(v.Type(), n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	d.eachKey(n, path, func(key, value *yaml.Node, at string) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(value, item, at)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), item)
	})
}

// addInvalid adds what Validate found, with the lines of its keys. What is only wrong because the key, or one above or
// below it, could not be read is left out.
func (d *decoder) addInvalid(err error) {
	found, ok := errors.AsType[invalid.Mistakes](err)
	if !ok && err != nil {
		d.add(d.lines[""], "", "%s", d.unexpand(err.Error()))
		return
	}
	unread := d.unread
	for _, m := range found {
		if !slices.ContainsFunc(unread, func(p string) bool { return within(p, m.Path) || within(m.Path, p) }) {
			d.add(d.line(m.Path), m.Path, "%s", d.unexpand(m.Text))
		}
	}
}

// line returns where path is written, or else the nearest key above it.
func (d *decoder) line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return d.lines[""]
}

// within tells whether path is at or below top.
func within(path, top string) bool {
	rest, ok := strings.CutPrefix(path, top)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// decodesItself tells whether the type reads its own value (a duration, a size).
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t.Kind() != reflect.Pointer &&
		(p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || p.Implements(reflect.TypeFor[yaml.Unmarshaler]()))
}
