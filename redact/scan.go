package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// scan is the work on one record.
type scan struct {
	r       *Redactor
	in      []byte
	out     []byte
	done    int // in[:done] is in out, redacted
	changes int
	// cardData is how many of the changes were of card data.
	cardData int
	// found gets what was taken out, when somebody asks for it.
	found *[]Finding
	// fresh is where a word begins although a letter or a digit stands before it: after an escape such as %20 or \n,
	// or after the stars of a masked number.
	fresh int
	// plainTo is how far a chain of letters reaches that was seen to hold no token.
	plainTo int
	depth   int // of encoded texts around the record
	json    jsonState
}

// clean scans the record and returns what Redact does.
func (s *scan) clean() []byte {
	record := s.in
	if bytes.Contains(record, privateKey[3:]) { // V is rarer than P
		s.withoutPrivateKeys()
	}
	if s.r.cfg.EmailAddresses {
		s.withoutEmails()
	}
	s.run()
	if s.changes == 0 {
		return record
	}
	return append(s.out, s.in[s.done:]...)
}

// The classes of bytes that the scan stops at.
const (
	other = iota
	digit
	separator // : or =
	tagEnd    // >
	percent   // %20 and the like
	backslash // \" \n \u0022 \x22
	wideLead  // first byte of ： and of full-width digits
)

var classes = [256]uint8{
	'0': digit, '1': digit, '2': digit, '3': digit, '4': digit, '5': digit, '6': digit, '7': digit, '8': digit, '9': digit,
	':': separator, '=': separator, '>': tagEnd, '%': percent, '\\': backslash, 0xEF: wideLead,
}

// run goes over the record once, block after block. What follows a stop looks at a bounded distance around it, except for
// values that are taken out, which are passed over as well, and for encoded text between two stops.
func (s *scan) run() {
	in := s.in
	// begin is where the scan went on last: a digit there begins a number, whatever is before it. quiet is where the
	// bytes begin that no stop has dealt with.
	begin, quiet := 0, 0
	lines := bytes.IndexByte(in, '\n') >= 0 // nearly no record has several
	for i := 0; i < len(in); {
		b := blockAt(in, i)
		next := i + blockLen
		before := uint64(0)
		if i > begin && isDigit(in[i-1]) {
			before = 1
		}
		hits := b.hits(s.r.more, before)
		if lines {
			hits |= s.wrapped(i, b.fours(before)&^hits)
		}
		for hits != 0 {
			at := i + bits.TrailingZeros64(hits)
			hits &= hits - 1
			if d := in[at] - '0'; d < 10 && s.r.firsts>>d&1 == 0 {
				continue
			}
			if at-quiet >= minEncoded && s.endsRun(at) {
				s.encodedIn(quiet, at)
				quiet = at
			}
			if at >= 7 && isSeparator(in[at]) && (at+1 >= len(in) || in[at+1] != '/') {
				w := binary.LittleEndian.Uint64(in[at-7:])
				if !s.r.keys.mayEndBefore(w) || !s.r.keys.customers.mayEndBefore(w) {
					quiet = at + 1
					continue
				}
			}
			after := s.stop(at)
			if !isDigit(in[at]) || s.done > at {
				quiet = after
			}
			if after >= next || after > at+1 && after < len(in) && isDigit(in[after]) {
				next, begin = after, after
				break
			}
			hits &= ^uint64(0) << (after - i)
		}
		i = next
	}
	if len(in)-quiet >= minEncoded {
		s.encodedIn(quiet, len(in))
	}
}

// wrapped returns those of the runs of four digits in the block at in[i] that end their lines: a card number may go on in
// the next line, however far that is indented.
func (s *scan) wrapped(i int, fours uint64) (hits uint64) {
	for ; fours != 0; fours &= fours - 1 {
		at := i + bits.TrailingZeros64(fours)
		if end := at + 4; end < len(s.in) && (s.in[end] == '\n' || s.in[end] == '\r') && fourBefore(s.in, end, at) == at {
			hits |= 1 << (at - i)
		}
	}
	return hits
}

// endsRun tells whether a run of letters ends before in[at]: digits may go on with one.
func (s *scan) endsRun(at int) bool { return !isDigit(s.in[at]) || sextets[s.in[at-1]] == notEncoded }

// isSeparator tells of : = > that they are; ; < ? share the answer and are ends of no key.
func isSeparator(c byte) bool { return c-':' < 6 }

// stop handles the byte at in[at] and returns where to go on.
func (s *scan) stop(at int) int {
	if at < s.done { // the = behind encoded text
		return s.done
	}
	switch classes[s.in[at]] {
	case digit:
		return s.digits(at)
	case separator:
		return s.separator(at)
	case tagEnd:
		return s.tagEnd(at)
	case percent:
		return s.percent(at)
	case backslash:
		return s.escape(at)
	case wideLead:
		return s.wide(at)
	}
	return at + 1
}

// digits handles the run of digits that begins at in[start].
func (s *scan) digits(start int) int {
	in, i := s.in, start+1
	for i < len(in) && isDigit(in[i]) {
		i++
	}
	switch n := i - start; {
	case s.r.phones && s.isPhone(start, i):
		return s.takePhone(start, i)
	case n >= minCard:
		if s.mayBeCard(start, i) {
			return s.card(start, i)
		}
	case n == 4 && goesOn(in, i):
		// A run of four is of interest when more digits follow behind a separator.
		return s.card(start, i)
	}
	return i
}

// separator handles the : or = at in[i].
func (s *scan) separator(i int) int {
	if s.r.keys.mayEnd(s.in, i) {
		return s.keyed(i, i+1)
	}
	if i+2 < len(s.in) && s.in[i+1] == '/' && s.in[i+2] == '/' {
		return s.userinfo(i + 3)
	}
	return i + 1
}

func (s *scan) tagEnd(i int) int {
	if s.r.keys.mayEnd(s.in, i) {
		return s.tagged(i, i+1)
	}
	return i + 1
}

// replace puts stars in the place of in[from:to], between two quotes when the value needs them, and keeps the line
// breaks that were there.
func (s *scan) replace(k kind, from, to int, quote []byte) {
	s.out = append(s.out, s.in[s.done:from]...)
	s.out = append(s.out, quote...)
	s.out = append(s.out, stars...)
	if len(quote) == 0 {
		s.out = appendBreaks(s.out, s.in[from:to])
	}
	s.out = append(s.out, quote...)
	if len(quote) > 0 {
		s.out = appendBreaks(s.out, s.in[from:to])
	}
	s.done = to
	s.count(k, from, allStars)
}

// count notes that a value at in[at] was taken out, and what may be shown of it.
func (s *scan) count(k kind, at int, shown func() string) {
	s.changes++
	if k.isCardData() {
		s.cardData++
	}
	s.r.counters[k].Inc()
	if s.found != nil {
		*s.found = append(*s.found, Finding{Kind: kindNames[k], At: at, Masked: shown()})
	}
}

func appendBreaks(dst, text []byte) []byte {
	for range bytes.Count(text, newline) {
		dst = append(dst, '\n')
	}
	return dst
}

var (
	stars   = []byte("***")
	newline = []byte("\n")
)
