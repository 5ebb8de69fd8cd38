package sqldb

import (
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// BloatConfig is collectors.postgres[].bloat in the configuration: how much of the largest tables and indexes is empty
// is measured with the extension pgstattuple.
type BloatConfig struct {
	// When they may be measured, by this host's clock, as in 01:30-05:00. Each is measured once in a window.
	Window string `yaml:"window"`
	// Indexes that are larger are left out: they are read as a whole. Of tables only those pages are read that changed
	// since the last VACUUM.
	MaxIndexSize units.Base2Bytes `yaml:"max_index_size"`
	// How long the measuring of one table or index may take.
	Timeout model.Duration `yaml:"timeout"`
	// While more statements of others are being executed, nothing is measured.
	MaxActive int `yaml:"max_active"`
}

const (
	defaultBloatIndexSize = 4 * units.GiB
	defaultBloatTimeout   = model.Duration(30 * time.Second)
	defaultBloatActive    = 8
)

// SetDefaults fills what is left out.
func (c *BloatConfig) SetDefaults() {
	if c == nil {
		return
	}
	collect.SetDefault(&c.MaxIndexSize, defaultBloatIndexSize)
	collect.SetDefault(&c.Timeout, defaultBloatTimeout)
	collect.SetDefault(&c.MaxActive, defaultBloatActive)
}

func (c *BloatConfig) mistakes() error {
	if c == nil {
		return nil
	}
	var m invalid.Mistakes
	if _, err := parseWindow(c.Window); err != nil {
		m.Add("window", "%v", err)
	}
	if c.MaxIndexSize < 0 {
		m.Add("max_index_size", "must not be negative")
	}
	if c.Timeout < collect.MinInterval || c.Timeout > maxIntegrityTimeout {
		m.Add("timeout", "must be from %s to %s, is %s", collect.MinInterval, maxIntegrityTimeout, c.Timeout)
	}
	if c.MaxActive < 0 {
		m.Add("max_active", "must not be negative")
	}
	return m.Err()
}
