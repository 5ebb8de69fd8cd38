package journal

import (
	"cmp"
	"fmt"
)

// Position is a place between two blocks. Positions grow in the order of writing. The zero Position is before
// everything.
type Position struct {
	// Segment is the number of a segment. The segment need not exist: the position is then before the next one.
	Segment uint64
	// Offset counts the bytes of the segment as it was first written.
	Offset int64
}

// String returns the text that ParsePosition reads.
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Segment, p.Offset) }

// ParsePosition reads what String wrote.
func ParsePosition(s string) (Position, error) {
	var p Position
	if _, err := fmt.Sscanf(s, "%d:%d", &p.Segment, &p.Offset); err != nil || p.Offset < 0 || p.String() != s {
		return Position{}, fmt.Errorf("%q is not a journal position like 12:34567", s)
	}
	return p, nil
}

// Compare returns -1, 0 or 1 when p is before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Segment, q.Segment), cmp.Compare(p.Offset, q.Offset))
}
