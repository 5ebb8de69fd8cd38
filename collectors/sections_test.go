package collectors

import (
	"reflect"
	"testing"

	"gatewatch/collectors/collect"
)

// TestSections holds each field of Config, but the interval, to be a section with a key of its own.
func TestSections(t *testing.T) {
	t.Parallel()
	var keys []string
	for field := range reflect.TypeFor[Config]().Fields() {
		typ := field.Type
		if typ.Kind() != reflect.Pointer {
			typ = reflect.PointerTo(typ)
		}
		if field.Name != "Interval" && !typ.Implements(reflect.TypeFor[collect.Section]()) {
			t.Errorf("Config.%s is no section: it would never be collected", field.Name)
		}
		keys = append(keys, field.Tag.Get("yaml"))
	}
	// Without what is switched on, only the optional sections are left out.
	var got []string
	for key := range (&Config{}).sections() {
		got = append(got, key)
	}
	for i, key := range got {
		if keys := keys[4:]; i >= len(keys) || key != keys[i] {
			t.Errorf("sections() = %q, want %q", got, keys)
		}
	}
	cfg := DefaultConfig()
	var first []string
	for key := range cfg.sections() {
		if first = append(first, key); len(first) == 2 {
			break
		}
	}
	if first[0] != "host" || first[1] != "processes" {
		t.Errorf("sections() of the default begins with %q, want host and processes", first)
	}
}
