package journal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// maxCells bounds the combinations of values that are counted from the columns of one template.
const maxCells = 1 << 14

// tally counts the records of blocks.
type tally struct {
	fields []countedField
	every  int64
	limit  int

	counts map[string]*Count // by bucket and values
	others int
	key    []byte
	values [][]byte
	cells  []int // of a template: how many records have the combination of values
	times  []int64
}

// block counts the records of one block.
func (t *tally) block(s *search, b *frame) error {
	stored, ok, err := s.r.storedBody(b)
	if err != nil || !ok {
		return err
	}
	s.scanned += b.records
	if b.codec == codecColumns {
		shapes, _, _, err := b.shapes(&s.r.work, stored)
		if err == nil {
			ok, err = t.shapes(s.q, b, &shapes)
		}
		if err != nil {
			s.r.report(b.at, b.end())
		}
		if ok || err != nil {
			return nil
		}
	}
	s.raw, err = b.expand(&s.r.work, s.raw, stored)
	if err == nil {
		s.records, err = b.decode(s.records[:0], s.raw, s.src)
	}
	if err != nil {
		s.r.report(b.at, b.end())
		return nil
	}
	for i := range s.records {
		if at := nanoseconds(s.records[i].Time); s.q.inRange(at, at) {
			t.values = t.values[:0]
			for k := range t.fields {
				t.values = append(t.values, t.fields[k].of(s.records[i].Document))
			}
			t.add(t.bucket(at), 1)
		}
	}
	return nil
}

// shapes counts from the index of a block. It reports false, and counts nothing, when that does not have the fields.
func (t *tally) shapes(q *query, b *frame, s *shapes) (ok bool, err error) {
	runs := make([]run, len(s.templates))
	for i, one := range s.templates {
		if runs[i].columns, ok = t.columns(one); !ok {
			return false, nil
		}
	}
	if q.from <= b.minTime && b.maxTime <= q.to && t.bucket(b.minTime) == t.bucket(b.maxTime) {
		for i, one := range s.templates {
			runs[i].bucket, runs[i].to = t.bucket(b.minTime), one.documents
			t.run(&runs[i])
		}
		return true, nil
	}
	if t.times, err = b.times(t.times[:0], s.head); err != nil {
		return false, err
	}
	order := s.order
	for _, at := range t.times {
		r, bucket, wanted := &runs[order.uvarint()], t.bucket(at), q.inRange(at, at)
		if !wanted || bucket != r.bucket {
			t.run(r)
		}
		r.bucket = bucket
		if r.to++; !wanted {
			r.from = r.to
		}
	}
	for i := range runs {
		t.run(&runs[i])
	}
	return true, nil
}

// run is the documents of one template from from up to to, of the same bucket.
type run struct {
	columns  []*storedColumn // of the fields; nil where the template does not have the field
	bucket   int64
	from, to int
}

// columns returns the columns of the fields. It reports false when a value is not in the index.
func (t *tally) columns(one *joiner) ([]*storedColumn, bool) {
	if len(one.pieces[0]) == 0 { // documents in one piece
		return nil, one.documents == 0
	}
	all := make([]*storedColumn, len(t.fields))
	for i := range t.fields {
		if k := t.fields[i].column(one); k >= 0 {
			if all[i] = &one.columns[k]; all[i].kind != fewColumn {
				return nil, one.documents == 0
			}
		}
	}
	return all, true
}

// run counts the documents of r and lets the next run begin behind them.
func (t *tally) run(r *run) {
	from, to := r.from, r.to
	if r.from = to; from == to {
		return
	}
	cells := 1 // one for each combination of values
	for _, c := range r.columns {
		if c != nil {
			cells = min(cells*c.size, maxCells)
		}
	}
	if cells >= maxCells || cells > to-from {
		for i := from; i < to; i++ {
			t.values = t.values[:0]
			for _, c := range r.columns {
				t.values = append(t.values, c.value(i))
			}
			t.add(r.bucket, 1)
		}
		return
	}
	t.cells = append(t.cells[:0], make([]int, cells)...)
	for i := from; i < to; i++ {
		k := 0
		for _, c := range r.columns {
			if c != nil {
				k = k*c.size + int(c.numbers[i])
			}
		}
		t.cells[k]++
	}
	for k, n := range t.cells {
		if n > 0 {
			t.combination(r.columns, k)
			t.add(r.bucket, n)
		}
	}
}

// combination leaves the values of cell k in t.values.
func (t *tally) combination(columns []*storedColumn, k int) {
	t.values = append(t.values[:0], make([][]byte, len(columns))...)
	for i, c := range slices.Backward(columns) {
		if c != nil {
			t.values[i] = c.few[k%c.size]
			k /= c.size
		}
	}
}

// value returns the value of document i in a fewColumn, or nil where there is no column.
func (c *storedColumn) value(i int) []byte {
	if c == nil {
		return nil
	}
	return c.few[c.numbers[i]]
}

// bucket returns the number of the bucket of time that at is in.
func (t *tally) bucket(at int64) int64 {
	if t.every == 0 {
		return 0
	}
	n := at / t.every
	if n*t.every > at {
		n--
	}
	return n
}

// add counts n records with t.values.
func (t *tally) add(bucket int64, n int) {
	t.key = binary.AppendVarint(t.key[:0], bucket)
	for _, v := range t.values {
		t.key = appendBytes(t.key, v)
	}
	c := t.counts[string(t.key)]
	if c == nil {
		if len(t.counts) >= t.limit {
			t.others += n
			return
		}
		c = &Count{}
		if t.every > 0 {
			c.Time = time.Unix(0, bucket*t.every).UTC()
		}
		for _, v := range t.values {
			c.Values = append(c.Values, unquoted(v))
		}
		t.counts[string(t.key)] = c
	}
	c.Records += n
}

// unquoted returns the text of a value as it stands in JSON without quotes.
func unquoted(v []byte) string {
	var text string
	if bytes.IndexByte(v, '\\') >= 0 && json.Unmarshal(slices.Concat([]byte{'"'}, v, []byte{'"'}), &text) == nil {
		return text
	}
	return string(v)
}

func (t *tally) result(s *search) Counts {
	found := s.result()
	all := Counts{Others: t.others, Complete: found.Complete, Reached: found.Reached, Scanned: found.Scanned}
	for c := range maps.Values(t.counts) {
		all.Counts = append(all.Counts, *c)
	}
	slices.SortFunc(all.Counts, func(a, b Count) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.Values, b.Values))
	})
	return all
}

// times appends the times of a block's records to dst. head is what stands before its documents.
func (h *header) times(dst []int64, head []byte) ([]int64, error) {
	_, rest, err := h.parts(head)
	if err != nil {
		return dst, err
	}
	d := decoder{b: rest}
	for range d.uvarint() {
		if d.bytes(d.uvarint()); d.bad {
			return dst, errBody
		}
	}
	unit := int64(d.uvarint())
	for range 2 * h.records { // sources and offsets
		d.uvarint()
	}
	at := h.minTime
	for range h.records {
		at += d.varint() * unit
		dst = append(dst, at)
	}
	if d.bad {
		return dst, errBody
	}
	return dst, nil
}
