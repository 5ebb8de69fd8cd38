package redact

import "bytes"

// number is a candidate for a card number: its digits, and where each begins and ends.
type number struct {
	kind       kind
	head       int // digits at the beginning that may be shown
	brokenAt   int // where a line ends between its digits, or perhaps behind them; else 0
	n          int
	digits     [maxCard + 1]byte
	from, till [maxCard + 1]int
}

func (c *number) add(value byte, at, size int) {
	c.digits[c.n] = value
	c.from[c.n], c.till[c.n] = at, at+size
	c.n++
}

// first returns the first four digits as a number.
func (c *number) first() int {
	d := &c.digits
	return int(d[0])*1000 + int(d[1])*100 + int(d[2])*10 + int(d[3])
}

// end returns the position after the last digit.
func (c *number) end() int { return c.till[c.n-1] }

// group reads digits from i on, at most max. It returns how many, and where they end.
func (c *number) group(in []byte, i, max int) (count, end int) {
	for count < max && c.n < len(c.digits) {
		value, size := digitAt(in, i)
		if size == 0 {
			break
		}
		c.add(value, i, size)
		count++
		i += size
	}
	return count, i
}

// card looks whether a card number begins with the digit at start, and takes it out. It returns where to go on: runEnd
// is the position after the run of digits, for when there is none.
func (s *scan) card(start, runEnd int) int {
	c := number{kind: pan, head: 6}
	count, end := c.group(s.in, start, maxCard+1)
	if _, more := digitAt(s.in, end); more > 0 {
		return skipDigits(s.in, end) // a longer number
	}
	runEnd = max(runEnd, end)
	switch {
	case count >= minCard && count <= maxCard:
		if !s.isCard(&c, nil) {
			if !s.isIdentity(&c) {
				return runEnd
			}
			c.kind = identity
		}
	case count == 4:
		if !s.grouped(&c, end) {
			return runEnd
		}
	default:
		return runEnd
	}
	return s.maskNumber(&c)
}

// mayBeCard tells whether the digits in[start:end] are worth a closer look: not when no issuer has numbers of that length
// with these first digits, and nothing around them makes them something else.
func (s *scan) mayBeCard(start, end int) bool {
	in := s.in
	if s.r.identity || s.r.maestro || end < len(in) && (in[end] == '%' || in[end] == '\\' || in[end] == 0xEF) {
		return true
	}
	first := 0
	for _, c := range in[start : start+4] {
		first = 10*first + int(c-'0')
	}
	return end-start <= maxCard && issued(issuers[:], first, end-start)
}

func skipDigits(in []byte, i int) int {
	for {
		_, size := digitAt(in, i)
		if size == 0 {
			return i
		}
		i += size
	}
}

// grouped reads the groups after the first four digits, which end at end, and tells whether they make a card number:
// 4-6-5, 4-6-4, 4-4-4-4 and its shorter and longer forms, with one separator, and a line break in the place of one.
func (s *scan) grouped(c *number, end int) bool {
	var sep []byte
	var ends [5]int // digits up to each group's end
	groups := 0
	for groups < len(ends)-1 {
		size := 0
		if c.brokenAt == 0 {
			if size = breakAt(s.in, end); size > 0 {
				c.brokenAt = end
			}
		}
		switch {
		case size > 0:
		case sep == nil:
			sep = separatorAt(s.in, end)
			size = len(sep)
		case bytes.HasPrefix(s.in[end:], sep):
			size = len(sep)
		}
		count, next := 0, 0
		if size > 0 {
			count, next = c.group(s.in, end+size, 7)
		}
		if count == 0 || count > 6 {
			c.n -= count
			break
		}
		end = next
		ends[groups] = c.n
		groups++
	}
	if sep == nil {
		return false // a column of numbers
	}
	return s.groupedAs(c, sep, ends[:groups])
}

// groupedAs tries the group patterns, the longest first, and cuts c to the one that fits.
func (s *scan) groupedAs(c *number, sep []byte, ends []int) bool {
	for i := len(ends) - 1; i >= 1; i-- {
		fits := false
		switch {
		case ends[0] == 10: // 4-6-5, 4-6-4
			fits = i == 1 && (ends[1] == 15 || ends[1] == 14)
		case ends[0] == 8 && ends[1] == 12: // 4-4-4-x, 4-4-4-4-x
			fits = i == 2 && ends[2] <= 16 || i == 3 && ends[2] == 16 && ends[3] <= maxCard
		}
		if !fits {
			continue
		}
		whole := c.n
		c.n = ends[i]
		if s.isCard(c, sep) {
			return true
		}
		c.n = whole
	}
	return false
}

// isCard applies the recipe to a candidate: the issuer's range and length, the check digit, and what stands around it.
func (s *scan) isCard(c *number, sep []byte) bool {
	first := c.first()
	if !issued(issuers[:], first, c.n) && !(s.r.maestro && issued(maestro[:], first, c.n)) {
		return false
	}
	if !luhn(c.digits[:c.n]) {
		return false
	}
	// Numbers this short are everywhere; only a word beside them makes them cards. 4-6-4 is a shape of cards only.
	needsWord := c.n < 15 && !(c.n == 14 && sep != nil && bytes.HasPrefix(s.in[c.till[9]:], sep))
	left, leftWord := s.leftOpen(c.from[0], sep, c.end())
	right, rightWord := s.rightOpen(c.end(), sep)
	if !left || !right {
		return false
	}
	if needsWord || leftWord || rightWord || s.inRow(c) {
		return s.cardWordBefore(c.from[0]) || s.cardWordAfter(c.end())
	}
	return sep != nil || !s.isOrder(c.from[0])
}

// inRow tells whether c goes on in the next line and other digits stand beside it, as in a table.
func (s *scan) inRow(c *number) bool {
	if c.brokenAt == 0 || c.brokenAt >= c.end() {
		return false
	}
	before, after := c.from[0], c.end()
	for before > s.done && isBlank(s.in[before-1]) {
		before--
	}
	for after < len(s.in) && isBlank(s.in[after]) {
		after++
	}
	return before < c.from[0] && before > 0 && isDigit(s.in[before-1]) || after > c.end() && after < len(s.in) && isDigit(s.in[after])
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// leftOpen tells whether a card number may begin at i; withWord, that it may only beside a card word.
func (s *scan) leftOpen(i int, sep []byte, end int) (ok, withWord bool) {
	if i == 0 || i == s.fresh {
		return true, false
	}
	p := s.in[i-1]
	var before byte
	if i > 1 {
		before = s.in[i-2]
	}
	switch {
	case isDigit(p):
		return false, false
	case isLetter(p):
		trackOne := p|0x20 == 'b' && end < len(s.in) && s.in[end] == '^'
		return true, !trackOne
	case p == '_':
		return true, isLetter(before) || isDigit(before)
	case p == '.' && isDigit(before):
		return false, false
	case sep != nil && !loose(sep) && p == sep[0] && isDigit(before):
		return false, false
	case p == '-': // a negative number, as of a hash, or a word and a number
		return true, !isLetter(before) && !isDigit(before)
	}
	return true, false
}

// rightOpen tells whether a card number may end before i; withWord, that it may only beside a card word.
func (s *scan) rightOpen(i int, sep []byte) (ok, withWord bool) {
	if i >= len(s.in) {
		return true, false
	}
	n := s.in[i]
	var after byte
	if i+1 < len(s.in) {
		after = s.in[i+1]
	}
	switch {
	case isDigit(n):
		return false, false
	case isLetter(n):
		return true, !s.isTrackTwo(i)
	case n == '_':
		return true, isLetter(after) || isDigit(after)
	case n == '.' && isDigit(after): // a number that became a float
		return true, true
	case sep != nil && !loose(sep) && n == sep[0] && isDigit(after):
		return false, false
	}
	return true, false
}

// maskNumber writes the number with all but its head and its last four digits as stars, and the track data behind it. It
// returns where to go on: at the last four, because they may begin a further number (and would, the next time).
func (s *scan) maskNumber(c *number) int {
	end := s.fractionEnd(c.end())
	if quote := s.bareNumber(c.from[0], end); len(quote) > 0 {
		from := c.from[0]
		if from > 0 && s.in[from-1] == '-' {
			from--
		}
		s.out = append(s.out, s.in[s.done:from]...)
		s.out = append(s.out, quote...)
		s.done = from
		s.starDigits(c)
		s.out = append(s.out, s.in[s.done:end]...)
		s.out = append(s.out, quote...)
		s.done = end
		s.fresh = s.done
		return s.done
	}
	s.starDigits(c)
	if from, to := s.trackEnd(c); to > from && c.kind == pan {
		s.replace(track, from, to, nil)
		s.fresh = to
		return to
	}
	s.fresh = s.done
	return s.done
}

// fractionEnd returns where the number ends whose integer digits end at i.
func (s *scan) fractionEnd(i int) int {
	for i < len(s.in) && (isDigit(s.in[i]) || bytes.IndexByte([]byte(".eE+-"), s.in[i]) >= 0) {
		i++
	}
	return i
}

// starDigits writes c up to its last four digits.
func (s *scan) starDigits(c *number) {
	s.out = append(s.out, s.in[s.done:c.from[c.head]]...)
	for i := c.head; i < c.n-4; i++ {
		s.out = append(s.out, '*')
		s.out = append(s.out, s.in[c.till[i]:c.from[i+1]]...)
	}
	s.done = c.from[c.n-4]
	s.count(c.kind, c.from[0], c.masked)
}
