package redact

import "bytes"

// Some secrets are known by how they look, whatever stands before them.

// tokenStarts are the beginnings of the keys and tokens of services that gateways use.
var tokenStarts = [...][]byte{
	[]byte("sk_live_"), []byte("sk_test_"), []byte("rk_live_"), []byte("rk_test_"), []byte("whsec_"), []byte("xoxb-"), []byte("xoxp-"),
	[]byte("xapp-"), []byte("ghp_"), []byte("gho_"), []byte("ghs_"), []byte("github_pat_"), []byte("glpat-"),
}

// takeToken takes out the run in[from:to] of letters of base64 when it is such a token, a part of a JSON web token, or
// stands behind the word Bearer.
func (s *scan) takeToken(from, to int) bool {
	if to <= s.plainTo {
		return false // in a chain that was looked at
	}
	for from > s.done && from > 0 && (s.in[from-1] == '.' || sextets[s.in[from-1]] != notEncoded) {
		from--
	}
	for to < len(s.in) && (s.in[to] == '.' || sextets[s.in[to]] != notEncoded) {
		to++
	}
	text := bytes.TrimRight(s.in[from:to], ".")
	if !s.isToken(text, from) {
		s.plainTo = to
		return false
	}
	s.replace(secret, from, from+len(text), nil)
	s.fresh = s.done
	return true
}

func (s *scan) isToken(text []byte, from int) bool {
	switch text[0] {
	case 'e':
		if bytes.HasPrefix(text, webToken) && bytes.Count(text, []byte(".")) == 2 {
			return true
		}
	case 'g', 'r', 's', 'w', 'x':
		for _, start := range tokenStarts {
			if bytes.HasPrefix(text, start) {
				return true
			}
		}
	}
	return from >= len(bearer) && s.in[from-1] == ' ' && bytes.EqualFold(s.in[from-len(bearer):from], bearer)
}

var (
	webToken = []byte("eyJ") // {" in base64
	bearer   = []byte("bearer ")
)
