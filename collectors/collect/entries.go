package collect

import (
	"fmt"

	"gatewatch/internal/invalid"
)

// Entries is a section of the configuration that lists things of one kind, such as collectors.nginx.
type Entries[E any, P entryOf[E]] []E

// entryOf is what E, one thing of a list, can do as an entry of a list; Entries does the rest.
type entryOf[E any] interface {
	*E
	// Identity returns the key whose value tells it from the others of its list, and the value.
	Identity() (key, value string)
	// Most is how many there may be.
	Most() int
	SetDefaults()
	// Validate returns every mistake as invalid.Mistakes, but for those of the identity.
	Validate() error
	Collectors(e Env) ([]Collector, error)
	// Catalogue lists every metric that they can give. It is asked of an entry that is empty.
	Catalogue() []Row
}

// SetDefaults fills what is left out.
func (all Entries[E, P]) SetDefaults() {
	for i := range all {
		P(&all[i]).SetDefaults()
	}
}

// Validate returns every mistake in the list as invalid.Mistakes.
func (all Entries[E, P]) Validate() error {
	var m invalid.Mistakes
	CheckEntries(&m, "", all, P(new(E)).Most(), func(one *E) (string, string, error) {
		key, value := P(one).Identity()
		return key, value, P(one).Validate()
	})
	return m.Err()
}

// Collectors returns what is switched on.
func (all Entries[E, P]) Collectors(e Env) ([]Collector, error) {
	var found []Collector
	for i := range all {
		of, err := P(&all[i]).Collectors(e)
		if err != nil {
			_, name := P(&all[i]).Identity()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, madeOf(of, all[i])...)
	}
	return found, nil
}

// Catalogue lists every metric that can be given.
func (all Entries[E, P]) Catalogue() []Row { return P(new(E)).Catalogue() }

// CheckEntries notes the mistakes of a list at path. check returns what tells an entry from the others, as Identity
// does, and its other mistakes.
func CheckEntries[E any](m *invalid.Mistakes, path string, all []E, most int, check func(*E) (key, value string, err error)) {
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
