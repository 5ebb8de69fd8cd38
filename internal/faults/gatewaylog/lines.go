// Package gatewaylog writes the log of a payment gateway under load, with rotation, for tests and benchmarks. Each line
// carries its number, so that who reads it can be shown to lose or repeat nothing.
package gatewaylog

import (
	"bytes"
	"fmt"
	"math/rand"
	"strconv"
	"time"
)

// Lines makes lines. The same seed gives the same lines. Not safe for concurrent use.
type Lines struct {
	// Seal adds to JSON lines a last field with the number, so that a line made of two others is known.
	Seal bool

	random    *rand.Rand
	merchants []string
}

// NewLines returns a Lines that starts at seed.
func NewLines(seed int64) *Lines {
	l := &Lines{random: rand.New(rand.NewSource(seed))}
	for i := range 400 {
		l.merchants = append(l.merchants, fmt.Sprintf("m_%06d", 100000+i*37))
	}
	return l
}

// numberWidth is how many digits a line's number has.
const numberWidth = 12

// Line formats.
const (
	JSON  = "json"
	Nginx = "nginx"
)

// Append appends line number n in the format, with a line break.
func (l *Lines) Append(b []byte, format string, n int, at time.Time) []byte {
	if format == Nginx {
		return l.appendNginx(b, n, at)
	}
	return l.appendJSON(b, n, at)
}

func (l *Lines) pick(from ...string) string { return from[l.random.Intn(len(from))] }

// fate is how one request went.
func (l *Lines) fate() (status, level string, code int, slow float64) {
	switch p := l.random.Intn(1000); {
	case p < 8:
		return "timeout", "error", 504, 3000
	case p < 40:
		return "declined", "warn", 402, 0
	}
	return "ok", "info", 200, 0
}

func (l *Lines) appendJSON(b []byte, n int, at time.Time) []byte {
	latency := 20 + l.random.ExpFloat64()*120
	message := l.pick("charge authorized by provider", "charge captured", "refund accepted")
	status, level, code, slow := l.fate()
	if slow > 0 {
		message = "provider timeout, will retry"
	}
	b = at.AppendFormat(append(b, `{"time":"`...), "2006-01-02T15:04:05.000Z")
	b = appendString(b, `","level":"`, level)
	b = appendString(b, `","merchant":"`, l.pick(l.merchants...))
	b = appendString(b, `","provider":"`, l.pick("stripe", "adyen", "alipay", "wechatpay", "unionpay", "paypal", "worldpay", "checkout"))
	b = appendString(b, `","method":"`, l.pick("card", "wallet", "qr", "bank_transfer", "apple_pay"))
	b = strconv.AppendInt(append(b, `","amount":`...), int64(100+l.random.Intn(500000)), 10)
	b = appendString(b, `,"currency":"`, l.pick("CNY", "USD", "EUR", "GBP", "JPY", "HKD"))
	b = appendString(b, `","status":"`, status)
	b = strconv.AppendInt(append(b, `","http_status":`...), int64(code), 10)
	b = strconv.AppendFloat(append(b, `,"latency_ms":`...), latency+slow, 'f', 3, 64)
	b = appendNumber(append(b, `,"trace_id":"T`...), uint64(n), numberWidth)
	b = l.appendHex(b)
	b = appendNumber(append(b, `","card":"622202******`...), uint64(l.random.Intn(10000)), 4)
	b = l.appendAddress(append(b, `","client_ip":"`...))
	b = appendString(b, `","msg":"`, message)
	if l.Seal {
		b = appendNumber(append(b, `","seal":"S`...), uint64(n), numberWidth)
	}
	return append(b, "\"}\n"...)
}

func (l *Lines) appendNginx(b []byte, n int, at time.Time) []byte {
	_, _, code, _ := l.fate()
	b = l.appendAddress(b)
	b = at.AppendFormat(append(b, " - - ["...), "02/Jan/2006:15:04:05 -0700")
	b = appendString(b, `] "POST /v1/`, l.pick("charges", "refunds", "payouts", "tokens"))
	b = appendNumber(append(b, `?t=T`...), uint64(n), numberWidth)
	b = strconv.AppendInt(append(b, ` HTTP/1.1" `...), int64(code), 10)
	b = strconv.AppendInt(append(b, ' '), int64(200+l.random.Intn(2000)), 10)
	b = append(b, ` "https://shop.example/checkout" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" `...)
	b = strconv.AppendFloat(b, 0.02+l.random.ExpFloat64()*0.12, 'f', 3, 64)
	return append(b, '\n')
}

func appendString(b []byte, name, value string) []byte { return append(append(b, name...), value...) }

func appendNumber(b []byte, n uint64, width int) []byte {
	var digits [20]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[:width]...)
}

func (l *Lines) appendHex(b []byte) []byte {
	for x := l.random.Uint64() | 1<<63; x > 0; x >>= 4 { // 16 digits
		b = append(b, "0123456789abcdef"[x&15])
	}
	return b
}

func (l *Lines) appendAddress(b []byte) []byte {
	b = append(b, "10"...)
	for range 3 {
		b = strconv.AppendInt(append(b, '.'), int64(l.random.Intn(256)), 10)
	}
	return b
}

// Number returns the number of the line that text was made of, or -1. whole is false when there is none, or when text
// has a seal of another number.
func Number(text []byte) (n int, whole bool) {
	n = numberAfter(text, "T000")
	if _, rest, found := bytes.Cut(text, []byte(`"seal":"`)); found {
		return n, n >= 0 && numberAfter(rest, "S000") == n
	}
	return n, n >= 0
}

// numberAfter returns the number that begins after the first letter of prefix, or -1. Numbers stay below 10^9.
func numberAfter(text []byte, prefix string) int {
	for {
		i := bytes.Index(text, []byte(prefix))
		if i < 0 || len(text) < i+1+numberWidth {
			return -1
		}
		if n, err := strconv.Atoi(string(text[i+1 : i+1+numberWidth])); err == nil {
			return n
		}
		text = text[i+len(prefix):]
	}
}
