package states

import (
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// FlappingConfig says when an alert that comes and goes is held.
type FlappingConfig struct {
	// How often an alert may come back before it is held: it fires then until it has been quiet for a while. 0 holds none.
	Times int `yaml:"times"`
	// The time in which it comes back so often.
	Within model.Duration `yaml:"within"`
	// How long it must be quiet to be over.
	Hold model.Duration `yaml:"hold"`
}

// The bounds of flapping.
const (
	maxFlappingTimes = 20
	minFlappingTime  = time.Minute
	maxFlappingTime  = 24 * time.Hour
)

// DefaultFlapping returns what is used where the configuration says nothing.
func DefaultFlapping() FlappingConfig {
	return FlappingConfig{Times: 3, Within: model.Duration(30 * time.Minute), Hold: model.Duration(10 * time.Minute)}
}

// Validate returns every mistake as invalid.Mistakes, or nil.
func (c *FlappingConfig) Validate() error {
	var m invalid.Mistakes
	if c.Times < 0 || c.Times > maxFlappingTimes {
		m.Add("times", "must be from 0 to %d, is %d", maxFlappingTimes, c.Times)
	}
	if c.Times == 0 {
		return m.Err()
	}
	for _, d := range []struct {
		name  string
		value model.Duration
	}{{"within", c.Within}, {"hold", c.Hold}} {
		if v := time.Duration(d.value); v < minFlappingTime || v > maxFlappingTime {
			m.Add(d.name, "must be from %v to %v, is %v", model.Duration(minFlappingTime), model.Duration(maxFlappingTime), d.value)
		}
	}
	return m.Err()
}
