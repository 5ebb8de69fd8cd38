package journal

import (
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config bounds the journal (journal: in the configuration).
type Config struct {
	// Most bytes on disk; the oldest segments go first.
	MaxSize units.Base2Bytes `yaml:"max_size"`
	// Oldest events kept.
	MaxAge model.Duration `yaml:"max_age"`
	// How often written blocks are forced to the disk (fsync). A crash of the agent loses nothing whatever this is; a
	// crash of the machine repeats at most this much from the log files. 0s: every block.
	SyncEvery model.Duration `yaml:"sync_every"`
}

// minSize leaves room for segments that hold the largest blocks.
const minSize = 64 << 20

// DefaultConfig returns the bounds of an agent that is not told otherwise.
func DefaultConfig() Config {
	return Config{
		MaxSize:   2 << 30,
		MaxAge:    model.Duration(7 * 24 * time.Hour),
		SyncEvery: model.Duration(time.Second),
	}
}

// Validate returns the mistakes in c, as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.MaxSize < minSize {
		m.Add("max_size", "must be at least 64MiB, got %s", c.MaxSize)
	}
	if time.Duration(c.MaxAge) < time.Minute {
		m.Add("max_age", "must be at least 1m, got %s", c.MaxAge)
	}
	if c.SyncEvery < 0 {
		m.Add("sync_every", "must not be negative, got %s", c.SyncEvery)
	}
	return m.Err()
}

// segmentSize returns the size at which a segment is full: small enough that retention goes in small steps.
func (c *Config) segmentSize() int64 {
	return min(int64(c.MaxSize)/segmentsKept, maxSegmentSize)
}

// segmentAge returns the age at which a segment is full although it is small, so that old records can go.
func (c *Config) segmentAge() time.Duration {
	return time.Duration(c.MaxAge) / segmentsKept
}
