package parse_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

// benchmark parses the records of a golden log again and again and finds their facts.
func benchmark(b *testing.B, format, path string) {
	p, all := load(b, format, path)
	names := newNames(b, nil, time.UTC)
	ev := &event.Event{}
	measure(b, all, func(raw []byte) {
		ev.Reset()
		ev.Raw = raw
		p.Parse(ev)
		names.Assign(ev)
	})
}

func load(b *testing.B, format, path string) (parse.Parser, [][]byte) {
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	p, err := parse.New(format)
	if err != nil {
		b.Fatal(err)
	}
	return p, records(p, text)
}

// measure calls do with one record after the other, and reports CPU time beside wall time: other work on the machine
// does not count.
func measure(b *testing.B, all [][]byte, do func(raw []byte)) {
	size := 0
	for _, raw := range all {
		size += len(raw)
	}
	b.SetBytes(int64(size / len(all)))
	b.ReportAllocs()
	before := cpuTime()
	for i := 0; b.Loop(); i++ {
		do(all[i%len(all)])
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

func BenchmarkJSON(b *testing.B)    { benchmark(b, "json", "testdata/json_bench.log") }
func BenchmarkNginx(b *testing.B)   { benchmark(b, "nginx", "testdata/nginx_bench.log") }
func BenchmarkLogback(b *testing.B) { benchmark(b, "logback", "testdata/logback_jeepay.log") }

func BenchmarkJSONParse(b *testing.B) {
	p, all := load(b, "json", "testdata/json_bench.log")
	ev := &event.Event{}
	measure(b, all, func(raw []byte) {
		ev.Reset()
		ev.Raw = raw
		p.Parse(ev)
	})
}
