package patterns

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

const (
	// manyVariants is how many templates may differ in one word before that word becomes a star: it is a name that the
	// rules of masking do not know.
	manyVariants = 12
	// minWords is how many words must stay the same.
	minWords = 3
)

// variants finds templates that differ in one word. It forgets all when its bound is reached, and begins again.
type variants struct {
	limit int
	// members are the templates with the same text but for one word, by the hash of that text with a star.
	members map[uint64][]uint64
	// stands are the templates that stand for a text that is one of their variants.
	stands map[uint64]*template
	buf    []byte
}

func newVariants(limit int) variants {
	return variants{limit: 8 * limit, members: map[uint64][]uint64{}, stands: map[uint64]*template{}}
}

// known returns the template that stands for a text, when its words have been found to vary, or nil.
func (v *variants) known(t *Tracker, hash uint64, text []byte) *template {
	if one := v.stands[hash]; one != nil && t.templates[one.hash] == one {
		return one
	}
	var found *template
	v.each(text, func(shape uint64) bool {
		found = t.templates[shape]
		if found != nil && !found.merged {
			found = nil
		}
		return found == nil
	})
	if found != nil {
		v.remember(hash, found)
	}
	return found
}

// learn notes the shapes of a new template. When one of them has many members, it returns the template that stands for
// all of them from now on, else nil.
func (v *variants) learn(t *Tracker, one *template) *template {
	var merged *template
	v.each([]byte(one.text), func(shape uint64) bool {
		if len(v.members) >= v.limit {
			clear(v.members)
		}
		v.members[shape] = append(v.members[shape], one.hash)
		if len(v.members[shape]) < manyVariants {
			return true
		}
		merged = v.merge(t, shape)
		return false
	})
	return merged
}

// merge puts a template that stands for all members of the shape in their place. The shape's text is in v.buf.
func (v *variants) merge(t *Tracker, shape uint64) *template {
	merged := newTemplate(shape, string(v.buf))
	merged.merged = true
	for _, hash := range v.members[shape] {
		if p := t.templates[hash]; p != nil {
			merged.absorb(p)
			t.remove(p)
		}
		v.remember(hash, merged)
	}
	delete(v.members, shape)
	// Masking may have written the same text before: its star is the same.
	if p := t.templates[shape]; p != nil {
		merged.absorb(p)
		merged.shown = p.shown
		t.remove(p)
	}
	t.insert(merged)
	return merged
}

func (v *variants) remember(hash uint64, one *template) {
	if len(v.stands) >= v.limit {
		clear(v.stands)
	}
	v.stands[hash] = one
}

// each calls f with the hash of the text with a star in the place of each of its words in turn, until f returns false.
// The text is in v.buf during the call.
func (v *variants) each(text []byte, f func(shape uint64) bool) {
	words := bytes.Count(text, []byte{' '}) + 1
	if words <= minWords {
		return
	}
	for begin := 0; begin < len(text); {
		end := bytes.IndexByte(text[begin:], ' ')
		if end < 0 {
			end = len(text) - begin
		}
		end += begin
		if isPlain(text[begin:end]) {
			v.buf = append(append(append(v.buf[:0], text[:begin]...), star...), text[end:]...)
			if !f(xxhash.Sum64(v.buf)) {
				return
			}
		}
		begin = end + 1
	}
}

// isPlain tells words that may be names. Codes (SYSTEM_ERROR) and classes are none: they say what is wrong.
func isPlain(word []byte) bool {
	lower := false
	for _, c := range word {
		switch {
		case 'a' <= c && c <= 'z':
			lower = true
		case 'A' <= c && c <= 'Z', c == '\'', c == '"', c == ',', c == '-':
		default:
			return false
		}
	}
	return lower
}
