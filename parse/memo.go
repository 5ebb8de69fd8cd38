package parse

import "gatewatch/event"

const (
	// maxRemembered is how many fields of a record a memo is used for; it is a power of two.
	maxRemembered = 64
	// maxRememberedName is how long a name may be to be remembered, in bytes.
	maxRememberedName = 40
)

// memo remembers what the names of the last records meant, by the position of the field: the records of a log mostly
// have the same fields in the same order. It is not safe for concurrent use.
type memo [maxRemembered]struct {
	name       [maxRememberedName]byte
	length     int
	derived    bool
	candidates [3]candidate
}

// candidates returns what the name of f, the i-th field, may mean.
func (m *memo) candidates(n *Names, i int, f *event.Field) []candidate {
	r := &m[i&(maxRemembered-1)]
	if r.length == len(f.Name) && r.derived == f.Derived && string(r.name[:r.length]) == string(f.Name) {
		return r.candidates[:]
	}
	r.candidates = n.resolve(f.Name, f.Derived)
	r.length, r.derived = -1, f.Derived
	if len(f.Name) <= maxRememberedName {
		r.length = copy(r.name[:], f.Name)
	}
	return r.candidates[:]
}
