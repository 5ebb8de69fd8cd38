package values

// zoneHours are the abbreviations of time zones that are in use for one distance from UTC only. CST, IST, BST and PST are
// not: they mean different times in different countries.
var zoneHours = map[string]int{
	"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "SAST": 2,
	"HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
	"EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PDT": -7,
}

// namedZone reads an abbreviation of a time zone that z begins with, and returns what follows; s when there is none.
func (c *clock) namedZone(s, z []byte) []byte {
	n := 0
	for n < len(z) && isLetter(z[n]) {
		n++
	}
	if n < 3 || n > 4 {
		return s
	}
	hours, ok := zoneHours[string(z[:n])]
	if !ok {
		return s
	}
	c.zoned, c.offset = true, hours*3600
	return z[n:]
}
