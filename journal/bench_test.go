package journal

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sys/unix"
)

// payments makes documents like those of a gateway's log, about 350 bytes each.
type payments struct {
	r *rand.Rand
	n int
}

func newPayments() *payments { return &payments{r: rand.New(rand.NewPCG(1, 2))} }

func (p *payments) traceID(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
}

func (p *payments) document(dst []byte) ([]byte, time.Time) {
	pick := func(all ...string) string { return all[p.r.IntN(len(all))] }
	at := epoch.Add(time.Duration(p.n) * time.Millisecond)
	outcome, level, message := "approved", "info", "charge authorized by provider"
	switch k := p.r.IntN(1000); {
	case k < 8:
		outcome, level, message = "provider_down", "error", "渠道超时，稍后重试"
	case k < 40:
		outcome, level, message = "customer", "warn", "余额不足"
	}
	dst = fmt.Appendf(dst, `{"@timestamp":"%s","log.level":"%s","message":"%s","trace.id":"%s","event.duration":%d,`+
		`"payment.provider":"%s","payment.method":"%s","payment.amount":%d,"payment.currency":"%s","payment.order_id":"P%018d",`+
		`"payment.outcome":"%s"}`,
		at.Format("2006-01-02T15:04:05.000Z"), level, message, p.traceID(p.n), 20e6+p.r.Int64N(120e6),
		pick("stripe", "adyen", "alipay", "wechatpay", "unionpay", "paypal"), pick("card", "wallet", "qr"),
		100+p.r.IntN(500000), pick("CNY", "USD", "EUR", "HKD"), 20261122000000000+p.n*37, outcome)
	p.n++
	return dst, at
}

// batches returns n batches of size records.
func (p *payments) batches(n, size int) []Batch {
	all := make([]Batch, n)
	for i := range all {
		for k := range size {
			doc, at := p.document(nil)
			all[i].Records = append(all[i].Records, Record{Source: sourceA, Offset: int64(i*size+k) * 340, Time: at, Document: doc})
		}
		all[i].Marks = map[string][]byte{"pay.log": fmt.Append(nil, i)}
	}
	return all
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{16, 512, 2048} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkAppend(b, size, config(), nil) })
	}
	b.Run("512-consumer", func(b *testing.B) {
		benchmarkAppend(b, 512, config(), func(j *Journal) { mustConsumer(b, j, "es") })
	})
	each, never := config(), config()
	each.SyncEvery, never.SyncEvery = 0, model.Duration(time.Hour)
	b.Run("512-sync-each", func(b *testing.B) { benchmarkAppend(b, 512, each, nil) })
	b.Run("512-sync-never", func(b *testing.B) { benchmarkAppend(b, 512, never, nil) })
}

func benchmarkAppend(b *testing.B, size int, cfg Config, prepare func(*Journal)) {
	j := mustOpenOn(b, b.TempDir(), cfg, realDisk{}) // sealing is measured by itself
	if prepare != nil {
		prepare(j)
	}
	all := newPayments().batches(8192/size, size)
	documents := 0
	for _, one := range all {
		for _, r := range one.Records {
			documents += len(r.Document)
		}
	}
	b.ResetTimer()
	events, cpu := 0, cpuTime(b)
	for b.Loop() {
		mustAppend(b, j, all[events/size%len(all)])
		events += size
	}
	b.ReportMetric(float64(cpuTime(b)-cpu)/float64(events), "cpu-ns/event")
	b.ReportMetric(float64(j.lagBytes(Position{}))/float64(events), "disk-B/event")
	b.ReportMetric(float64(documents)/8192, "B/event")
}

// BenchmarkOpen opens a journal whose newest segment is full.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j := mustOpen(b, dir, config())
	p := newPayments()
	for j.lagBytes(Position{}) < maxSegmentSize-1<<20 {
		mustAppend(b, j, p.batches(1, 512)...)
	}
	mustClose(b, j)
	for b.Loop() {
		mustClose(b, mustOpen(b, dir, config()))
	}
	b.ReportMetric(float64(p.n), "events")
}

func BenchmarkEncode(b *testing.B) {
	one := newPayments().batches(1, 512)[0]
	e := newEncoder()
	run := func(name string, work func()) {
		b.Run(name, func(b *testing.B) {
			cpu := cpuTime(b)
			for b.Loop() {
				work()
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/512/float64(b.N), "cpu-ns/event")
		})
	}
	run("all", func() { e.encode(&one) })
	b.Logf("body %d bytes", len(e.body))
}

// cpuTime returns the CPU time of the process: on a busy machine it says more than the clock.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSeal seals one full segment.
func BenchmarkSeal(b *testing.B) {
	j := mustOpenOn(b, b.TempDir(), config(), realDisk{})
	p := newPayments()
	for len(j.segments) < 2 {
		mustAppend(b, j, p.batches(1, 512)...)
	}
	s := *j.segments[0]
	var h segmentHeader
	var size int64
	cpu := cpuTime(b)
	for b.Loop() {
		out, err := realDisk{}.open(filepath.Join(b.TempDir(), "sealed"), true)
		if err != nil {
			b.Fatal(err)
		}
		if h, size, err = j.pack(out, s); err != nil {
			b.Fatal(err)
		}
		out.Close()
	}
	events := float64(h.records)
	b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N)/events, "cpu-ns/event")
	b.ReportMetric(float64(size)/events, "sealed-B/event")
	b.ReportMetric(float64(s.stored)/events, "hot-B/event")
}

// million returns a journal of a million events (a tenth with -short) in blocks of 512, sealed but for the newest segment.
func million(b *testing.B) (*Journal, *payments) {
	blocks := 1954
	if testing.Short() {
		blocks /= 10
	}
	j := mustOpenOn(b, b.TempDir(), config(), realDisk{})
	p := newPayments()
	for range blocks {
		mustAppend(b, j, p.batches(1, 512)...)
	}
	j.sealAll() // all but the newest segment
	b.Logf("%d events in %d segments, %.1f bytes each", p.n, len(j.segments), float64(j.lagBytes(Position{}))/float64(p.n))
	return j, p
}

func BenchmarkSearch(b *testing.B) {
	j, p := million(b)
	minute := epoch.Add(time.Duration(p.n/2) * time.Millisecond)
	for _, c := range []struct {
		name  string
		query Query
		hits  int
	}{
		{"newest-100", Query{}, 100},
		{"trace-id", Query{Equal: []Match{{"trace.id", p.traceID(p.n / 3)}}}, 1},
		{"trace-id-word", Query{Words: []string{p.traceID(p.n / 3)}}, 1},
		{"trace-id-unknown", Query{Words: []string{"00000000000000000000000000000000"}}, 0},
		{"order-id-word", Query{Words: []string{fmt.Sprintf("P%018d", 20261122000000000+5000*37)}}, 1},
		{"chinese-common", Query{Words: []string{"超时"}}, 100},
		{"chinese-unknown", Query{Words: []string{"退款"}}, 0},
		{"minute-word", Query{From: minute, To: minute.Add(time.Minute), Words: []string{"provider_down"}, Limit: MaxHits}, -1},
		{"wildcard-all", Query{Words: []string{"*nothingofthekind*"}}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			scanned, cpu := 0, cpuTime(b)
			for b.Loop() {
				r := mustSearch(b, j, c.query)
				if len(r.Hits) != c.hits && c.hits >= 0 {
					b.Fatalf("%d hits, want %d", len(r.Hits), c.hits)
				}
				scanned = r.Scanned
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N)/1e6, "cpu-ms/op")
			b.ReportMetric(float64(scanned), "scanned")
		})
	}
}
