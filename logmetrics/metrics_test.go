package logmetrics

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	appLog    = &event.Source{Dataset: "app"}
	accessLog = &event.Source{Dataset: "access", Labels: map[string]string{"service": "checkout"}}
)

// attempt returns the event of a declined payment of CNY 12.50 that took 1.2 s.
func attempt() *event.Event {
	ev := &event.Event{Source: appLog, Duration: 1200 * time.Millisecond, Payment: event.Payment{
		Provider: "wechatpay", Method: "qr", Operation: "authorize", Outcome: event.Customer, Code: "NOTENOUGH",
		Currency: "CNY", Amount: 1250, HasAmount: true,
	}}
	ev.SetFact(event.Level, []byte("warn"))
	return ev
}

// request returns the event of a request that took 30 ms.
func request() *event.Event {
	ev := &event.Event{Source: accessLog, Duration: 30 * time.Millisecond, Status: 200}
	ev.SetFact(event.HTTPMethod, []byte("POST"))
	ev.SetFact(event.BodyBytes, []byte("512"))
	return ev
}

// versioned returns the event of an answer of a provider's API, with the headers Deprecation and Sunset. Those of each
// deprecation are of a version of their own.
func versioned(deprecation, sunset string) *event.Event {
	ev := attempt()
	ev.SetFact(event.URL, []byte("https://api.example.com/v3"+deprecation+"/pay"))
	if deprecation != "" {
		ev.SetFact(event.APIDeprecation, []byte(deprecation))
		ev.SetFact(event.APISunset, []byte(sunset))
	}
	return ev
}

func TestObserve(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, ev *event.Event, metric, want string) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		New(reg, Limits{}).Observe(ev)
		expectSamples(t, reg, metric, want)
	}
	change := func(ev *event.Event, do func(ev *event.Event)) *event.Event { do(ev); return ev }
	pay := func(do func(p *event.Payment)) *event.Event {
		return change(attempt(), func(ev *event.Event) { do(&ev.Payment) })
	}

	f(t, attempt(), "payment_attempts_total", `{method="qr",outcome="customer",provider="wechatpay"} 1`)
	f(t, attempt(), "payment_codes_total", `{code="NOTENOUGH",outcome="customer",provider="wechatpay"} 1`)
	f(t, attempt(), "payment_amount_total", `{currency="CNY",outcome="customer",provider="wechatpay"} 12.5`)
	f(t, attempt(), "log_records_total", `{dataset="app",level="warn"} 1`)
	f(t, attempt(), "gateway_http_requests_total", "")
	f(t, request(), "gateway_http_requests_total", `{code="200",method="POST",service="checkout"} 1`)
	f(t, request(), "gateway_http_response_bytes_total", `{service="checkout"} 512`)
	f(t, request(), "log_records_total", `{dataset="access",level="unknown"} 1`)
	f(t, request(), "payment_attempts_total", "")

	// What a record does not say has a value of its own, never an empty label.
	f(t, pay(func(p *event.Payment) { p.Method = "" }), "payment_attempts_total",
		`{method="unknown",outcome="customer",provider="wechatpay"} 1`)
	f(t, pay(func(p *event.Payment) { p.Code = "" }), "payment_codes_total", "")
	f(t, change(request(), func(ev *event.Event) { ev.Status = 0 }), "gateway_http_requests_total",
		`{code="unknown",method="POST",service="checkout"} 1`)
	f(t, change(request(), func(ev *event.Event) { ev.Status = 1 << 40 }), "gateway_http_requests_total",
		`{code="unknown",method="POST",service="checkout"} 1`)
	f(t, change(request(), func(ev *event.Event) { ev.SetFact(event.HTTPMethod, []byte("BREW")) }),
		"gateway_http_requests_total", `{code="200",method="other",service="checkout"} 1`)
	f(t, change(request(), func(ev *event.Event) { ev.SetFact(event.BodyBytes, []byte("-")) }),
		"gateway_http_response_bytes_total", `{service="checkout"} 0`)
	f(t, change(request(), func(ev *event.Event) { ev.Source = &event.Source{Dataset: "access"} }),
		"gateway_http_requests_total", `{code="200",method="POST",service="unknown"} 1`)

	// Queries and callbacks are no attempts; only new money adds to the amounts, in the unit of its currency.
	f(t, pay(func(p *event.Payment) { p.Operation = "query" }), "payment_attempts_total", "")
	f(t, pay(func(p *event.Payment) { p.Operation = "capture" }), "payment_amount_total", "")
	f(t, pay(func(p *event.Payment) { p.Currency = "JPY" }), "payment_amount_total",
		`{currency="JPY",outcome="customer",provider="wechatpay"} 1250`)
	f(t, pay(func(p *event.Payment) { p.Currency = "KWD" }), "payment_amount_total",
		`{currency="KWD",outcome="customer",provider="wechatpay"} 1.25`)
	f(t, pay(func(p *event.Payment) { p.Amount = -1 }), "payment_amount_total", "")

	// A malformed record is counted as such and as nothing else.
	malformed := func(ev *event.Event) { ev.Malformed = "not JSON" }
	f(t, change(attempt(), malformed), "log_malformed_total", `{dataset="app"} 1`)
	f(t, change(attempt(), malformed), "payment_attempts_total", "")
	f(t, change(request(), malformed), "gateway_http_requests_total", "")

	// Bad text in a label is cleaned, not fatal.
	f(t, pay(func(p *event.Payment) { p.Code = "\xff超时" + strings.Repeat("x", 100) }), "payment_codes_total",
		`{code="超时`+strings.Repeat("x", 57)+`",outcome="customer",provider="wechatpay"} 1`)
	f(t, pay(func(p *event.Payment) { p.Provider = "\xff" }), "payment_attempts_total",
		`{method="qr",outcome="customer",provider="unknown"} 1`)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m := New(reg, Limits{Codes: 2, Providers: 1})
	for i := range 5 {
		ev := attempt()
		ev.Payment.Code = fmt.Sprintf("E%d", i)
		m.Observe(ev)
	}
	ev := attempt()
	ev.Payment.Provider = "newcomer"
	m.Observe(ev)
	expectSamples(t, reg, "payment_codes_total", `{code="E0",outcome="customer",provider="wechatpay"} 1
{code="E1",outcome="customer",provider="wechatpay"} 1
{code="NOTENOUGH",outcome="customer",provider="other"} 1
{code="other",outcome="customer",provider="wechatpay"} 3`)
	expectSamples(t, reg, "gatewatch_label_overflow_total", `{label="api_version"} 0
{label="code"} 3
{label="currency"} 0
{label="dataset"} 0
{label="login_address"} 0
{label="method"} 0
{label="operation"} 0
{label="payer"} 0
{label="provider"} 1
{label="service"} 0
{label="unclassed"} 0
{label="upstream"} 0`)
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m := New(reg, Limits{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				ev := attempt()
				ev.Payment.Code = fmt.Sprintf("E%d", (g+i)%60)
				m.Observe(ev)
			}
		})
	}
	wg.Wait()
	expectSamples(t, reg, "payment_attempts_total", `{method="qr",outcome="customer",provider="wechatpay"} 4000`)
	if n := testutil.CollectAndCount(reg, "payment_codes_total"); n != 51 {
		t.Errorf("payment_codes_total has %d series, want 51", n)
	}
}

// TestNames pins the name, type and labels of every metric.
func TestNames(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m := New(reg, Limits{})
	m.Observe(attempt())
	m.Observe(request())
	m.Observe(tried("pay", "10.0.0.7:80", "200", "0.1"))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		fmt.Fprintf(&b, "%s %s {%s}\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ","))
		if h := f.Metric[0].Histogram; h != nil && (h.Schema == nil || len(h.Bucket) == 0) {
			t.Errorf("%s is not both a native and a classic histogram", f.GetName())
		}
	}
	const golden = "testdata/metrics.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("metrics are\n%swant\n%s", b.String(), want)
	}
}

// expectSamples compares the samples of one metric, written as lines of the exposition format without the name.
func expectSamples(t *testing.T, reg prometheus.Gatherer, metric, want string) {
	t.Helper()
	if got := samplesOf(t, reg, metric); got != want {
		t.Errorf("%s =\n%s\nwant\n%s", metric, got, want)
	}
}

// samplesOf returns labels and value of each series of a counter, a line each.
func samplesOf(t *testing.T, reg prometheus.Gatherer, metric string) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			lines = append(lines, fmt.Sprintf("{%s} %v", strings.Join(labels, ","), m.Counter.GetValue()))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestObserveAllocatesNothing(t *testing.T) {
	m := New(prometheus.NewRegistry(), Limits{})
	events := []*event.Event{attempt(), request(), tried("pay", "10.0.0.7:80, 10.0.0.8:80", "502, 200", "0.1, 0.2"), versioned("", ""),
		versioned("@1688169599", "Sat, 31 Dec 2028 23:59:59 GMT"), versioned("false", "soon")}
	if n := testing.AllocsPerRun(100, func() {
		for _, ev := range events {
			m.Observe(ev)
		}
	}); n != 0 {
		t.Errorf("Observe allocates %v times for known events, want 0", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	for _, bb := range []struct {
		name string
		ev   *event.Event
	}{{"attempt", attempt()}, {"request", request()}} {
		b.Run(bb.name, func(b *testing.B) {
			m := New(prometheus.NewRegistry(), Limits{})
			b.ReportAllocs()
			for b.Loop() {
				m.Observe(bb.ev)
			}
		})
	}
}
