package collectors

import (
	"fmt"

	"gatewatch/internal/invalid"
)

// Entries is a section of the configuration that lists things of one kind, such as collectors.nginx.
type Entries[E any, P entryOf[E]] []E

// entryOf is what E, one thing of a list, can do as an entry of a list; Entries does the rest.
type entryOf[E any] interface {
	*E
	// identity returns the key whose value tells it from the others of its list, and the value.
	identity() (key, value string)
	// most is how many there may be.
	most() int
	setDefaults()
	// Validate returns every mistake as invalid.Mistakes, but for those of the identity.
	Validate() error
	collectors(e env) ([]collector, error)
	// catalogue lists every metric that they can give. It is asked of an entry that is empty.
	catalogue() []Metric
}

func (all Entries[E, P]) setDefaults() {
	for i := range all {
		P(&all[i]).setDefaults()
	}
}

// Validate returns every mistake in the list as invalid.Mistakes.
func (all Entries[E, P]) Validate() error {
	var m invalid.Mistakes
	checkEntries(&m, "", all, P(new(E)).most(), func(one *E) (string, string, error) {
		key, value := P(one).identity()
		return key, value, P(one).Validate()
	})
	return m.Err()
}

func (all Entries[E, P]) collectors(e env) ([]collector, error) {
	var found []collector
	for i := range all {
		of, err := P(&all[i]).collectors(e)
		if err != nil {
			_, name := P(&all[i]).identity()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, of...)
	}
	return found, nil
}

func (all Entries[E, P]) catalogue() []Metric { return P(new(E)).catalogue() }

// checkEntries notes the mistakes of a list at path. check returns what tells an entry from the others, as identity
// does, and its other mistakes.
func checkEntries[E any](m *invalid.Mistakes, path string, all []E, most int, check func(*E) (key, value string, err error)) {
	if len(all) > most {
		m.Add(path, "has %d entries, at most %d are possible", len(all), most)
	}
	seen := map[string]bool{}
	for i := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		key, value, err := check(&all[i])
		switch {
		case value == "":
			m.Add(at+"."+key, "is missing")
		case seen[value]:
			m.Add(at+"."+key, "%q is used by another entry", value)
		}
		seen[value] = true
		m.AddIn(at, err)
	}
}
