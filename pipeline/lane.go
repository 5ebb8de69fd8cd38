package pipeline

import (
	"fmt"
	"time"

	"gatewatch/event"
	"gatewatch/tail"
)

// lane is what becomes one sequence of records: a file, or one of the two streams that a container's file mixes.
type lane struct {
	pending []byte // lines of the record that may go on
	start   int64  // its offset
	waiting bool   // pending holds a record
	written []byte // when its first line was, as the envelope says

	part      []byte // pieces of a line that goes on
	partStart int64
	joining   bool // part holds some
	cut       bool // the line is longer than it may be
	partTime  []byte

	touched time.Time // when something was added
	done    int64     // lines before it are in the journal
}

// The lanes of a container's file. Other files only have the first.
const (
	laneOut = iota
	laneErr
	laneCount
)

func laneOf(p piece) int {
	if p.stderr {
		return laneErr
	}
	return laneOut
}

// laneTimeout is how long a record or a piece of one stream waits while only the other one is written to.
const laneTimeout = 5 * time.Second

// position returns the offset up to which everything of the lane is in records.
func (l *lane) position(next int64) int64 {
	switch {
	case l.waiting:
		return max(l.start, l.done)
	case l.joining:
		return max(l.partStart, l.done)
	}
	return max(next, l.done)
}

// note tells how far the lanes are, for a restart: the position in the file is that of the lane that is behind.
func (s *stream) note(next int64) string {
	if s.envelope == "" {
		return ""
	}
	return fmt.Sprintf("lanes %d %d", s.lanes[laneOut].position(next), s.lanes[laneErr].position(next))
}

// restore takes up what note said before a restart.
func (s *stream) restore(note string) {
	var out, err int64
	if n, _ := fmt.Sscanf(note, "lanes %d %d", &out, &err); n == laneCount {
		s.lanes[laneOut].done, s.lanes[laneErr].done = out, err
	}
}

// enveloped adds one line of a container's file.
func (p *Pipeline) enveloped(s *stream, line tail.Line) {
	in, buf, ok := unwrap(s.envelope, line.Text, s.inside)
	s.inside = buf
	if !ok {
		in = piece{text: line.Text} // no reason to lose it
	}
	l := &s.lanes[laneOf(in)]
	if line.Offset < l.done {
		return // read again because of the other lane
	}
	if !l.joining && !in.partial {
		p.frame(s, l, line.Offset, in.text, in.written)
		return
	}
	if !l.joining {
		l.joining, l.cut, l.part, l.partStart, l.touched = true, false, l.part[:0], line.Offset, p.began
		l.partTime = append(l.partTime[:0], in.written...)
	}
	room := min(len(in.text), p.cfg.MaxLine-len(l.part))
	l.part = append(l.part, in.text[:room]...)
	if room < len(in.text) && !l.cut {
		l.cut = true
		p.parts.Metrics.truncated.Inc()
	}
	if !in.partial {
		p.join(s, l)
	}
}

// join completes the line whose pieces have been collected.
func (p *Pipeline) join(s *stream, l *lane) {
	if l.joining {
		l.joining = false
		p.frame(s, l, l.partStart, l.part, l.partTime)
	}
}

// frame adds one line to the record it belongs to.
func (p *Pipeline) frame(s *stream, l *lane, offset int64, text, written []byte) {
	if s.single {
		p.record(s, l, offset, text, written)
		return
	}
	// Formats may compare a line with the one before, so they are asked about each.
	if begins := s.starts(text); l.waiting && !begins && len(l.pending)+len(text) < maxRecord {
		l.pending = append(append(l.pending, '\n'), text...)
		return
	}
	p.flushLane(s, l)
	l.pending, l.start, l.waiting = append(l.pending[:0], text...), offset, true
	l.written, l.touched = append(l.written[:0], written...), p.began
}

// flushLane completes the record that waits for more lines.
func (p *Pipeline) flushLane(s *stream, l *lane) {
	if l.waiting {
		l.waiting = false
		p.record(s, l, l.start, l.pending, l.written)
	}
}

// flush completes all that waits for more.
func (p *Pipeline) flush(s *stream) {
	for i := range s.lanes {
		l := &s.lanes[i]
		p.join(s, l)
		p.flushLane(s, l)
	}
}

// flushOld completes what has waited too long while the other lane was written to.
func (p *Pipeline) flushOld(s *stream) {
	for i := range s.lanes {
		if l := &s.lanes[i]; (l.waiting || l.joining) && p.began.Sub(l.touched) >= laneTimeout {
			p.join(s, l)
			p.flushLane(s, l)
		}
	}
}

// streamField says which output of the container a record was printed to, by OpenTelemetry's name.
const streamField = "log.iostream"

func (p *Pipeline) addStream(ev *event.Event, l *lane, s *stream) {
	name := "stdout"
	if l == &s.lanes[laneErr] {
		name = "stderr"
	}
	for i := range ev.Fields {
		if string(ev.Fields[i].Name) == streamField {
			return
		}
	}
	ev.Fields = append(ev.Fields, event.Field{Name: []byte(streamField), Value: []byte(name)})
}
