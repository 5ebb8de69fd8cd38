package journal

import (
	"bytes"
	"testing"
)

func FuzzReader(f *testing.F) {
	data, edges := written(f)
	f.Add(data, uint16(0), byte(0))
	f.Add(data[:edges[1]+9], uint16(40), byte(1))
	f.Add([]byte{}, uint16(0), byte(0))
	sealed, _ := sealedSegment(f)
	f.Add(sealed, uint16(0), byte(0))
	f.Add(sealed, uint16(sealedHeaderSize+9), byte(2))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, mask byte) {
		if int(at) < len(data) {
			data = bytes.Clone(data)
			data[at] ^= mask
		}
		var r reader
		r.reset(bytes.NewReader(data), 1, 0, int64(len(data)))
		cache := sourceCache{}
		last := int64(0)
		for {
			b, err := r.next()
			if err != nil {
				return
			}
			if b.at < last {
				t.Fatalf("block at %d, behind %d", b.at, last)
			}
			last = b.end()
			b.marks()
			b.filter()
			if raw, ok, _ := r.body(&b, nil); ok {
				b.decode(nil, raw, cache)
			}
		}
	})
}

// FuzzBody gives the decoder a body whose sum would be right.
func FuzzBody(f *testing.F) {
	e := newEncoder()
	one := batch(0, 9)
	h, err := e.encode(&one)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(e.raw), h.records, appendMarks(nil, one.Marks), appendFilter(nil, []uint64{1, 2, 3}))
	f.Fuzz(func(t *testing.T, raw []byte, records int, marks, filter []byte) {
		h := header{records: max(0, min(records, 1000)), codec: codecS2, rawLen: len(raw)}
		h.expand(new(workspace), nil, raw)
		if got, err := h.decode(nil, raw, sourceCache{}); err == nil {
			documents(raw, got)
			q := newQuery(Query{Words: []string{"record*", string(marks)}, Equal: []Match{{"fields.a", string(filter)}}})
			q.skips(filter)
			new(matcher).block(q, got, documents(raw, got), 0)
		}
		parseMarks(marks)
		var x indexer
		x.document(raw)
	})
}
