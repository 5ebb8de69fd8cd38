package posture

import (
	"cmp"
	"strings"
)

// compareVersions compares as dpkg does: an epoch, the upstream version, a revision. Versions of rpm, and those that
// programs print, compare the same way in all but rare cases. An epoch counts only when both have one, so that a
// minimum can be written as the authors of a program count.
func compareVersions(a, b string) int {
	ea, ra, hasA := strings.Cut(a, ":")
	eb, rb, hasB := strings.Cut(b, ":")
	switch {
	case hasA && hasB:
		if c := comparePart(ea, eb); c != 0 {
			return c
		}
		a, b = ra, rb
	case hasA:
		a = ra
	case hasB:
		b = rb
	}
	ua, ra := upstream(a)
	ub, rb := upstream(b)
	if c := comparePart(ua, ub); c != 0 {
		return c
	}
	return comparePart(ra, rb)
}

// upstream cuts the revision of a distribution from a version.
func upstream(v string) (before, revision string) {
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, ""
}

// comparePart compares runs of other bytes and runs of digits in turn.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		textA, restA := leading(a, false)
		textB, restB := leading(b, false)
		if c := compareText(textA, textB); c != 0 {
			return c
		}
		digitsA, restA := leading(restA, true)
		digitsB, restB := leading(restB, true)
		digitsA, digitsB = strings.TrimLeft(digitsA, "0"), strings.TrimLeft(digitsB, "0")
		if c := cmp.Or(cmp.Compare(len(digitsA), len(digitsB)), strings.Compare(digitsA, digitsB)); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return 0
}

// leading cuts the digits, or the other bytes, that s begins with.
func leading(s string, digits bool) (run, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareText has ~ before the end, the end before letters, and letters before all others.
func compareText(a, b string) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(textOrder(a, i), textOrder(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func textOrder(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case s[i] >= 'a' && s[i] <= 'z', s[i] >= 'A' && s[i] <= 'Z':
		return int(s[i])
	}
	return int(s[i]) + 256
}
