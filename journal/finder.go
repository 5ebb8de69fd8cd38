package journal

// minFound is the shortest text that a finder is for: shorter ones are found sooner by looking at every place.
const minFound = 16

// finder looks for one text in many bodies, as Horspool does: it looks at the byte where the text would end, and goes on
// by as much as that allows. Most bytes of a body are never looked at.
type finder struct {
	text []byte
	fold bool // the text is in lower case, and is found in any case of ASCII letters
	skip [256]uint32
}

// newFinder returns nil when the text is too short.
func newFinder(text []byte, fold bool) *finder {
	if len(text) < minFound {
		return nil
	}
	f := &finder{text: text, fold: fold}
	for c := range f.skip {
		f.skip[c] = uint32(len(text))
	}
	for i, c := range text[:len(text)-1] {
		f.skip[c] = uint32(len(text) - 1 - i)
		if fold && c >= 'a' && c <= 'z' {
			f.skip[c-'a'+'A'] = f.skip[c]
		}
	}
	return f
}

// in tells whether the text stands in s.
func (f *finder) in(s []byte) bool {
	last := len(f.text) - 1
	for i := last; i < len(s); i += int(f.skip[s[i]]) {
		if f.same(s[i], f.text[last]) && f.at(s[i-last:]) {
			return true
		}
	}
	return false
}

// at tells whether s begins with the text.
func (f *finder) at(s []byte) bool {
	for i, c := range f.text {
		if !f.same(s[i], c) {
			return false
		}
	}
	return true
}

// same tells whether c stands for wanted, a byte of the text.
func (f *finder) same(c, wanted byte) bool {
	return c == wanted || f.fold && c >= 'A' && c <= 'Z' && c|0x20 == wanted
}
