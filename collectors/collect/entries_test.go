package collect_test

import (
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// cask is an entry as a test needs it.
type cask struct{ label string }

func (c *cask) Identity() (key, value string) { return "label", c.label }
func (c *cask) Most() int                     { return 3 }
func (c *cask) Catalogue() []collect.Row      { return []collect.Row{{Name: "cask_level"}} }
func (c *cask) SetDefaults()                  { collect.SetDefault(&c.label, "cider") }
func (c *cask) Collectors(collect.Env) ([]collect.Collector, error) {
	return []collect.Collector{{Name: c.label}}, nil
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
		var all collect.Entries[cask, *cask]
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
	all := collect.Entries[cask, *cask]{{"ale"}, {}}
	all.SetDefaults()
	found, err := all.Collectors(collect.Env{})
	if err != nil || len(found) != 2 || found[1].Name != "cider" {
		t.Errorf("collectors() = %+v, %v, want ale and cider", found, err)
	}
}
