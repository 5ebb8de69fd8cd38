package series

import (
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config bounds the embedded metrics store (series: in the configuration).
type Config struct {
	// How often the registry is sampled, and the rules that are due evaluated.
	Interval model.Duration `yaml:"interval"`
	// How long samples are kept.
	Retention model.Duration `yaml:"retention"`
	// Most bytes of sealed blocks on disk; the oldest go first. About an hour of newer samples lies beside them.
	MaxSize units.Base2Bytes `yaml:"max_size"`
	// Most series in one sample; what is beyond is left out and counted.
	MaxSeries int `yaml:"max_series"`
}

// DefaultConfig returns what is used where the configuration says nothing.
func DefaultConfig() Config {
	return Config{
		Interval:  model.Duration(5 * time.Second),
		Retention: model.Duration(24 * time.Hour),
		MaxSize:   512 * units.MiB,
		MaxSeries: 20_000,
	}
}

// The bounds of what a configuration may ask for.
const (
	minInterval  = time.Second
	maxInterval  = time.Minute
	minRetention = time.Hour
	minSize      = 16 * units.MiB
)

// Validate returns every mistake as invalid.Mistakes, or nil.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if d := time.Duration(c.Interval); d < minInterval || d > maxInterval {
		m.Add("interval", "must be from %v to %v, is %v", minInterval, maxInterval, d)
	}
	if d := time.Duration(c.Retention); d < minRetention {
		m.Add("retention", "must be at least %v, is %v", minRetention, d)
	}
	if c.MaxSize < minSize {
		m.Add("max_size", "must be at least %v, is %v", minSize, c.MaxSize)
	}
	if c.MaxSeries <= 0 {
		m.Add("max_series", "must be above 0, is %d", c.MaxSeries)
	}
	return m.Err()
}
