package journal

import (
	"slices"

	"gatewatch/event"
)

// maxRecentBytes bounds the blocks kept in memory for consumers that keep up.
const maxRecentBytes = 8 << 20

// ring holds the newest blocks, without gaps, the oldest first.
type ring struct {
	blocks []recentBlock
	bytes  int
}

// recentBlock is a block as it was written. Nothing of it changes.
type recentBlock struct {
	header
	next    Position
	sources []*event.Source
	raw     []byte
}

func (b *recentBlock) start() Position { return Position{b.segment, b.position} }

// cost is what the block takes in memory, about.
func (b *recentBlock) cost() int { return cap(b.raw) + 256 }

func (r *ring) add(b recentBlock) {
	r.blocks = append(r.blocks, b)
	r.bytes += b.cost()
	for r.bytes > maxRecentBytes {
		r.bytes -= r.blocks[0].cost()
		r.blocks[0] = recentBlock{}
		r.blocks = r.blocks[1:]
	}
}

// at returns the block that begins at p.
func (r *ring) at(p Position) (recentBlock, bool) {
	i, found := slices.BinarySearchFunc(r.blocks, p, func(b recentBlock, p Position) int { return b.start().Compare(p) })
	if !found {
		return recentBlock{}, false
	}
	return r.blocks[i], true
}

// records returns the records of b.
func (b *recentBlock) records() ([]Record, error) {
	d := decoder{b: b.raw}
	for range d.uvarint() {
		d.bytes(d.uvarint())
	}
	return appendRecords(nil, &b.header, b.sources, d.b)
}
