package patterns

import (
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config says how error messages are grouped (patterns: in the configuration).
type Config struct {
	// Most templates that are kept; the one not seen for longest goes first.
	MaxTemplates int `yaml:"max_templates"`
	// Most templates with a time series of their own in the metrics; the others count under "other".
	MaxSeries int `yaml:"max_series"`
	// How long a template counts as new after it was first seen, when no deploy has been told.
	NewFor model.Duration `yaml:"new_for"`
	// How long after its very first start the agent learns: what it sees until then is not new.
	Learn model.Duration `yaml:"learn"`
}

// DefaultConfig returns what is used where the configuration says nothing.
func DefaultConfig() Config {
	return Config{
		MaxTemplates: 2000,
		MaxSeries:    50,
		NewFor:       model.Duration(24 * time.Hour),
		Learn:        model.Duration(time.Hour),
	}
}

// The bounds of what a configuration may ask for.
const (
	mostTemplates = 20000
	mostSeries    = 500
)

// Validate returns the mistakes in c, as invalid.Mistakes.
func (c *Config) Validate() error {
	var bad invalid.Mistakes
	if c.MaxTemplates < 10 || c.MaxTemplates > mostTemplates {
		bad.Add("max_templates", "must be from 10 to %d, is %d", mostTemplates, c.MaxTemplates)
	}
	if c.MaxSeries < 0 || c.MaxSeries > mostSeries {
		bad.Add("max_series", "must be from 0 to %d, is %d", mostSeries, c.MaxSeries)
	}
	if c.NewFor <= 0 {
		bad.Add("new_for", "must be more than 0")
	}
	if c.Learn < 0 {
		bad.Add("learn", "must not be negative")
	}
	return bad.Err()
}
