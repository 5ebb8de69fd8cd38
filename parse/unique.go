package parse

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// fewNames is how many names of one object are compared as they come; more are sorted at the object's end.
const fewNames = 64

// names remembers the names of one object being read.
type names struct {
	// first is where the names of a nested object begin in walker.keys.
	first int
	count int
	// filter has a bit for the hash of each name, so that most names need not be compared.
	filter [4]uint64
}

// add notes name and tells whether the object may have had it before.
func (n *names) add(name []byte) bool {
	n.count++
	h := nameHash(name)
	word, bit := &n.filter[h>>6], uint64(1)<<(h&63)
	old := *word
	*word |= bit
	return old&bit != 0
}

// nameHash returns a number below 256 from the length and three characters of name.
func nameHash(name []byte) uint64 {
	n := len(name)
	if n == 0 {
		return 0
	}
	x := uint64(n) | uint64(name[0])<<8 | uint64(name[n/2])<<16 | uint64(name[n-1])<<24
	return x * 0x9E3779B97F4A7C15 >> 56
}

// enter adds the name of a member of a nested object, and notes when Elasticsearch would refuse it: because the
// object has that name already, or because of a NUL character in it.
func (w *walker) enter(n *names, name []byte, escaped bool) {
	if escaped {
		name = values.AppendUnescaped(nil, name)
		w.awkward = w.awkward || bytes.IndexByte(name, 0) >= 0
	}
	before := w.keys[n.first:]
	w.keys = append(w.keys, name)
	if !n.add(name) || n.count > fewNames {
		return
	}
	for _, k := range before {
		w.awkward = w.awkward || bytes.Equal(k, name)
	}
}

// leave forgets the names of a nested object, and notes when one is repeated that enter has not compared.
func (w *walker) leave(n *names) {
	names := w.keys[n.first:]
	w.keys = w.keys[:n.first]
	if len(names) <= fewNames {
		return
	}
	slices.SortFunc(names, bytes.Compare)
	for i := 1; i < len(names); i++ {
		w.awkward = w.awkward || bytes.Equal(names[i-1], names[i])
	}
}

// makeUnique renames the members of a record's object until each name is there once and none has a NUL character. Of
// a repeated name the last keeps it, as every JSON reader takes the last, and the ones before become name#1, name#2
// and so on.
func makeUnique(fields []event.Field) {
	used := map[string]int{}
	for i := range fields {
		if f := &fields[i]; !f.Derived {
			f.Name = withoutNUL(f.Name)
			used[decoded(f.Name)] = i
		}
	}
	last := make(map[int]bool, len(used))
	for _, i := range used {
		last[i] = true
	}
	counts := map[string]int{}
	for i := range fields {
		f := &fields[i]
		if f.Derived || last[i] {
			continue
		}
		name := decoded(f.Name)
		for taken := true; taken; {
			counts[name]++
			_, taken = used[name+"#"+strconv.Itoa(counts[name])]
		}
		f.Name = append(append(bytes.Clone(f.Name), '#'), strconv.Itoa(counts[name])...)
		used[decoded(f.Name)] = i
	}
}

func decoded(name []byte) string { return string(values.AppendUnescaped(nil, name)) }

// withoutNUL returns the inside of a JSON string with each escaped NUL character written as the text \u0000.
func withoutNUL(name []byte) []byte {
	if !strings.Contains(decoded(name), "\x00") {
		return name
	}
	var out []byte
	for len(name) > 0 {
		if bytes.HasPrefix(name, []byte(`\u0000`)) {
			out = append(out, `\\u0000`...)
			name = name[6:]
			continue
		}
		n := 1
		if name[0] == '\\' {
			n = 2
		}
		out = append(out, name[:n]...)
		name = name[n:]
	}
	return out
}
