// Package gatewaysim plays a payment gateway for the demo and for tests: it writes the log files that a Java gateway,
// a Node.js gateway and the nginx before them would write, rotates them as their loggers do, and has one scripted
// incident. With the same seed and clock it writes the same bytes. All card numbers are published test numbers.
package gatewaysim

import "time"

// The files in the simulator's folder.
const (
	// NodeLog is the Node.js gateway's log, JSON lines in the manner of pino: cards, PayPal and Stripe.
	NodeLog = "gateway.log"
	// JavaLog is the Spring Boot gateway's log, logback in the manner of jeepay: Alipay, WeChat Pay and UnionPay.
	JavaLog = "pay.all.log"
	// AccessLog is nginx' log of both, combined with request and upstream times.
	AccessLog = "access.log"
)

// IncidentProvider is the canonical name of the provider that fails.
const IncidentProvider = "wechatpay"

// Config says how much is written and what goes wrong.
type Config struct {
	// Rate is the mean number of payment attempts a second; each gives about three log records. Zero means 110.
	Rate float64
	// Seed decides everything that is random.
	Seed uint64
	// IncidentAfter is when, from the start, the incident begins; zero means 30 s, a negative value never.
	IncidentAfter time.Duration
	// IncidentFor is how long it lasts; zero means 45 s.
	IncidentFor time.Duration
	// RotateSize and RotateEvery rotate a file when it is that large or that old; zero means 2 MiB and one minute.
	RotateSize  int64
	RotateEvery time.Duration
	// OnFirstFailure is called, when not nil, once the first failing line of the incident is in its file.
	OnFirstFailure func(at time.Time)
	// OnHealed is called, when not nil, when the incident ends.
	OnHealed func(at time.Time)
}

// withDefaults returns c with the defaults in the place of zeros.
func (c Config) withDefaults() Config {
	if c.Rate <= 0 {
		c.Rate = 110
	}
	if c.IncidentAfter == 0 {
		c.IncidentAfter = 30 * time.Second
	}
	if c.IncidentFor <= 0 {
		c.IncidentFor = 45 * time.Second
	}
	if c.RotateSize <= 0 {
		c.RotateSize = 2 << 20
	}
	if c.RotateEvery <= 0 {
		c.RotateEvery = time.Minute
	}
	return c
}
