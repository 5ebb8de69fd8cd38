package parse_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/internal/faults/gatewaylog"
	"gatewatch/parse"
)

// benchLines is how many different lines are read again and again: enough for a processor not to learn them by heart.
const benchLines = 4000

func BenchmarkJSON(b *testing.B)  { benchmark(b, "json", made(gatewaylog.JSON)) }
func BenchmarkNginx(b *testing.B) { benchmark(b, "nginx", made(gatewaylog.Nginx)) }

// BenchmarkMixed reads records of two kinds in turns.
func BenchmarkMixed(b *testing.B) {
	text := made(gatewaylog.JSON)
	other := bytes.ReplaceAll(text, []byte(`"status":"ok",`), []byte(`"state":"ok","shop":"m",`))
	var mixed []byte
	for one := range bytes.Lines(text) {
		mixed = append(mixed, one...)
		two := other[:bytes.IndexByte(other, '\n')+1]
		mixed, other = append(mixed, two...), other[len(two):]
	}
	benchmark(b, "json", mixed)
}

func BenchmarkLogback(b *testing.B) {
	text, err := os.ReadFile("testdata/logback_jeepay.log")
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, "logback", text)
}

// made returns lines of a busy gateway.
func made(format string) []byte {
	lines := gatewaylog.NewLines(1)
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	var text []byte
	for n := range benchLines {
		text = lines.Append(text, format, n, at.Add(time.Duration(n)*137*time.Microsecond))
	}
	return text
}

// benchmark measures what a record costs: parsed, then with its facts, then with its document.
func benchmark(b *testing.B, format string, text []byte) {
	p, err := parse.New(format)
	if err != nil {
		b.Fatal(err)
	}
	all := records(p, bytes.TrimSuffix(text, []byte("\n")))
	names := newNames(b, nil, time.UTC)
	ev, doc := &event.Event{}, []byte(nil)
	parsed := func(raw []byte) {
		ev.Reset()
		ev.Raw = raw
		p.Parse(ev)
	}
	assigned := func(raw []byte) {
		parsed(raw)
		names.Assign(ev)
	}
	b.Run("parse", func(b *testing.B) { measure(b, all, parsed) })
	b.Run("names", func(b *testing.B) { measure(b, all, assigned) })
	b.Run("document", func(b *testing.B) {
		measure(b, all, func(raw []byte) {
			assigned(raw)
			doc = event.AppendDocument(doc[:0], ev)
		})
	})
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
