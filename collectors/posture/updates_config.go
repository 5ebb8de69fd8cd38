package posture

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// UpdatesConfig is collectors.posture.updates.
type UpdatesConfig struct {
	// How often the package manager is asked; at least an hour; 0: never. It is also asked, a quarter of an hour later at
	// the earliest, when packages were installed or lists renewed.
	Interval model.Duration `yaml:"interval"`
	// How long that may take.
	Timeout model.Duration `yaml:"timeout"`
	// Whether debsecan is asked, too, where it is installed: it fetches Debian's list of holes.
	Debsecan bool `yaml:"debsecan"`
	// The oldest versions that packages and programs may have.
	Minimum []MinimumConfig `yaml:"minimum"`
}

// MinimumConfig is an entry of collectors.posture.updates.minimum.
type MinimumConfig struct {
	// Name of the package, in the label "software".
	Software string `yaml:"software"`
	// Oldest version that it may have.
	Version string `yaml:"version"`
	// Program, as an absolute path, with arguments, that prints its version. Empty: the package manager knows it.
	Command []string `yaml:"command"`
}

const (
	defaultUpdatesInterval = model.Duration(6 * time.Hour)
	minUpdatesInterval     = model.Duration(time.Hour)
	defaultUpdatesTimeout  = model.Duration(2 * time.Minute)
	maxMinimum             = 100
)

// SetDefaults fills what is left out.
func (c *UpdatesConfig) SetDefaults() { collect.SetDefault(&c.Timeout, defaultUpdatesTimeout) }

func (c *UpdatesConfig) validate() error {
	var m invalid.Mistakes
	if c.Interval != 0 && c.Interval < minUpdatesInterval {
		m.Add("interval", "must be at least %s, or 0 for never, is %s", minUpdatesInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	collect.CheckEntries(&m, "minimum", c.Minimum, maxMinimum, func(s *MinimumConfig) (string, string, error) { return "software", s.Software, s.validate() })
	return m.Err()
}

func (c *MinimumConfig) validate() error {
	var m invalid.Mistakes
	if c.Version == "" {
		m.Add("version", "is missing")
	}
	if len(c.Command) > 0 && !filepath.IsAbs(c.Command[0]) {
		m.Add(fmt.Sprintf("command[%d]", 0), "must be an absolute path, is %q", c.Command[0])
	}
	return m.Err()
}
