package intents

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gatewatch/event"
)

// maxDeclines is how many declines of a card are remembered: more than any rule counts.
const maxDeclines = 40

// wholeHead is how many leading digits of a masked number tell cards apart, together with the last four, well enough to
// count the declines of one.
const wholeHead = 6

// card is what is remembered of one card that was declined, at one merchant and, when the log says so, of one customer. It is
// stored as JSON on disk and where hosts share it.
type card struct {
	Declines []decline `json:"d"` // the oldest first
}

// decline is one refused attempt.
type decline struct {
	At       int64  `json:"t"` // milliseconds since 1970, by the log's clock
	Order    string `json:"o"` // key of its order
	Amount   int64  `json:"a,omitempty"`
	Currency string `json:"c,omitempty"`
	// Rule forbids to try again before Until; "" when it may be tried again.
	Rule  string `json:"r,omitempty"`
	Until int64  `json:"u,omitempty"`
}

// cardKey returns what the attempt's card is remembered by: a hash of what the log says of it. It is false when no scheme's rules
// are known for it, or when the attempt says nothing about trying again: its outcome is not known yet.
func cardKey(ob *observation) (key string, s scheme, ok bool) {
	if ob.card == "" || ob.outcome == event.Pending || ob.outcome == event.UnknownOutcome {
		return "", "", false
	}
	if s = schemeOf(ob); s == "" {
		return "", "", false
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(s), ob.card, ob.merchant, ob.customer}, "\x00")))
	return hex.EncodeToString(sum[:12]), s, true
}

// apply takes the attempt in and returns the rule that it breaks, the gravest one when several, or "".
func (c *card) apply(s scheme, ob *observation, limits *Config) string {
	c.Declines = slices.DeleteFunc(c.Declines, func(d decline) bool { return d.At < ob.at-schemeWindow.Milliseconds() })
	refused := declined(ob)
	rule := c.banned(s, ob)
	if rule == "" {
		rule = c.tooMany(s, ob, refused, limits)
	}
	switch {
	case ob.outcome == event.Approved:
		c.approve(s, ob)
	case refused:
		c.decline(banOf(s, ob), ob)
	}
	return rule
}

// banned returns the rule by which an earlier decline forbids the attempt. Two cards can look alike when they are masked, so it
// must be one order or one customer.
func (c *card) banned(s scheme, ob *observation) string {
	for i := range slices.Backward(c.Declines) {
		d := &c.Declines[i]
		certain := ob.customer != "" || d.Order == ob.key
		if d.Rule != "" && certain && d.At <= ob.at && ob.at < d.Until && (s == visa || d.Order == ob.key || d.like(ob)) {
			return d.Rule
		}
	}
	return ""
}

// tooMany returns the limit that the attempt is beyond. Visa counts each reattempt, Mastercard those that are declined.
func (c *card) tooMany(s scheme, ob *observation, refused bool, limits *Config) string {
	day := ob.at - (24 * time.Hour).Milliseconds()
	var daily, same int
	for i := range c.Declines {
		d := &c.Declines[i]
		if d.At > ob.at || len(leading(ob.card)) < wholeHead && ob.customer == "" && d.Order != ob.key {
			continue
		}
		if d.At > day {
			daily++
		}
		if d.like(ob) {
			same++
		}
	}
	switch {
	case s == visa && same > limits.VisaReattempts: // the first one is no reattempt
		return visaReattempts
	case s == mastercard && refused && daily >= mastercardDaily:
		return mastercardDay
	case s == mastercard && refused && same >= mastercardMonthly:
		return mastercardMonth
	}
	return ""
}

// like tells whether the decline was about the amount of ob.
func (d *decline) like(ob *observation) bool {
	return d.Amount == ob.amount && d.Currency == ob.currency
}

// approve forgets what an approval settles: Visa counts declines in a row, and what Mastercard's issuer forbade it has allowed.
func (c *card) approve(s scheme, ob *observation) {
	if s == visa {
		c.Declines = slices.DeleteFunc(c.Declines, func(d decline) bool { return d.like(ob) })
		return
	}
	for i := range c.Declines {
		if d := &c.Declines[i]; d.like(ob) {
			d.Rule, d.Until = "", 0
		}
	}
}

func (c *card) decline(b ban, ob *observation) {
	if len(c.Declines) == maxDeclines {
		c.Declines = slices.Delete(c.Declines, 0, 1)
	}
	d := decline{At: ob.at, Order: ob.key, Amount: ob.amount, Currency: ob.currency}
	if b.rule != "" {
		d.Rule, d.Until = b.rule, ob.at+b.wait.Milliseconds()
	}
	c.Declines = append(c.Declines, d)
}

// declined tells whether the issuer, or the provider for it, refused the attempt: one that never got there counts for no rule.
func declined(ob *observation) bool {
	switch ob.outcome {
	case event.Customer, event.IssuerPolicy, event.Fraud:
		return true
	case event.Approved, event.Duplicate, event.Throttled:
		return false
	}
	return networkCode(ob) != ""
}
