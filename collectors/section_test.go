package collectors

import (
	"reflect"
	"testing"

	"gatewatch/internal/invalid"
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
		if field.Name != "Interval" && !typ.Implements(reflect.TypeFor[section]()) {
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

// cask is an entry as a test needs it.
type cask struct{ label string }

func (c *cask) identity() (key, value string) { return "label", c.label }
func (c *cask) most() int                     { return 3 }
func (c *cask) catalogue() []Metric           { return []Metric{{Name: "cask_level"}} }
func (c *cask) setDefaults()                  { setDefault(&c.label, "cider") }
func (c *cask) collectors(env) ([]collector, error) {
	return []collector{{name: c.label}}, nil
}

func (c *cask) Validate() error {
	var m invalid.Mistakes
	if c.label == "leak" {
		m.Add("staves", "are loose")
	}
	return m.Err()
}

func TestEntries(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, want string, labels ...string) {
		t.Helper()
		var all Entries[cask, *cask]
		for _, l := range labels {
			all = append(all, cask{l})
		}
		var m invalid.Mistakes
		m.AddIn("casks", all.Validate())
		got := ""
		if err := m.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate(%q) = %q, want %q", labels, got, want)
		}
	}
	f(t, "")
	f(t, "", "ale", "beer")
	f(t, "casks[1].label: is missing", "ale", "")
	f(t, `casks[1].label: "ale" is used by another entry`, "ale", "ale")
	f(t, "casks[1].staves: are loose", "ale", "leak")
	f(t, "casks: has 4 entries, at most 3 are possible", "a", "b", "c", "d")
	all := Entries[cask, *cask]{{"ale"}, {}}
	all.setDefaults()
	found, err := all.collectors(env{})
	if err != nil || len(found) != 2 || found[1].name != "cider" {
		t.Errorf("collectors() = %+v, %v, want ale and cider", found, err)
	}
}
