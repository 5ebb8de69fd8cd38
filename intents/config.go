// Package intents joins the attempts to pay one order: a payment that is retried and succeeds is one success of one
// intent, though one of its attempts failed. It knows which orders wait for a final state, and finds orders paid twice,
// callbacks that come late, unsigned or with another amount, and retries that the card schemes forbid.
package intents

import (
	"net"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config says how orders are joined.
type Config struct {
	// An order that got no further attempt for this long is over: it counts in payment_intents_total by the outcome of
	// its last attempt. Approved orders count at once.
	Window model.Duration `yaml:"window"`
	// How long an order without a final state is remembered.
	Keep model.Duration `yaml:"keep"`
	// How many orders are remembered; the oldest give way. One takes about 400 bytes.
	MaxOrders int `yaml:"max_orders"`
	// How many declined cards are remembered for 30 days; the ones not declined for longest give way. One takes about 400
	// bytes.
	MaxCards int `yaml:"max_cards"`
	// How often Visa lets a declined card be tried again within 30 days: 15, or 20 where the acquirer says so.
	VisaReattempts int `yaml:"visa_reattempts"`
	// A callback this long after the attempt is late.
	CallbackLate model.Duration `yaml:"callback_late"`
	// An order without a final state for this long is stuck.
	StuckAfter model.Duration `yaml:"stuck_after"`
	// Two orders of one customer, card, amount and merchant within this time may be one payment made twice.
	SamePayment model.Duration `yaml:"same_payment"`
	// A Redis or Valkey that hosts share their orders in; nil keeps them in memory.
	Redis *RedisConfig `yaml:"redis"`
}

// RedisConfig says where hosts share orders.
type RedisConfig struct {
	// Host and port.
	Address  string        `yaml:"address"`
	Username string        `yaml:"username"`
	Password secret.Secret `yaml:"password"`
	Database int           `yaml:"database"`
	TLS      bool          `yaml:"tls"`
	// What the names of all keys begin with.
	Prefix string `yaml:"prefix"`
}

const defaultPrefix = "gatewatch:"

// SetDefaults fills in what the file leaves open.
func (c *Config) SetDefaults() {
	if c.Redis != nil && c.Redis.Prefix == "" {
		c.Redis.Prefix = defaultPrefix
	}
}

// DefaultConfig returns windows that fit card and wallet payments.
func DefaultConfig() Config {
	return Config{
		Window: model.Duration(15 * time.Minute), Keep: model.Duration(24 * time.Hour), MaxOrders: 50000, MaxCards: 50000, VisaReattempts: 15,
		CallbackLate: model.Duration(5 * time.Minute), StuckAfter: model.Duration(time.Hour), SamePayment: model.Duration(5 * time.Minute),
	}
}

// Validate returns everything that is wrong in c as invalid.Mistakes, or nil.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	for _, d := range []struct {
		key   string
		value model.Duration
	}{
		{"window", c.Window}, {"keep", c.Keep}, {"callback_late", c.CallbackLate}, {"stuck_after", c.StuckAfter}, {"same_payment", c.SamePayment},
	} {
		if d.value <= 0 {
			m.Add(d.key, "must be longer than 0s, such as 15m")
		}
	}
	if c.Keep < c.Window {
		m.Add("keep", "must be at least window (%s)", c.Window)
	}
	const fewest, most = 1000, 10_000_000
	if c.MaxOrders < fewest || c.MaxOrders > most {
		m.Add("max_orders", "must be between %d and %d", fewest, most)
	}
	if c.MaxCards < fewest || c.MaxCards > most {
		m.Add("max_cards", "must be between %d and %d", fewest, most)
	}
	if c.VisaReattempts < 1 || c.VisaReattempts >= maxDeclines {
		m.Add("visa_reattempts", "must be between 1 and %d", maxDeclines-1)
	}
	if r := c.Redis; r != nil {
		if _, _, err := net.SplitHostPort(r.Address); err != nil {
			m.Add("redis.address", "must be host:port, such as 127.0.0.1:6379")
		}
		if r.Database < 0 {
			m.Add("redis.database", "must not be negative")
		}
	}
	return m.Err()
}
