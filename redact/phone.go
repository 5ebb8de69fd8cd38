package redact

// Chinese mobile numbers have eleven digits, of which the first is 1 and the second none of 0, 1 and 2.
const mobileDigits = 11

// isPhone tells whether in[start:end] is a mobile number, perhaps with the code of the country before it.
func (s *scan) isPhone(start, end int) bool {
	code := end - start - mobileDigits
	if code < 0 || s.in[start+code] != '1' || s.in[start+code+1] < '3' {
		return false
	}
	switch string(s.in[start : start+code]) {
	case "", "86", "0086":
	default:
		return false
	}
	left, leftWord := s.leftOpen(start, nil, end)
	right, rightWord := s.rightOpen(end, nil)
	return left && right && !leftWord && !rightWord && !s.isOrder(start)
}

// takePhone masks the mobile number in[start:end] but for its first three and last four digits.
func (s *scan) takePhone(start, end int) int {
	c := number{kind: phone, head: end - start - mobileDigits + 3}
	c.group(s.in, start, end-start)
	return s.maskNumber(&c)
}

// phoneEnd returns where the phone number at in[from] ends that is the value of a name. It may have spaces between groups
// while it is shorter than a mobile number.
func (s *scan) phoneEnd(from int, json bool) int {
	end := s.bareEnd(from, json)
	for !json && end-from < maxPhone && end > from && end+1 < len(s.in) && s.in[end] == ' ' && isDigit(s.in[end-1]) && isDigit(s.in[end+1]) &&
		digitsIn(s.in[from:end]) < mobileDigits {
		end = s.bareEnd(end+1, json)
	}
	return end
}

// maxPhone bounds how long a phone number with its separators is.
const maxPhone = 24

func digitsIn(text []byte) (n int) {
	for _, c := range text {
		if isDigit(c) {
			n++
		}
	}
	return n
}
