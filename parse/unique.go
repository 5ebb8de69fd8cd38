package parse

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"gatewatch/event"
)

// fewNames is how many names of one object are compared as they come; more are sorted at the object's end.
const fewNames = 64

// level is one object being read: its names are in walker.keys from first on.
type level struct {
	first int
	// filter has a bit for the hash of each name, so that most names are compared with none.
	filter uint64
}

// repeated adds name to l and tells whether Elasticsearch would refuse it: because the object has that name already,
// or because of a NUL character in it.
func (w *walker) repeated(l *level, name []byte, escaped bool) bool {
	if escaped {
		name = appendUnescaped(nil, name)
		if bytes.IndexByte(name, 0) >= 0 {
			return true
		}
	}
	before := w.keys[l.first:]
	w.keys = append(w.keys, name)
	if len(before) >= fewNames {
		return false
	}
	bit := uint64(1) << nameHash(name)
	if l.filter&bit == 0 {
		l.filter |= bit
		return false
	}
	for _, k := range before {
		if bytes.Equal(k, name) {
			return true
		}
	}
	return false
}

// leave removes the names of l and tells whether one is repeated that repeated has not reported.
func (w *walker) leave(l *level) bool {
	names := w.keys[l.first:]
	w.keys = w.keys[:l.first]
	if len(names) <= fewNames {
		return false
	}
	slices.SortFunc(names, bytes.Compare)
	for i := 1; i < len(names); i++ {
		if bytes.Equal(names[i-1], names[i]) {
			return true
		}
	}
	return false
}

// nameHash returns a number below 64 from the length and three characters of name.
func nameHash(name []byte) uint64 {
	n := len(name)
	if n == 0 {
		return 0
	}
	x := uint64(n) | uint64(name[0])<<8 | uint64(name[n/2])<<16 | uint64(name[n-1])<<24
	return x * 0x9E3779B97F4A7C15 >> 58
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

func decoded(name []byte) string { return string(appendUnescaped(nil, name)) }

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
