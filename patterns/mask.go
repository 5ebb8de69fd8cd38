package patterns

import (
	"bytes"
	"unicode/utf8"
)

// star stands in a template for what differs between messages of one kind.
const star = "<*>"

const (
	// maxTemplate is how long the template of a message can get, in bytes, before the rest of it is left out: the last
	// word may reach beyond it.
	maxTemplate = 400
	// maxWord is the longest word that is one, and no blob.
	maxWord = 64
	// maxMasked bounds how much of a message is looked at: stars can stand for any number of bytes.
	maxMasked = 4096
)

// The classes of bytes.
const (
	isLetter = 1 << iota
	isUpper
	isDigit
	isDot
	isSlash
	isInner // joins the parts of a word: order-id, user@host, a$b
	isSpace
)

const inWord = isLetter | isDigit | isDot | isSlash | isInner

var classes = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case 'a' <= c && c <= 'z':
			t[c] = isLetter
		case 'A' <= c && c <= 'Z':
			t[c] = isLetter | isUpper
		case '0' <= c && c <= '9':
			t[c] = isDigit
		case c <= ' ':
			t[c] = isSpace
		}
	}
	t['.'], t['/'], t['\\'] = isDot, isSlash, isSlash
	for _, c := range "_-@$%+#~*^`" {
		t[c] = isInner
	}
	return t
}()

// appendTemplate appends the template of a message: its words, with a star in the place of each that looks like a
// value (numbers, ids, addresses, paths, hosts, dates, values after =, names after "user"). The same text gives the
// same template on every host and in every version of the agent that has these rules. Chinese text stands as it is,
// with the numbers and ids in it masked.
func appendTemplate(dst, text []byte) []byte {
	if len(text) > maxMasked {
		text = text[:maxMasked]
	}
	m := masker{text: text, out: dst, start: len(dst)}
	for m.at < len(text) && len(m.out)-m.start < maxTemplate {
		c := text[m.at]
		switch class := classes[c]; {
		case class == isSpace:
			m.space()
		case class&inWord != 0:
			m.word()
		case c == '(' && m.isEmpty():
			m.out = append(m.out, "(<*>)"...)
			m.at += 2
		case c >= utf8.RuneSelf:
			m.foreign()
		default:
			m.out = append(m.out, c)
			m.at++
		}
	}
	return bytes.TrimSuffix(m.out, []byte{' '})
}

// masker makes the template of one message.
type masker struct {
	text  []byte
	at    int // in text
	out   []byte
	start int // of the template in out
	// before is the last word that was kept, in text.
	before []byte
}

func (m *masker) space() {
	m.at++
	if len(m.out) > m.start && m.out[len(m.out)-1] != ' ' {
		m.out = append(m.out, ' ')
	}
}

// foreign keeps what is not ASCII, such as Chinese text, as far as there is room.
func (m *masker) foreign() {
	end := m.at
	for end < len(m.text) && m.text[end] >= utf8.RuneSelf {
		end++
	}
	run := cut(m.text[m.at:end], maxTemplate-(len(m.out)-m.start))
	if len(run) > 0 && utf8.Valid(run) {
		m.out = append(m.out, run...)
		m.at += len(run)
		return
	}
	r, size := utf8.DecodeRune(m.text[m.at:])
	m.out = utf8.AppendRune(m.out, r)
	m.at += size
}

// word masks or keeps the word at the masker's place.
func (m *masker) word() {
	begin, seen, dots, slashes := m.at, uint8(0), 0, 0
	end := begin
	for ; end < len(m.text); end++ {
		class := classes[m.text[end]]
		if class&inWord == 0 {
			break
		}
		seen |= class
		if class == isDot {
			dots++
		} else if class == isSlash {
			slashes++
		}
	}
	m.at = end
	w := m.text[begin:end]
	switch {
	case m.isValue(begin):
		m.value(w, seen)
	case slashes > 0 && isPath(w, slashes, dots), end < len(m.text) && m.text[end] == ':' && bytes.HasPrefix(m.text[end:], []byte("://")):
		m.path()
	case seen&isDigit != 0, len(w) > maxWord:
		m.mask()
		m.port()
	case seen&isLetter == 0:
		m.keep(w) // a dash, dots
	case dots > 0 && m.isHost(w, dots):
		m.mask()
		m.port()
	case m.isName(w), m.isDate(w), m.isUnit(w), m.isHex(w):
		m.mask()
	default:
		m.keep(w)
	}
}

func (m *masker) keep(w []byte) {
	m.out = append(m.out, w...)
	m.before = w
}

// mask appends a star, unless nothing but joints stands between it and the star before: a list of any length is one.
func (m *masker) mask() {
	m.before = nil
	k := len(m.out)
	for k > m.start {
		switch m.out[k-1] {
		case ' ', ',', ':', '-':
			k--
			continue
		}
		break
	}
	if k-m.start >= len(star) && string(m.out[k-len(star):k]) == star {
		m.out = m.out[:k]
		return
	}
	m.out = append(m.out, star...)
}
