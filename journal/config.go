package journal

import (
	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
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
