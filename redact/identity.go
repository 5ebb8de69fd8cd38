package redact

// Chinese identity numbers (GB 11643): region, date of birth, sequence, and the check sign of ISO 7064 MOD 11-2, which
// is X one time in eleven.

var identityWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const identitySigns = "10X98765432"

// isIdentity tells whether c, with the X behind it if there is one, is an identity number.
func (s *scan) isIdentity(c *number) bool {
	if !s.r.identity || c.n != 18 && c.n != 17 {
		return false
	}
	end := c.end()
	sign := byte('X')
	if c.n == 18 {
		sign = '0' + c.digits[17]
	} else if end >= len(s.in) || s.in[end]|0x20 != 'x' {
		return false
	} else {
		end++
	}
	sum := 0
	for i, w := range identityWeights {
		sum += w * int(c.digits[i])
	}
	if identitySigns[sum%11] != sign || !birthday(c.digits[6:14]) || c.digits[0] == 0 || c.digits[0] > 8 {
		return false
	}
	left, leftWord := s.leftOpen(c.from[0], nil, end)
	right, rightWord := s.rightOpen(end, nil)
	return left && right && !leftWord && !rightWord
}

func birthday(d []byte) bool {
	year := int(d[0])*10 + int(d[1])
	month := int(d[4])*10 + int(d[5])
	day := int(d[6])*10 + int(d[7])
	return (year == 19 || year == 20) && month >= 1 && month <= 12 && day >= 1 && day <= 31
}
