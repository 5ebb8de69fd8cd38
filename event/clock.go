package event

import "time"

// appendTime appends t in UTC as RFC 3339 with milliseconds, or with nanoseconds where the log has them. It is
// time.AppendFormat for these two layouts, and several times as fast.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	}
	hour, minute, second := t.Clock()
	dst = append(dst,
		'0'+byte(year/1000), '0'+byte(year/100%10), '0'+byte(year/10%10), '0'+byte(year%10), '-',
		tens(int(month)), ones(int(month)), '-', tens(day), ones(day), 'T',
		tens(hour), ones(hour), ':', tens(minute), ones(minute), ':', tens(second), ones(second), '.')
	nano := t.Nanosecond()
	dst = appendThree(dst, nano/1e6)
	if rest := nano % 1e6; rest != 0 {
		dst = appendThree(appendThree(dst, rest/1e3), rest%1e3)
	}
	return append(dst, 'Z')
}

func tens(n int) byte { return '0' + byte(n/10) }
func ones(n int) byte { return '0' + byte(n%10) }

// appendThree appends a number below 1000 with leading zeros.
func appendThree(dst []byte, n int) []byte {
	return append(dst, '0'+byte(n/100), tens(n%100), ones(n))
}
