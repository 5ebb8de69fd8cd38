package redact

import "bytes"

// maxLocal is how long the part of an e-mail address before its @ may be (RFC 5321).
const maxLocal = 64

// withoutEmails makes what stands before the @ of e-mail addresses stars, before anything else is looked for.
func (s *scan) withoutEmails() {
	var out []byte
	done := 0
	for at := bytes.IndexByte(s.in, '@'); at >= 0; {
		if from := localStart(s.in, done, at); from < at && isDomain(s.in[at+1:]) {
			out = append(append(out, s.in[done:from]...), stars...)
			done = at
			s.count(email, from, allStars)
		}
		n := bytes.IndexByte(s.in[at+1:], '@')
		if n < 0 {
			break
		}
		at += 1 + n
	}
	if done > 0 {
		s.in = append(out, s.in[done:]...)
	}
}

// takeEmail takes out what stands before the encoded @ in in[at:next], if that is of an address. It returns next.
func (s *scan) takeEmail(at, next int) int {
	if from := localStart(s.in, s.done, at); from < at && isDomain(s.in[next:]) {
		s.replace(email, from, at, nil)
	}
	s.fresh = next
	return next
}

// localStart returns where the local part of the address begins whose @ is at in[at], or at.
func localStart(in []byte, least, at int) int {
	from := at
	for from > least && at-from < maxLocal && isLocal(in[from-1]) {
		from--
	}
	if from == 0 {
		return from
	}
	switch in[from-1] { // letters of an escape are none of its
	case '%':
		from += 2
	case '\\':
		switch in[from] {
		case 'u':
			from += 5
		case 'x':
			from += 3
		default:
			from++
		}
	}
	return min(from, at)
}

func isLocal(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '.' || c == '_' || c == '-' || c == '+' || c >= 0x80
}

// isDomain tells whether text begins with a domain of two names or more, the last of them of letters.
func isDomain(text []byte) bool {
	i, dots, letters := 0, 0, 0
	for ; i < len(text) && i < 253; i++ {
		switch c := text[i]; {
		case isLetter(c):
			letters++
			continue
		case c == '.' && i > 0 && text[i-1] != '.' && i+1 < len(text) && (isLetter(text[i+1]) || isDigit(text[i+1])):
			dots++
			letters = 0
			continue
		case isDigit(c) || c == '-':
			letters = -maxLocal
			continue
		}
		break
	}
	return dots > 0 && letters >= 2
}
