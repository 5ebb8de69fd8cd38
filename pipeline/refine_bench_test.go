package pipeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/parse"
	"gatewatch/payment"
	"gatewatch/redact"
)

// The records of the benchmarks: enough for their values to vary, few enough to stay in a processor's cache, as lines
// just read from a file do.
const benchRecords = 2000

func BenchmarkRefineJSON(b *testing.B)    { benchmarkRefine(b, "json", benchJSON) }
func BenchmarkRefineNginx(b *testing.B)   { benchmarkRefine(b, "nginx", benchNginx) }
func BenchmarkRefineLogback(b *testing.B) { benchmarkRefine(b, "logback", benchLogback) }

// benchmarkRefine measures what a record costs from its text to its document: redact, parse, names, payment,
// document. It reports CPU time beside wall time, so that other work on the machine does not count.
func benchmarkRefine(b *testing.B, format string, write func(*rand.Rand, int) string) {
	reg := prometheus.NewRegistry()
	classifier, err := payment.New("")
	if err != nil {
		b.Fatal(err)
	}
	refine, err := newRefiner(GroupConfig{Timezone: "UTC"}, Parts{Redactor: redact.New(redact.Config{}, reg), Classifier: classifier})
	if err != nil {
		b.Fatal(err)
	}
	parser, err := parse.New(format)
	if err != nil {
		b.Fatal(err)
	}
	var records [][]byte
	size := 0
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range benchRecords {
		records = append(records, []byte(write(rng, i)))
		size += len(records[i])
	}
	source := &event.Source{ID: 1, Path: "/var/log/gateway/gateway.log", Host: "pay-1", Dataset: parser.Dataset()}
	b.SetBytes(int64(size / benchRecords))
	b.ReportAllocs()
	before := benchCPU()
	var doc []byte
	for i := 0; b.Loop(); i++ {
		ev := refine.record(parser, source, int64(i), records[i%benchRecords])
		doc = event.AppendDocument(doc[:0], ev)
	}
	b.ReportMetric(float64(benchCPU()-before)/float64(b.N), "cpu-ns/op")
	if bytes.Contains(doc, []byte("pipeline_error")) {
		b.Errorf("not refined: %s", doc)
	}
}

func benchCPU() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

// benchTime is the time of the i-th record: a few thousand records a second.
func benchTime(i int) time.Time {
	return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 137 * time.Microsecond)
}

// benchResult draws how an attempt ended.
func benchResult(rng *rand.Rand) (level, status string, code int, message string) {
	switch p := rng.IntN(1000); {
	case p < 8:
		return "error", "timeout", 504, "provider timeout, will retry"
	case p < 40:
		return "warn", "declined", 402, "charge captured"
	}
	return "info", "ok", 200, oneOf(rng, "charge authorized by provider", "charge captured", "refund accepted")
}

func oneOf(rng *rand.Rand, names ...string) string { return names[rng.IntN(len(names))] }

func benchJSON(rng *rand.Rand, i int) string {
	level, status, code, message := benchResult(rng)
	return fmt.Sprintf(`{"time":"%s","level":"%s","merchant":"m_%06d","provider":"%s","method":"%s","amount":%d,"currency":"%s",`+
		`"status":"%s","http_status":%d,"latency_ms":%.3f,"trace_id":"T%012d%016x","card":"622202******%04d","client_ip":"10.%d.%d.%d","msg":"%s"}`,
		benchTime(i).Format("2006-01-02T15:04:05.000Z"), level, 100000+rng.IntN(400)*37,
		oneOf(rng, "stripe", "adyen", "alipay", "wechatpay", "unionpay", "paypal", "worldpay", "checkout"),
		oneOf(rng, "card", "wallet", "qr", "bank_transfer", "apple_pay"), 100+rng.IntN(500000),
		oneOf(rng, "CNY", "USD", "EUR", "GBP", "JPY", "HKD"), status, code, 20+rng.ExpFloat64()*120, i, rng.Uint64(),
		rng.IntN(10000), rng.IntN(256), rng.IntN(256), rng.IntN(256), message)
}

func benchNginx(rng *rand.Rand, i int) string {
	_, _, code, _ := benchResult(rng)
	return fmt.Sprintf(`10.%d.%d.%d - - [%s] "POST /v1/%s?t=T%012d HTTP/1.1" %d %d "https://shop.example/checkout" `+
		`"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" %.3f`,
		rng.IntN(256), rng.IntN(256), rng.IntN(256), benchTime(i).Format("02/Jan/2006:15:04:05 -0700"),
		oneOf(rng, "charges", "refunds", "payouts", "tokens"), i, code, 200+rng.IntN(2000), 0.02+rng.ExpFloat64()*0.12)
}

func benchLogback(rng *rand.Rand, i int) string {
	_, status, _, _ := benchResult(rng)
	code := map[string]string{"ok": "SUCCESS", "declined": "NOTENOUGH", "timeout": "SYSTEM_ERROR"}[status]
	return fmt.Sprintf("%s INFO  [http-nio-9216-exec-%d] [c.p.g.channel.ChannelPayService] - 下单 mchNo=M%d, payOrderId=P%020d, "+
		"ifCode=%s, wayCode=%s, amount=%d, currency=cny, code=%s, 耗时=%dms, traceId=%016x%016x",
		benchTime(i).Format("2006-01-02 15:04:05.000"), rng.IntN(60), 1621873000+rng.IntN(40), i, oneOf(rng, "wxpay", "alipay", "ysfpay"),
		oneOf(rng, "WX_JSAPI", "ALI_QR", "YSF_BAR"), rng.IntN(500000), code, 20+rng.IntN(400), rng.Uint64(), rng.Uint64())
}
