package event

import "time"

// stamp remembers how a second is written, because most records of a log are of the same one as the record before.
type stamp struct {
	second int64
	text   [len("2006-01-02T15:04:05.")]byte
}

// appendTime appends t in UTC as RFC 3339 with milliseconds, or with nanoseconds where the log has them. It is
// time.AppendFormat for these two layouts, and many times as fast.
func (s *stamp) appendTime(dst []byte, t time.Time) []byte {
	if second := t.Unix(); second != s.second || s.text[0] == 0 {
		t = t.UTC()
		if year := t.Year(); year < 0 || year > 9999 {
			return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
		}
		s.second = second
		s.write(t)
	}
	dst = append(dst, s.text[:]...)
	nano := t.Nanosecond()
	dst = appendThree(dst, nano/1e6)
	if rest := nano % 1e6; rest != 0 {
		dst = appendThree(appendThree(dst, rest/1e3), rest%1e3)
	}
	return append(dst, 'Z')
}

func (s *stamp) write(t time.Time) {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	s.text = [...]byte{
		'0' + byte(year/1000), '0' + byte(year/100%10), '0' + byte(year/10%10), '0' + byte(year%10), '-',
		tens(int(month)), ones(int(month)), '-', tens(day), ones(day), 'T',
		tens(hour), ones(hour), ':', tens(minute), ones(minute), ':', tens(second), ones(second), '.',
	}
}

func tens(n int) byte { return '0' + byte(n/10) }
func ones(n int) byte { return '0' + byte(n%10) }

// appendThree appends a number below 1000 with leading zeros.
func appendThree(dst []byte, n int) []byte {
	return append(dst, '0'+byte(n/100), tens(n%100), ones(n))
}
