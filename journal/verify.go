package journal

import "context"

// Damage is a part of the journal that cannot be read.
type Damage struct {
	// Segment is the number of the segment, and From and To the part of its file. They are equal when nothing stands
	// where records should.
	Segment  uint64
	From, To int64
	// Records is the number of records that are lost, as far as the next block tells: -1 when there is none.
	Records int64
}

// Report is what Verify found.
type Report struct {
	Segments, Blocks int
	Records          uint64
	// Unfinished is the number of bytes at the end that are no whole block: one that is being written now, or that a
	// crash cut short. They cost nothing: their lines are read again.
	Unfinished int64
	Damage     []Damage
}

// Verify reads everything, as a consumer would.
func (v *View) Verify(ctx context.Context) (Report, error) {
	c := check{v: v, src: sourceCache{}}
	err := v.blocks(ctx, c.damaged, c.block)
	c.report.Segments = len(v.segments)
	c.report.Unfinished = c.unfinished()
	return c.report, err
}

// check is one Verify under way.
type check struct {
	v      *View
	report Report
	src    sourceCache
	raw    []byte
	// next is the number that the next record must have, once known is true.
	next  uint64
	known bool
	open  int // Damage from here on has no count yet
}

func (c *check) damaged(s *segment, from, to int64) {
	all := c.report.Damage
	if n := len(all); n > c.open && all[n-1].Segment == s.number && all[n-1].To == from {
		all[n-1].To = to
		return
	}
	c.report.Damage = append(all, Damage{Segment: s.number, From: from, To: to, Records: -1})
}

func (c *check) block(r *reader, b *frame) error {
	c.settle(b)
	_, err := b.marks()
	intact := err == nil
	if intact {
		raw, ok, err := r.body(b, c.raw)
		if err != nil {
			return err
		}
		if intact = ok; ok {
			c.raw = raw
			_, err = b.decode(nil, raw, c.src)
			intact = err == nil
		}
	}
	c.next, c.known = b.sequence+uint64(b.records), true
	if !intact {
		c.report.Damage = append(c.report.Damage[:c.open], Damage{b.segment, b.at, b.end(), int64(b.records)})
		c.open++
		return nil
	}
	c.report.Blocks++
	c.report.Records += uint64(b.records)
	return nil
}

// settle says what the damage before b cost.
func (c *check) settle(b *frame) {
	lost := int64(0)
	if c.known && b.sequence > c.next {
		lost = int64(b.sequence - c.next)
	}
	open := c.report.Damage[c.open:]
	if len(open) == 0 && lost > 0 {
		c.report.Damage = append(c.report.Damage, Damage{Segment: b.segment, From: b.at, To: b.at, Records: lost})
	}
	for i := range open {
		if c.known {
			open[i].Records, lost = lost, 0 // of several in a row the first has them all
		}
	}
	c.open = len(c.report.Damage)
}

// unfinished takes the end of the newest segment out of the damage.
func (c *check) unfinished() int64 {
	n, last := len(c.report.Damage), len(c.v.segments)-1
	if n == 0 || last < 0 || n <= c.open {
		return 0
	}
	d, s := c.report.Damage[n-1], c.v.segments[last]
	if s.sealed || d.Segment != s.number || d.To != s.size {
		return 0
	}
	c.report.Damage = c.report.Damage[:n-1]
	return d.To - d.From
}
