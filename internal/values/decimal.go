package values

import (
	"math"
	"math/bits"
)

// IsDecimal tells whether s is a decimal number: "12", "-0.5" or "1.5e-3".
func IsDecimal(s []byte) bool {
	_, rest, ok := readDecimal(s)
	return ok && len(rest) == 0
}

// AllDigits tells whether s is one digit or more, and nothing else.
func AllDigits(s []byte) bool {
	for _, c := range s {
		if !isDigit(c) {
			return false
		}
	}
	return len(s) > 0
}

// decimal is a decimal number: digits × 10^exponent.
type decimal struct {
	digits   uint64
	exponent int
	negative bool
	// fraction tells that the number was written with a decimal point or an exponent.
	fraction bool
}

// readDecimal reads the number that s begins with ("12", "-0.5", "1.5e-3") and returns what follows it. Digits beyond
// the first 19 do not count.
func readDecimal(s []byte) (d decimal, rest []byte, ok bool) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		d.negative = s[i] == '-'
		i++
	}
	start := i
	for ; i < len(s) && isDigit(s[i]); i++ {
		d.add(s[i], 0)
	}
	if i == start {
		return d, s, false
	}
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		d.fraction = true
		for i++; i < len(s) && isDigit(s[i]); i++ {
			d.add(s[i], -1)
		}
	}
	if n := exponentLen(s[i:]); n > 0 {
		d.fraction = true
		d.scale(s[i+1 : i+n])
		i += n
	}
	return d, s[i:], true
}

// add appends a digit; place is -1 behind the decimal point.
func (d *decimal) add(c byte, place int) {
	if d.digits >= 1e18 {
		d.exponent += place + 1
		return
	}
	d.digits = d.digits*10 + uint64(c-'0')
	d.exponent += place
}

// exponentLen returns the length of "e5", "E+05" or "e-3" at the start of s, or 0.
func exponentLen(s []byte) int {
	if len(s) < 2 || s[0]|0x20 != 'e' {
		return 0
	}
	i := 1
	if s[i] == '+' || s[i] == '-' {
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

// scale adds the exponent written in s; one that is too large for any use is cut.
func (d *decimal) scale(s []byte) {
	const most = 400
	e, negative := 0, s[0] == '-'
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	for _, c := range s {
		e = min(e*10+int(c-'0'), most)
	}
	if negative {
		e = -e
	}
	d.exponent += e
}

// times returns the absolute number times unit, without what is smaller than one, or false when that does not fit
// into an int64.
func (d decimal) times(unit int64) (int64, bool) {
	high, low := bits.Mul64(d.digits, uint64(unit))
	if n := -d.exponent; n > 0 && n < len(powers) && high == 0 {
		return int64(low / powers[n]), low/powers[n] <= math.MaxInt64
	}
	for ; d.exponent < 0 && (high != 0 || low != 0); d.exponent++ {
		var rest uint64
		high, rest = high/10, high%10
		low, _ = bits.Div64(rest, low, 10)
	}
	for ; d.exponent > 0 && high == 0 && low != 0; d.exponent-- {
		high, low = bits.Mul64(low, 10)
	}
	if high != 0 || low > math.MaxInt64 {
		return 0, false
	}
	return int64(low), true
}

// powers are the powers of ten that fit into 32 bits.
var powers = [...]uint64{1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}
