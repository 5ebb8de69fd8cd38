package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
)

// written returns the bytes of a segment with three blocks, and where they begin and end.
func written(t testing.TB) (data []byte, edges []int64) {
	t.Helper()
	dir := t.TempDir()
	cfg := config()
	cfg.SyncEvery = 0 // so that each block says that the one before is on the disk
	j := mustOpen(t, dir, cfg)
	edges = []int64{segmentHeaderSize}
	for _, b := range []Batch{batch(0, 4), batch(4, 7), batch(7, 8)} {
		mustAppend(t, j, b)
		edges = append(edges, j.end().Offset)
	}
	mustClose(t, j)
	data, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	return data, edges
}

// journalOf opens a journal in dir whose only segment has those bytes.
func journalOf(t testing.TB, dir string, data []byte) *Journal {
	t.Helper()
	old, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range old {
		if err := os.Remove(segmentPath(dir, s.number)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(segmentPath(dir, 1), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return mustOpenOn(t, dir, config(), &faultyDisk{})
}

func TestTornTailIsCut(t *testing.T) {
	t.Parallel()
	data, edges := written(t)
	dir := t.TempDir()
	for size := edges[2]; size < edges[3]; size++ {
		j := journalOf(t, dir, data[:size])
		checkRecords(t, readAll(t, j), upTo(0, 7)...)
		if got := string(j.Marks()["a"]); got != "7" {
			t.Fatalf("mark after a cut at %d = %s, want 7", size, got)
		}
		wantTorn := 1.0
		if size == edges[2] {
			wantTorn = 0
		}
		if got := testutil.ToFloat64(j.metrics.torn); got != wantTorn {
			t.Fatalf("torn tails at %d = %v, want %v", size, got, wantTorn)
		}
		mustAppend(t, j, batch(7, 9))
		mustClose(t, j)
		j = mustOpenOn(t, dir, config(), &faultyDisk{})
		checkRecords(t, readAll(t, j), upTo(0, 9)...)
		mustClose(t, j)
	}
}

// TestTornTailOfJunk has what a crashed machine may leave: a file that is longer than what was written.
func TestTornTailOfJunk(t *testing.T) {
	t.Parallel()
	data, edges := written(t)
	for name, tail := range map[string][]byte{
		"zeros":             make([]byte, 5000),
		"text":              []byte(strings.Repeat("junk", 999)),
		"magic":             bytes.Repeat([]byte(blockMagic), 99),
		"an older block":    data[edges[0]:edges[1]],
		"a block from here": data[edges[1]:edges[2]],
	} {
		j := journalOf(t, t.TempDir(), append(bytes.Clone(data[:edges[2]]), tail...))
		checkRecords(t, readAll(t, j), upTo(0, 7)...)
		if got := testutil.ToFloat64(j.metrics.torn); got != 1 {
			t.Errorf("%s: torn tails = %v, want 1", name, got)
		}
	}
}

// TestFlippedBitCostsOneBlock flips bits everywhere in the middle block, while the journal is closed.
func TestFlippedBitCostsOneBlock(t *testing.T) {
	t.Parallel()
	data, edges := written(t)
	want := append(upTo(0, 4), upTo(7, 8)...)
	dir := t.TempDir()
	for at := edges[1]; at < edges[2]; at++ {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << (at % 8)
		j := journalOf(t, dir, flipped)
		checkRecords(t, readAll(t, j), want...)
		if got := mustSearch(t, j, Query{}); len(got.Hits) != len(want) {
			t.Fatalf("flip at %d: search finds %d records, want %d", at, len(got.Hits), len(want))
		}
		if got := string(j.Marks()["a"]); got != "8" {
			t.Fatalf("flip at %d: mark = %s, want 8", at, got)
		}
		if got := testutil.ToFloat64(j.metrics.corrupt); got != 1 {
			t.Fatalf("flip at %d: corrupt blocks = %v, want 1", at, got)
		}
		mustClose(t, j)
	}
}

// TestFlippedBitInSegmentHeader costs nothing at all.
func TestFlippedBitInSegmentHeader(t *testing.T) {
	t.Parallel()
	data, _ := written(t)
	dir := t.TempDir()
	for at := range segmentHeaderSize {
		flipped := bytes.Clone(data)
		flipped[at] ^= 4
		j := journalOf(t, dir, flipped)
		checkRecords(t, readAll(t, j), upTo(0, 8)...)
		mustClose(t, j)
	}
}

// TestFirstBlockDamaged loses the block that has all marks: the segment before has them.
func TestFirstBlockDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := config()
	cfg.SyncEvery = 0
	cfg.MaxSize = segmentsKept * 4096
	j := mustOpen(t, dir, cfg)
	mustAppend(t, j, Batch{Marks: map[string][]byte{"idle": []byte("1")}})
	n := 0
	for ; len(j.segments) < 3; n++ {
		mustAppend(t, j, batch(n, n+1))
	}
	for last := n + 5; n < last; n++ {
		mustAppend(t, j, batch(n, n+1))
	}
	number := j.end().Segment
	mustClose(t, j)
	flip(t, segmentPath(dir, number), segmentHeaderSize+headerSize+3)

	j = mustOpen(t, dir, cfg)
	if got := j.Marks(); string(got["idle"]) != "1" || string(got["a"]) != string(batch(n-1, n).Marks["a"]) {
		t.Errorf("marks = %q, want idle 1 and a %d", got, n)
	}
	if got := len(readAll(t, j)); got != n-1 {
		t.Errorf("%d records, want %d", got, n-1)
	}
	// The next block begins a segment with all marks, so that the damage is over.
	mustAppend(t, j, batch(n, n+1))
	if got := j.end().Segment; got != number+1 {
		t.Errorf("block went to segment %d, want %d", got, number+1)
	}
}

func flip(t testing.TB, path string, at int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 0x10
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestHoleBehindSync has what a crash of the machine can do to blocks that were not synced: a later one is there and
// an earlier one is not. Both go, and the marks with them.
func TestHoleBehindSync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := config()
	cfg.SyncEvery = model.Duration(time.Hour) // only where the test says so
	j := mustOpen(t, dir, cfg)
	mustAppend(t, j, batch(0, 3))
	j.syncRecent()
	mustAppend(t, j, batch(3, 5))
	hole := j.end().Offset
	mustAppend(t, j, batch(5, 7), batch(7, 9))
	mustClose(t, j)
	flip(t, segmentPath(dir, 1), hole+headerSize+20)

	j = mustOpen(t, dir, config())
	if got := string(j.Marks()["a"]); got != "5" {
		t.Errorf("mark = %s, want 5", got)
	}
	mustAppend(t, j, batch(5, 12))
	checkRecords(t, readAll(t, j), upTo(0, 12)...)
}

// TestCursorAheadOfJournal has what a crash of the machine can leave: the cursor was saved and its blocks were not.
func TestCursorAheadOfJournal(t *testing.T) {
	t.Parallel()
	data, edges := written(t)
	for name, cursor := range map[string]string{"in the last block": "1:99999", "in a lost segment": "7:500"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, cursorDir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, cursorDir, "es"), []byte(cursor), 0o600); err != nil {
			t.Fatal(err)
		}
		j := journalOf(t, dir, data[:edges[2]])
		c := mustConsumer(t, j, "es")
		mustAppend(t, j, batch(7, 9), batch(9, 200))
		got := drain(t, c)
		if len(got) != 193 {
			t.Errorf("%s: consumer got %d records, want 193", name, len(got))
		}
	}
}
