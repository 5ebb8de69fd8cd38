package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/units"
	"github.com/klauspost/compress/huff0"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"

	"gatewatch/event"
)

// mustSeal seals everything that is written.
func mustSeal(t testing.TB, j *Journal) {
	t.Helper()
	retire(j)
	j.sealAll()
	for _, s := range j.segments {
		if !s.sealed {
			t.Fatalf("segment %d is not sealed", s.number)
		}
	}
}

// TestSealedReadsAsBefore has the same records, marks and hits in a journal before and after it is sealed and opened
// again, in fewer bytes.
func TestSealedReadsAsBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpenOn(t, dir, config(), realDisk{})
	n := 0
	for size := range 60 {
		mustAppend(t, j, batch(n, n+size))
		n += size
	}
	mustAppend(t, j, Batch{Marks: map[string][]byte{"gone": []byte("1"), "empty": {}}}, Batch{Marks: map[string][]byte{"gone": nil}})
	before, marks := j.storedBytes(), fmt.Sprint(j.Marks())
	mustSeal(t, j)
	if after := j.storedBytes(); after >= before/2 {
		t.Errorf("sealed journal has %d bytes of %d", after, before)
	}
	for range 2 {
		checkRecords(t, readAll(t, j), upTo(0, n)...)
		if got := fmt.Sprint(j.Marks()); got != marks {
			t.Errorf("marks = %s, want %s", got, marks)
		}
		if r := mustSearch(t, j, Query{Words: []string{"超时"}, Limit: MaxHits}); len(r.Hits) != n {
			t.Errorf("search finds %d, want %d", len(r.Hits), n)
		}
		if r := mustSearch(t, j, Query{Equal: []Match{{"payment.order_id", "order-000777"}}}); len(r.Hits) != 1 {
			t.Errorf("search finds %d orders, want 1", len(r.Hits))
		}
		mustClose(t, j)
		j = mustOpenOn(t, dir, config(), realDisk{})
	}
	mustAppend(t, j, batch(n, n+5))
	checkRecords(t, readAll(t, j), upTo(0, n+5)...)
}

// TestSealedOddDocuments has documents that are not what a pipeline writes.
func TestSealedOddDocuments(t *testing.T) {
	t.Parallel()
	odd := []string{"", "{}", `"`, `{"a":`, `{"a":1}`, `{"a":"1"}`, `{"a":"\\"}`, `{"a":"\\\""}`, "-", "null", `{"@timestamp":"`,
		`{"@timestamp":"2026"}`, `{"a":{"b":[1,2,{"c":null}]}}`, strings.Repeat("[1,", 2000), strings.Repeat(`"x":"y",`, 600),
		`"a"b"c":"d"1:2`, "\xff\xfe", "行"}
	for i := range 400 {
		odd = append(odd, fmt.Sprintf(`{"name%d":%d,"same":"x"}`, i, i))
	}
	for name, last := range map[string]string{"text": "end", "with a zero": "a\x00b"} {
		j := mustOpenOn(t, t.TempDir(), config(), realDisk{})
		all := append(slices.Clone(odd), last, strings.Repeat(" ", 100_000))
		var b Batch
		for i, d := range all {
			b.Records = append(b.Records, Record{Source: sourceA, Offset: int64(i), Time: epoch, Document: []byte(d)})
		}
		mustAppend(t, j, b)
		mustSeal(t, j)
		got := readAll(t, j)
		if len(got) != len(all) {
			t.Fatalf("%s: %d documents, want %d", name, len(got), len(all))
		}
		for i := range got {
			if string(got[i].Document) != all[i] {
				t.Errorf("%s: document %d = %q, want %q", name, i, got[i].Document, all[i])
			}
		}
	}
}

// TestSealedVersion2 reads a segment as it was sealed before columns had parts.
func TestSealedVersion2(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/sealed-version2.gwj")
	if err != nil {
		t.Fatal(err)
	}
	j := journalOf(t, t.TempDir(), data)
	checkRecords(t, readAll(t, j), upTo(0, 300)...)
	if r := mustSearch(t, j, Query{Equal: []Match{{"payment.order_id", "order-000123"}}}); len(r.Hits) != 1 {
		t.Errorf("search finds %d orders, want 1", len(r.Hits))
	}
	mustAppend(t, j, batch(300, 305))
	checkRecords(t, readAll(t, j), upTo(0, 305)...)
}

// TestSealedFilterIsComplete compares the tokens that sealing finds in columns with those of whole documents.
func TestSealedFilterIsComplete(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 8))
	split := newSplitter()
	for round := range 20 {
		var whole indexer
		split.reset()
		for n := range 100 {
			doc := randomRecord(r, n).Document
			whole.document(doc)
			split.add(doc)
		}
		slices.Sort(whole.hashes)
		got := slices.Sorted(slices.Values(split.words.hashes))
		if !slices.Equal(got, whole.hashes) {
			t.Fatalf("seed %d, round %d: %d tokens, want %d", seed, round, len(got), len(whole.hashes))
		}
	}
}

// TestCursorsAcrossSealing has consumers that stand anywhere, in memory or in their file, while segments are sealed and
// the agent is killed and started again. They get every record behind their cursor, in order.
func TestCursorsAcrossSealing(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 6))
	dir := t.TempDir()
	cfg := config()
	cfg.MaxSize = segmentsKept * 4000 * 100
	names := []string{"quick", "slow", "rare"}
	written, saved := 0, make([]int, len(names))
	for round := range 30 {
		j := mustOpenOn(t, dir, cfg, &faultyDisk{})
		var consumers []*Consumer
		next, acked := slices.Clone(saved), slices.Clone(saved)
		for _, name := range names {
			consumers = append(consumers, mustConsumer(t, j, name))
		}
		for range r.IntN(60) {
			switch r.IntN(9) {
			case 0, 1, 2:
				to := written + 1 + r.IntN(9)
				mustAppend(t, j, batch(written, to))
				written = to
			case 3:
				retire(j)
				j.sealAll()
			case 4:
				j.recent = ring{} // consumers read from disk
			case 5:
				if err := j.saveCursors(); err != nil {
					t.Fatal(err)
				}
				copy(saved, acked)
			default:
				i := min(r.IntN(len(names)), r.IntN(len(names)))
				b, found, err := consumers[i].step()
				if err != nil {
					t.Fatal(err)
				}
				for _, got := range b.Records {
					if got.Offset != record(next[i]).Offset {
						t.Fatalf("seed %d, round %d: %s got the record at %d, want %d", seed, round, names[i], got.Offset, record(next[i]).Offset)
					}
					next[i]++
				}
				if found && r.IntN(3) > 0 {
					if err := consumers[i].Ack(b.Next); err != nil {
						t.Fatal(err)
					}
					acked[i] = next[i]
				}
			}
		}
		if r.IntN(2) == 0 {
			mustClose(t, j)
			copy(saved, acked)
		} else {
			abandon(j)
		}
	}
	j := mustOpenOn(t, dir, cfg, realDisk{})
	for i, name := range names {
		checkRecords(t, drain(t, mustConsumer(t, j, name)), upTo(saved[i], written)...)
	}
}

// TestSealingFails has each change of the disk fail in turn while a segment is sealed: nothing is lost, nothing stays
// behind, and sealing works when the disk does.
func TestSealingFails(t *testing.T) {
	t.Parallel()
	for left := 0; ; left++ {
		failing, count := false, 0
		d := &faultyDisk{fault: func(string) (int, error) {
			if failing {
				if count++; count > left {
					return 37, unix.ENOSPC
				}
			}
			return 0, nil
		}}
		dir := t.TempDir()
		j := mustOpenOn(t, dir, config(), d)
		mustAppend(t, j, batch(0, 3000), batch(3000, 5000))
		retire(j)
		failing = true
		j.sealAll()
		failing = false
		checkRecords(t, readAll(t, j), upTo(0, 5000)...)
		mustAppend(t, j, batch(5000, 5500))
		faults := count > left
		mustSeal(t, j)
		checkRecords(t, readAll(t, j), upTo(0, 5500)...)
		if rest, _ := filepath.Glob(filepath.Join(dir, "*"+sealingSuffix)); len(rest) > 0 {
			t.Errorf("%v stays behind", rest)
		}
		if !faults {
			if left < 6 {
				t.Errorf("sealing changed the disk only %d times", left)
			}
			return
		}
		if got := testutil.ToFloat64(j.metrics.appendErrors) + testutil.ToFloat64(j.metrics.corrupt); got != 0 {
			t.Errorf("fault %d: %v errors of Append and damaged blocks, want 0", left, got)
		}
		mustClose(t, j)
	}
}

// sealedSegment returns the bytes of a sealed segment with 2,100 records in two blocks, and where they begin and end.
func sealedSegment(t testing.TB) (data []byte, edges []int64) {
	t.Helper()
	dir := t.TempDir()
	j := mustOpenOn(t, dir, config(), realDisk{})
	for n := 0; n < 2100; n += 50 {
		mustAppend(t, j, batch(n, n+50))
	}
	mustSeal(t, j)
	mustClose(t, j)
	data, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	var r reader
	r.reset(bytes.NewReader(data), 1, sealedHeaderSize, int64(len(data)))
	for {
		b, err := r.next()
		if err != nil {
			return data, edges
		}
		edges = append(edges, b.at, b.end())
	}
}

// TestFlippedBitInSealedSegment costs one block at most, wherever it is.
func TestFlippedBitInSealedSegment(t *testing.T) {
	t.Parallel()
	data, edges := sealedSegment(t)
	if len(edges) != 4 {
		t.Fatalf("edges %v, want two blocks", edges)
	}
	dir := t.TempDir()
	for at := int64(0); at < edges[3]; at++ {
		if at > edges[0]+headerSize && at < edges[1]-1 && at%997 > 0 || at > edges[2]+headerSize && at%53 > 0 {
			continue // somewhere within is enough
		}
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << (at % 8)
		j := journalOf(t, dir, flipped)
		want, marks := upTo(0, 2100), "2100"
		switch {
		case at >= edges[2]:
			want, marks = upTo(0, 2000), "2000"
		case at >= edges[0]:
			want = upTo(2000, 2100)
		}
		checkRecords(t, readAll(t, j), want...)
		if got := mustSearch(t, j, Query{Limit: MaxHits}); len(got.Hits) != len(want) {
			t.Fatalf("flip at %d: search finds %d records, want %d", at, len(got.Hits), len(want))
		}
		if got := string(j.Marks()["a"]); got != marks {
			t.Fatalf("flip at %d: mark = %s, want %s", at, got, marks)
		}
		if got := testutil.ToFloat64(j.metrics.corrupt); at >= edges[0] && got != 1 {
			t.Fatalf("flip at %d: corrupt blocks = %v, want 1", at, got)
		}
		mustClose(t, j)
	}
}

// TestDamagedIsNotSealed leaves a damaged segment as it is: what is lost must not look as if it had never been.
func TestDamagedIsNotSealed(t *testing.T) {
	t.Parallel()
	data, edges := written(t)
	data[edges[1]+headerSize+5] ^= 1
	j := journalOf(t, t.TempDir(), data)
	retire(j)
	j.mu.Lock()
	j.w.durable = j.w.size
	j.mu.Unlock()
	j.sealAll()
	if s := j.segments[0]; s.sealed || !s.unsealable {
		t.Errorf("damaged segment: sealed %v, given up %v; want false, true", s.sealed, s.unsealable)
	}
	checkRecords(t, readAll(t, j), append(upTo(0, 4), upTo(7, 8)...)...)
}

// TestQuietHostIsSealed has one record now and then: the agent seals the segment when it is an hour old.
func TestQuietHostIsSealed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := mustOpen(t, t.TempDir(), config())
		defer j.Close()
		for n := range 50 {
			mustAppend(t, j, batch(n, n+1))
			time.Sleep(time.Second)
		}
		bytes := func() int64 {
			j.mu.Lock()
			defer j.mu.Unlock()
			return j.storedBytes()
		}
		before := bytes()
		time.Sleep(maxHotAge + 2*sealInterval)
		synctest.Wait()
		if got := testutil.ToFloat64(j.metrics.sealed); got != 1 {
			t.Errorf("%v segments sealed, want 1", got)
		}
		if after := bytes(); after > before/4 {
			t.Errorf("sealed segment has %d bytes of %d, want less than a quarter", after, before)
		}
	})
}

// TestUndeliveredInSealedSegment counts what a consumer in the middle of a sealed block has not had.
func TestUndeliveredInSealedSegment(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxSize = units.Base2Bytes(segmentsKept * 4000)
	j := mustOpenOn(t, t.TempDir(), cfg, &faultyDisk{})
	c := mustConsumer(t, j, "es")
	mustAppend(t, j, batch(0, 10), batch(10, 20), batch(20, 30))
	for range 2 {
		b, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Ack(b.Next)); err != nil {
			t.Fatal(err)
		}
	}
	mustSeal(t, j)
	mustAppend(t, j, batch(30, 31))
	j.mu.Lock()
	j.dropOldest("test")
	j.mu.Unlock()
	if got := testutil.ToFloat64(j.metrics.undelivered.WithLabelValues("es")); got != 10 {
		t.Errorf("undelivered records = %v, want 10", got)
	}
	checkRecords(t, drain(t, c), 30)
}

// FuzzColumns gives the joiner columns whose sum would be right, and the splitter documents.
func FuzzColumns(f *testing.F) {
	split := newSplitter()
	split.reset()
	raw := 0
	for n := range 100 {
		doc := record(n).Document
		split.add(doc)
		raw += len(doc)
	}
	split.pack()
	f.Add(split.appendIndex(nil, nil), split.appendText(nil), split.appendPacked(nil), uint16(100), uint32(raw), record(1).Document, record(2).Document)
	f.Fuzz(func(t *testing.T, index, text, packed []byte, records uint16, rawLen uint32, a, b []byte) {
		for _, codec := range []byte{codecColumns, codecTextColumns} {
			h := header{codec: codec, records: int(records), rawLen: int(rawLen % (1 << 20)), flags: flagSealed}
			if raw, err := joined(&h, index, text, packed); err == nil {
				h.decode(nil, raw, sourceCache{})
				h.recordsBefore(raw, 100)
			}
		}
		if bytes.IndexByte(a, 0) >= 0 || bytes.IndexByte(b, 0) >= 0 {
			return
		}
		s := newSplitter()
		for range 2 { // columns remember
			s.reset()
			want := []byte("head")
			h := header{codec: codecColumns}
			for n := range minShortValues + 3 {
				doc := [][]byte{a, b, event.AppendJSONString(nil, string(b)), fmt.Appendf(bytes.Clone(a), `{"x":%d}`, n*n*n)}[min(n, 3)]
				s.add(doc)
				want = append(want, doc...)
				h.records++
			}
			h.rawLen = len(want)
			s.pack()
			if got, err := joined(&h, s.appendIndex(nil, []byte("head")), s.appendText(nil), s.appendPacked(nil)); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("documents come back as %q, %v; want %q", got, err, want)
			}
		}
	})
}

// joined puts documents together from their columns.
func joined(h *header, index, text, packed []byte) ([]byte, error) {
	s, err := parseShapes(index, h)
	if err == nil && h.codec == codecColumns {
		_, err = s.unpack(nil, decoder{b: text}, decoder{b: packed}, new(huff0.Scratch))
	}
	if err != nil {
		return nil, err
	}
	return s.join(nil, h)
}
