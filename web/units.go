package web

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// nbsp stands between a number and its unit, so that no line breaks there.
const nbsp = "\u00a0"

// absent is shown where there is no number.
const absent = "–"

func itoa(n int) string { return strconv.Itoa(n) }

// number writes v without fraction and with a comma every three digits: 1,204.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return absent
	}
	digits := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	var b strings.Builder
	if v < 0 && digits != "0" {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// percentage writes a ratio near 1 as 99.987 %, cut off and not rounded: what is not all is not 100 %.
func percentage(v float64) string {
	if math.IsNaN(v) {
		return absent
	}
	// A little is added, because 99.5 % of 1 is a bit less than 0.995.
	return strconv.FormatFloat(math.Floor(v*1e5+1e-6)/1e3, 'f', -1, 64) + nbsp + "%"
}

// percent writes the ratio v as 41.2 %. Only exactly all is 100 %, and only exactly none is 0 %.
func percent(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return absent
	}
	text := strconv.FormatFloat(v*100, 'f', 1, 64)
	switch {
	case v == 0 || v == 1:
		text = strconv.FormatFloat(v*100, 'f', 0, 64)
	case text == "100.0":
		text = "99.9"
	case text == "0.0":
		text = strconv.FormatFloat(v*100, 'f', 2, 64)
	}
	return text + nbsp + "%"
}

// seconds writes a latency of v seconds: 84 ms, 0.41 s, 3.1 s, 18 s.
func seconds(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return absent
	case v < 0.0995:
		return strconv.FormatFloat(v*1000, 'f', 0, 64) + nbsp + "ms"
	case v < 0.995:
		return strconv.FormatFloat(v, 'f', 2, 64) + nbsp + "s"
	case v < 9.95:
		return strconv.FormatFloat(v, 'f', 1, 64) + nbsp + "s"
	}
	return number(v) + nbsp + "s"
}

// bytesize writes n bytes: 812 B, 41.3 MiB.
func bytesize(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return absent
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for ; math.Abs(n) >= 1023.5 && i < len(units)-1; i++ {
		n /= 1024
	}
	digits := 1
	if i == 0 || math.Abs(n) >= 99.95 {
		digits = 0
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + nbsp + units[i]
}

// decimal writes v with one digit after the point: a load of 1.2.
func decimal(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return absent
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// lasting writes d in its one or two largest units, in the language of t: 41 s, 7 min, 2 h 5 min, 3 d 4 h.
func (l *language) lasting(d time.Duration) string {
	d = max(d, 0)
	two := func(a int64, unitA string, b int64, unitB string) string {
		text := strconv.FormatInt(a, 10) + nbsp + l.text(unitA)
		if b > 0 {
			text += nbsp + strconv.FormatInt(b, 10) + nbsp + l.text(unitB)
		}
		return text
	}
	s := int64(d / time.Second)
	switch {
	case s < 60:
		return two(s, "unit.s", 0, "")
	case s < 3600:
		return two(s/60, "unit.min", 0, "")
	case s < 86400:
		return two(s/3600, "unit.h", s%3600/60, "unit.min")
	}
	return two(s/86400, "unit.d", s%86400/3600, "unit.h")
}
