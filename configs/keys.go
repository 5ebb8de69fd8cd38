package configs

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keys returns the keys of the struct t in their order.
func keys(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if inline(field) {
			names = append(names, keys(field.Type)...)
		} else if name := keyOf(field); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// inline tells whether the keys of a struct's field stand among those of the struct.
func inline(f reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return options == "inline"
}

// keyOf returns the key of a struct's field, or "" when the field is not configured.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

// fieldOf returns the field of the struct v that has the key.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if inline(v.Type().Field(i)) {
			if field, ok := fieldOf(v.Field(i), key); ok {
				return field, true
			}
		}
		if name := keyOf(v.Type().Field(i)); name != "" && name == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// unknownKey says that a key in a section of type t at path does not exist, and what may have been meant.
func (d *decoder) unknownKey(key *yaml.Node, path string, t reflect.Type) {
	at, known := below(path, key.Value), keys(t)
	if near := nearest(key.Value, known); near != "" {
		d.add(key.Line, at, "unknown key, did you mean %s?", near)
		// That the key meant has no value is no second mistake.
		d.unread = append(d.unread, below(path, near))
		return
	}
	if place := placeOf(key.Value, "", reflect.TypeFor[Config]()); place != "" {
		d.add(key.Line, at, "unknown key here, did you mean %s?", place)
		return
	}
	d.add(key.Line, at, "unknown key, known here: %s", strings.Join(known, ", "))
}

// placeOf returns the path of the first section or list of the configuration that has the key, as in
// "alerting.slack" for slack, or "".
func placeOf(key, path string, t reflect.Type) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			path += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || decodesItself(t) {
		return ""
	}
	if slices.Contains(keys(t), key) {
		return below(path, key)
	}
	for field := range t.Fields() {
		if field.Type == reflect.SliceOf(t) {
			continue // a tree: what is not in it here is not in it further down
		}
		if inline(field) {
			if place := placeOf(key, path, field.Type); place != "" {
				return place
			}
		}
		if name := keyOf(field); name != "" {
			if place := placeOf(key, below(path, name), field.Type); place != "" {
				return place
			}
		}
	}
	return ""
}

// nearest returns the known word that key is a slip of, or "".
func nearest(key string, known []string) string {
	best, least := "", 1+min(2, len(key)/2)
	plain := strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	for _, word := range known {
		if n := slips(plain, word); n < least {
			best, least = word, n
		}
	}
	return best
}

// slips counts the letters to add, drop or replace to come from a to b (Levenshtein's distance).
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
