package pipeline

import (
	"gatewatch/event"
	"gatewatch/parse"
)

const (
	// maxRecord bounds a record of several lines; the line that would exceed it begins a new record.
	maxRecord = 1 << 20
	// sampleLines is how many lines a format is looked for in.
	sampleLines = 100
)

// stream is the state of one file between batches.
type stream struct {
	id     uint64
	path   string
	source *event.Source
	parser parse.Parser

	starts  func(line []byte) bool // does the line begin a record?
	single  bool                   // each line is a record
	settled bool                   // the format is decided
	sampled int                    // lines looked at while it is not

	envelope string // what a container runtime wrote around the lines: FormatDocker, FormatCRI or ""
	inside   []byte // buffer for lines out of their envelope
	lanes    [laneCount]lane
}

// position returns the offset up to which everything is in records: a record that waits for more lines is read again
// after a restart.
func (s *stream) position(next int64) int64 {
	if s.envelope == "" {
		return s.lanes[laneOut].position(next)
	}
	return min(s.lanes[laneOut].position(next), s.lanes[laneErr].position(next))
}
