package redact

import "bytes"

// key is a name that was found before a separator.
type key struct {
	kind   kind
	quote  quote // that encloses it
	quoted bool
	// in[start:end] is the name.
	start, end int
}

// keyed handles the separator at in[i:next]: when the key before it says what the value is, the value is taken out. It
// returns where to go on.
func (s *scan) keyed(i, next int) int {
	k := s.keyBefore(i)
	if k.kind == none {
		if s.in[i] == ':' && bytes.HasPrefix(s.in[next:], slashes) {
			return s.userinfo(next + len(slashes))
		}
		return next
	}
	from := next
	for from < len(s.in) && (s.in[from] == ' ' || s.in[from] == '\t' || k.quoted && isSpace(s.in[from])) {
		from++
	}
	if s.in[i] == '=' && from < len(s.in) && s.in[from] == '>' { // key => value
		from++
		for from < len(s.in) && s.in[from] == ' ' {
			from++
		}
	}
	if from >= len(s.in) {
		return next
	}
	v := s.valueAt(from, &k)
	return s.take(&k, v, next)
}

// take takes out the value v of k, and returns where to go on: at next when there is nothing to take.
func (s *scan) take(k *key, v value, next int) int {
	text := s.in[v.from:v.to]
	if len(text) == 0 || !v.quoted && isLiteral(text) || k.kind == secret && s.isSudoFolder(k, v) {
		return next
	}
	switch k.kind {
	case pan, account:
		return s.takeNumber(k, v, next)
	case customer:
		return s.takeCustomer(k, v, next)
	}
	if isMasked(text) {
		return next
	}
	s.replace(k.kind, v.from, v.to, v.needs)
	s.fresh = v.to
	return v.to
}

// maxNumber bounds the values that are looked at for a card number; longer ones hold something else, and are taken out.
const maxNumber = 256

// takeNumber takes out the value v of a key for card numbers. What is masked already stays, and so does what cannot be a
// card number: no digits, or no more than an issuer's six.
func (s *scan) takeNumber(k *key, v value, next int) int {
	text := s.in[v.from:v.to]
	if len(text) > maxNumber {
		s.replace(pan, v.from, v.to, v.needs)
		s.fresh = v.to
		return v.to
	}
	c, shaped, starred := s.cardShape(v)
	switch {
	case starred && c.n <= 10:
		return next
	case shaped && c.n >= minCard-1 && c.n <= maxCard:
		if k.kind == account && (c.n < 15 || starred) {
			return next
		}
	case k.kind == account, c.n == 0, shaped && c.n <= 6, isMasked(text):
		return next
	default:
		s.replace(pan, v.from, v.to, v.needs)
		s.fresh = v.to
		return v.to
	}
	if len(v.needs) > 0 {
		return s.maskQuoted(&c, v)
	}
	s.starDigits(&c)
	s.fresh = s.done
	return s.done
}

// maskQuoted masks a number that stood without quotes where it now needs them.
func (s *scan) maskQuoted(c *number, v value) int {
	s.out = append(s.out, s.in[s.done:v.from]...)
	s.out = append(s.out, v.needs...)
	s.done = v.from
	s.starDigits(c)
	s.out = append(s.out, s.in[s.done:v.to]...)
	s.out = append(s.out, v.needs...)
	s.done, s.fresh = v.to, v.to
	return v.to
}

// cardShape reads a value as digits with separators; shaped is false when there is anything else in it, except for the
// stars of a masked number.
func (s *scan) cardShape(v value) (c number, shaped, starred bool) {
	shaped, c.kind, c.head = true, pan, 6
	for i := v.from; i < v.to; {
		if value, size := digitAt(s.in, i); size > 0 {
			if c.n < len(c.digits) {
				c.add(value, i, size)
			}
			i += size
			continue
		}
		if sep := separatorAt(s.in, i); sep != nil {
			i += len(sep)
			continue
		}
		switch s.in[i] {
		case '*', 'x', 'X', '#':
			starred = true
		default:
			shaped = false
		}
		i++
	}
	return c, shaped, starred && shaped
}

// isMasked tells whether a value is nothing but stars.
func isMasked(text []byte) bool {
	for _, c := range text {
		if c != '*' && !isSpace(c) {
			return false
		}
	}
	return true
}

// isSudoFolder tells whether k and v are the working directory that sudo logs between its other words:
// "TTY=pts/0 ; PWD=/srv/pay ; USER=root".
func (s *scan) isSudoFolder(k *key, v value) bool {
	return string(s.in[k.start:k.end]) == "PWD" && s.in[v.from] == '/' &&
		bytes.HasSuffix(s.in[:k.start], sudoBetween) && bytes.HasPrefix(bytes.TrimLeft(s.in[v.to:], " "), sudoUser)
}

var (
	sudoBetween = []byte(" ; ")
	sudoUser    = []byte("; USER=")
)

// keyBefore reads the key before the separator at in[i].
func (s *scan) keyBefore(i int) (k key) {
	end := i
	for end > 0 && i-end < 4 && (s.in[end-1] == ' ' || s.in[end-1] == '\t') {
		end--
	}
	if k.quote, k.quoted = quoteBefore(s.in, end); k.quoted {
		end -= len(k.quote.text)
	}
	if end > 0 && s.in[end-1] == ']' {
		end--
	} else if bytes.HasSuffix(s.in[:end], encodedBracketClose) || bytes.HasSuffix(s.in[:end], encodedBracketCloseLower) {
		end -= 3
	}
	k.start, k.end = s.wordStart(end), end
	k.kind = s.r.keys.kind(s.in[k.start:end], s.parentBefore(k.start))
	return k
}

var (
	slashes                  = []byte("//")
	encodedBracketClose      = []byte("%5D")
	encodedBracketCloseLower = []byte("%5d")
)

// wordStart returns where the word that ends at end begins. A letter or digit that belongs to an escape before the word
// (\n, %26, \x22, \u0026) is none of its letters.
func (s *scan) wordStart(end int) int {
	start := end
	for start > 0 && end-start <= maxKey && isKeyByte(s.in[start-1]) {
		start--
	}
	if start == 0 || start == end {
		return start
	}
	n := 0
	switch s.in[start-1] {
	case '%':
		n = 2
	case '\\':
		switch s.in[start] {
		case 'n', 'r', 't', 'b', 'f':
			n = 1
		case 'x':
			n = 3
		case 'u':
			n = 5
		}
	}
	return min(start+n, end)
}

// parentBefore returns the word before the key at start when the key is a member of it: card[number], card.number.
func (s *scan) parentBefore(start int) []byte {
	if start < 2 {
		return nil
	}
	end := start - 1
	switch {
	case s.in[end] == '.' || s.in[end] == '[':
	case bytes.HasSuffix(s.in[:start], []byte("%5B")), bytes.HasSuffix(s.in[:start], []byte("%5b")):
		end = start - 3
	default:
		return nil
	}
	if end > 0 && s.in[end-1] == ']' {
		end--
	}
	return s.in[s.wordStart(end):end]
}
