package journal

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"
)

func mustView(t testing.TB, dir string) *View {
	t.Helper()
	v, err := OpenView(dir)
	if err != nil {
		t.Fatalf("OpenView: %v", err)
	}
	return v
}

func mustVerify(t testing.TB, dir string) Report {
	t.Helper()
	r, err := mustView(t, dir).Verify(t.Context())
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return r
}

// TestViewBesideAgent reads while the journal is open, with segments of both kinds.
func TestViewBesideAgent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpenOn(t, dir, config(), realDisk{})
	c := mustConsumer(t, j, "es")
	mustAppend(t, j, batch(0, 100))
	mid := j.end()
	mustAppend(t, j, batch(100, 150))
	if err := c.Ack(mid); err != nil {
		t.Fatal(err)
	}
	if err := j.saveCursors(); err != nil {
		t.Fatal(err)
	}
	mustSeal(t, j)
	mustAppend(t, j, batch(150, 170))

	var got []int64
	q := Query{From: record(90).Time, Equal: []Match{{"event.dataset", "access"}}}
	err := mustView(t, dir).Records(t.Context(), q, func(r *Record) error {
		got = append(got, r.Offset/131)
		return nil
	})
	var want []int64
	for n := int64(90); n < 170; n++ {
		if n%3 == 2 {
			want = append(want, n)
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Records = %v, %v, want %v", got, err, want)
	}
	stop := errors.New("stop")
	if err := mustView(t, dir).Records(t.Context(), Query{}, func(*Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Records = %v, want what yield returned", err)
	}
	if r := mustVerify(t, dir); r.Records != 170 || r.Blocks != 2 || len(r.Damage) > 0 || r.Unfinished != 0 {
		t.Errorf("Verify = %+v, want 170 records in 2 blocks", r)
	}
	st, err := mustView(t, dir).Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Records != 170 || st.SealedRecords != 150 || st.Segments != 2 || st.Sealed != 1 || st.Bytes != j.storedBytes() ||
		!st.Oldest.Equal(record(0).Time) || !st.Newest.Equal(record(169).Time) {
		t.Errorf("Stats = %+v", st)
	}
	if len(st.Consumers) != 1 || st.Consumers[0].Records != 70 {
		t.Errorf("consumers = %+v, want es 70 behind", st.Consumers)
	}
	checkRecords(t, readAll(t, j), upTo(0, 170)...)
}

// TestVerifyCountsLoss has holes of known sizes.
func TestVerifyCountsLoss(t *testing.T) {
	t.Parallel()
	hot, edges := written(t)
	sealed, sealedEdges := sealedSegment(t)
	f := func(name string, data []byte, change func([]byte) []byte, unfinished int64, want ...Damage) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 1), change(slices.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := mustVerify(t, dir); !slices.Equal(r.Damage, want) || r.Unfinished != unfinished {
			t.Errorf("%s: Verify = %+v, want %+v", name, r, want)
		}
	}
	flipAt := func(at int64) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	f("whole", hot, func(b []byte) []byte { return b }, 0)
	f("header", hot, flipAt(edges[1]+20), 0, Damage{1, edges[1], edges[2], 3})
	f("body", hot, flipAt(edges[2]-3), 0, Damage{1, edges[1], edges[2], 3})
	f("first", hot, flipAt(edges[0]+20), 0, Damage{1, edges[0], edges[1], -1})
	f("torn", hot, func(b []byte) []byte { return b[:len(b)-5] }, edges[3]-edges[2]-5)
	f("sealed", sealed, flipAt(sealedEdges[1]-3), 0, Damage{1, sealedEdges[0], sealedEdges[1], 2000})
	f("end of sealed", sealed, flipAt(sealedEdges[3]-3), 0, Damage{1, sealedEdges[2], sealedEdges[3], 100})
}

func TestViewOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := OpenView("/nowhere/journal"); err == nil || err.Error() != "there is no journal in /nowhere" {
		t.Errorf("OpenView = %v, want it to say that there is none", err)
	}
	dir := t.TempDir()
	if r := mustVerify(t, dir); r.Records != 0 || len(r.Damage) > 0 {
		t.Errorf("Verify of an empty folder = %+v", r)
	}
	if st, err := mustView(t, dir).Stats(t.Context()); err != nil || !st.Oldest.Equal(time.Time{}) {
		t.Errorf("Stats of an empty folder = %+v, %v", st, err)
	}
}
