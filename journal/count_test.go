package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"gatewatch/event"
)

func mustCount(t testing.TB, j *Journal, q CountQuery) Counts {
	t.Helper()
	c, err := j.Count(t.Context(), q)
	if err != nil {
		t.Fatalf("Count(%+v): %v", q, err)
	}
	return c
}

// countOracle counts the slow and plain way, in decoded documents. The order of the result is not that of Count.
func countOracle(records []Record, q CountQuery) map[string]int {
	counts := map[string]int{}
	for _, r := range records {
		if !q.From.IsZero() && r.Time.Before(q.From) || !q.To.IsZero() && !r.Time.Before(q.To) {
			continue
		}
		doc := decodeNumbers(r.Document)
		at, values := time.Time{}, []string{}
		if q.Every > 0 {
			at = r.Time.Add(-time.Duration(r.Time.UnixNano() % int64(q.Every)))
		}
		for _, name := range q.By {
			text := ""
			if v, found := doc[name]; found && name != "fields" {
				text = fmt.Sprint(v)
			}
			values = append(values, text)
		}
		counts[fmt.Sprint(at.UTC(), values)]++
	}
	return counts
}

// countable returns the n-th record of a test: with fields that are there or not, of few values or many.
func countable(r *rand.Rand, n int, at time.Time) Record {
	at = at.Add(time.Duration(r.IntN(3000)-1000) * time.Millisecond).Truncate(time.Millisecond)
	doc := fmt.Appendf(nil, `{"@timestamp":"%s","message":"\"payment.provider\":\"no\" %d"`, at.Format("2006-01-02T15:04:05.000Z"), r.IntN(1000))
	if r.IntN(5) > 0 {
		names := []string{"alipay", "wechatpay", `a "quoted"`, "银联"}
		doc = append(append(doc, `,"payment.provider":`...), event.AppendJSONString(nil, names[r.IntN(len(names))])...)
	}
	if r.IntN(3) > 0 {
		doc = fmt.Appendf(doc, `,"http.response.status_code":%d`, 200+r.IntN(3))
	}
	if r.IntN(3) > 0 {
		doc = fmt.Appendf(doc, `,"payment.order_id":"%d"`, r.IntN(100))
	}
	if r.IntN(2) > 0 {
		doc = append(doc, `,"fields":{"payment.outcome":"inner","payment.provider":"inner","fields":{"a":1}}`...)
	}
	return Record{Source: sourceA, Offset: int64(n), Time: at, Document: append(doc, '}')}
}

// TestCountOracle compares counts with those of decoded documents, over sealed, unsealed and damaged segments.
func TestCountOracle(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 9))
	dir := t.TempDir()
	j := mustOpenOn(t, dir, config(), realDisk{})
	n, at := 0, epoch
	for part := range 4 {
		for range 1 + r.IntN(20) {
			var b Batch
			for range 1 + r.IntN(300) {
				b.Records = append(b.Records, countable(r, n, at))
				n, at = n+1, at.Add(time.Duration(r.IntN(200))*time.Millisecond)
			}
			mustAppend(t, j, b)
		}
		if retire(j); part < 3 {
			j.sealAll()
		}
	}
	fields := []string{"payment.provider", "http.response.status_code", "payment.order_id", "payment.outcome", "fields", "message", "unknown", "@timestamp"}
	check := func() {
		t.Helper()
		records := readAll(t, j)
		for range 60 {
			q := CountQuery{Limit: MaxCounts}
			for range r.IntN(4) {
				q.By = append(q.By, fields[r.IntN(len(fields))])
			}
			q.Every = []time.Duration{0, time.Minute, 7 * time.Second}[r.IntN(3)]
			if span := at.Sub(epoch); r.IntN(2) == 0 {
				q.From = epoch.Add(time.Duration(r.Int64N(int64(span))))
				q.To = q.From.Add(time.Duration(r.Int64N(int64(span))))
			}
			got, counts := mustCount(t, j, q), map[string]int{}
			for _, c := range got.Counts {
				counts[fmt.Sprint(c.Time, c.Values)] += c.Records
			}
			if want := countOracle(records, q); !reflect.DeepEqual(counts, want) || !got.Complete || got.Others != 0 {
				t.Fatalf("seed %d: Count(%+v) = %v (complete %v), want %v", seed, q, counts, got.Complete, want)
			}
		}
	}
	check()
	for _, s := range j.segments[:2] {
		data, err := os.ReadFile(segmentPath(dir, s.number))
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-9] ^= 1
		if err := os.WriteFile(segmentPath(dir, s.number), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check()
}

// TestCountLimits has more values than are wanted, no time left, and an end.
// TestCountLargeBatch counts by two fields of many values in a block of more records than there are cells to count in.
func TestCountLargeBatch(t *testing.T) {
	t.Parallel()
	j := mustOpenOn(t, t.TempDir(), config(), realDisk{})
	var b Batch
	for n := range 20_000 {
		doc := fmt.Appendf(nil, `{"@timestamp":"%s","a":"v%d","b":"w%d"}`, epoch.Format(time.RFC3339), n%150, n%149)
		b.Records = append(b.Records, Record{Source: &event.Source{ID: 1}, Offset: int64(n), Time: epoch, Document: doc})
	}
	mustAppend(t, j, b)
	retire(j)
	j.sealAll()
	total := mustCount(t, j, CountQuery{By: []string{"a", "b"}, Limit: 10}).Others
	for _, c := range mustCount(t, j, CountQuery{By: []string{"a", "b"}, Limit: 10}).Counts {
		total += c.Records
	}
	if total != 20_000 {
		t.Errorf("counted %d records, want 20000", total)
	}
}

func TestCountLimits(t *testing.T) {
	t.Parallel()
	j := mustOpenOn(t, t.TempDir(), config(), realDisk{})
	mustAppend(t, j, batch(0, 1000))
	mustSeal(t, j)
	mustAppend(t, j, batch(1000, 1100))

	got := mustCount(t, j, CountQuery{By: []string{"payment.order_id"}, Limit: 30})
	if len(got.Counts) != 30 || got.Others != 1070 || !got.Complete || got.Scanned != 1100 {
		t.Errorf("%d counts, %d others, complete %v, scanned %d; want 30, 1070, true, 1100", len(got.Counts), got.Others, got.Complete, got.Scanned)
	}
	got = mustCount(t, j, CountQuery{Every: time.Second})
	sum := 0
	for _, c := range got.Counts {
		sum += c.Records
	}
	first := Count{Time: epoch, Records: 143}
	if sum != 1100 || !reflect.DeepEqual(got.Counts[0], first) || !slices.IsSortedFunc(got.Counts, func(a, b Count) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("%d records in %+v, want 1100 in the order of time from %+v on", sum, got.Counts, first)
	}
	if got = mustCount(t, j, CountQuery{Budget: 1}); got.Complete || got.Reached.IsZero() {
		t.Errorf("Count without time: complete %v, reached %v", got.Complete, got.Reached)
	}
	mustClose(t, j)
	if _, err := j.Count(t.Context(), CountQuery{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Count after Close: %v, want ErrClosed", err)
	}
}

// BenchmarkCount counts a million events (a tenth with -short) by provider, outcome and minute.
func BenchmarkCount(b *testing.B) {
	j, p := million(b)
	minute := epoch.Add(time.Duration(p.n/2) * time.Millisecond)
	by := []string{"payment.provider", "payment.outcome"}
	for _, c := range []struct {
		name  string
		query CountQuery
	}{
		{"provider-minute", CountQuery{By: by[:1], Every: time.Minute}},
		{"provider-outcome-minute", CountQuery{By: by, Every: time.Minute}},
		{"provider-outcome-second", CountQuery{By: by, Every: time.Second, Limit: MaxCounts}},
		{"one-minute", CountQuery{By: by, From: minute, To: minute.Add(time.Minute)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			cpu := cpuTime(b)
			var got Counts
			for b.Loop() {
				got = mustCount(b, j, c.query)
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N)/1e6, "cpu-ms/op")
			b.ReportMetric(float64(len(got.Counts)), "counts")
			b.ReportMetric(float64(got.Scanned), "scanned")
		})
	}
}
