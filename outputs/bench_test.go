package outputs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"gatewatch/journal"
)

// sinkEnv makes the test program a server that agrees to every bulk request, in a process of its own.
const sinkEnv = "GATEWATCH_BENCH_SINK"

// runSink serves until its standard input ends, and prints its address first.
func runSink() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		if !strings.HasSuffix(r.URL.Path, "/_bulk") {
			io.WriteString(w, `{"version":{"number":"8.19.21"},"index_templates":[{"index_template":{}}]}`)
			return
		}
		lines, buf := 0, make([]byte, 64<<10)
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = unpacked
		}
		for {
			n, err := body.Read(buf)
			lines += bytes.Count(buf[:n], []byte{'\n'})
			if err != nil {
				break
			}
		}
		io.WriteString(w, `{"errors":false,"items":[`+strings.Repeat(`{"create":{"status":201}},`, lines/2-1)+`{"create":{"status":201}}]}`)
	}))
	fmt.Println(server.URL)
	io.Copy(io.Discard, os.Stdin)
	server.Close()
}

func startSink(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), sinkEnv+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// endless is a Feed that gives the same block n times.
type endless struct {
	records []journal.Record
	left    int
	given   int64
	last    journal.Position
	all     chan struct{}
}

func (f *endless) Next(ctx context.Context) (journal.Block, error) {
	if f.left == 0 {
		<-ctx.Done()
		return journal.Block{}, ctx.Err()
	}
	f.left--
	f.given++
	return journal.Block{Records: f.records, Next: journal.Position{Segment: 1, Offset: f.given}}, nil
}

func (f *endless) Ack(p journal.Position) error {
	if p == f.last {
		close(f.all)
	}
	return nil
}

// cpu returns what this process has used of the processors, in nanoseconds: by itself, and the kernel for it.
func cpu(b *testing.B) (user, system int64) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return use.Utime.Nano(), use.Stime.Nano()
}

// BenchmarkDeliver is all that delivery costs this process, through real connections to a server in another one:
// 350-byte documents in blocks as the journal's.
func BenchmarkDeliver(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkDeliver(b, false) })
	b.Run("gzip", func(b *testing.B) { benchmarkDeliver(b, true) })
}

func benchmarkDeliver(b *testing.B, packed bool) {
	const each = 512
	block := records(source(1, "app"), 0, each)
	for i := range block {
		block[i].Document = fmt.Appendf(nil, `{"@timestamp":"2026-11-22T08:00:00.000Z","log.level":"info","message":"payment %d","event.duration":1230000000,`+
			`"http.response.status_code":200,"payment.provider":"wechatpay","payment.method":"qr","payment.amount":12990,"payment.currency":"CNY",`+
			`"payment.order_id":"20261122000%d","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","payment.outcome":"success","event.outcome":"success","fields":{"n":%d}}`, i, i, i)
	}
	cfg := config()
	cfg.URLs, cfg.Gzip = []string{startSink(b)}, packed
	blocks := (b.N + each - 1) / each
	f := &endless{records: block, left: blocks, last: journal.Position{Segment: 1, Offset: int64(blocks)}, all: make(chan struct{})}
	r := newRig(b, cfg, f, nil)
	b.ReportAllocs()
	b.ResetTimer()
	user, system := cpu(b)
	stop := r.start(b)
	<-f.all
	stop()
	user2, system2 := cpu(b)
	events := float64(blocks * each)
	b.ReportMetric(float64(user2-user)/events, "user-ns/event")
	b.ReportMetric(float64(system2-system)/events, "sys-ns/event")
	b.ReportMetric(float64(user2-user+system2-system)/events, "cpu-ns/event")
}

// BenchmarkBody is the output's own work for an event: constants and document into the body of a request.
func BenchmarkBody(b *testing.B) {
	block := journal.Block{Records: records(source(1, "app"), 0, 2000)}
	s := streams{namespace: "default"}
	var body []byte
	var items []item
	b.ReportAllocs()
	for b.Loop() {
		items = s.appendItems(items[:0], block.Records)
		body = appendBody(body[:0], items, items[0].stream.index)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(block.Records)), "ns/event")
	b.SetBytes(int64(len(body)))
}

// BenchmarkAnswer is the reading of an answer in which all is well.
func BenchmarkAnswer(b *testing.B) {
	answer := []byte(`{"errors":false,"items":[`)
	const n = 2000
	for i := range n {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = append(answer, `{"create":{"status":201}}`...)
	}
	answer = append(answer, `]}`...)
	for b.Loop() {
		if verdicts, err := parseAnswer(answer, n); verdicts != nil || err != nil {
			b.Fatal(verdicts, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}
