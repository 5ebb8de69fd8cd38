package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// world is a made-up gateway: payments that follow a plan, and a log of them. All that it answers depends on the time
// alone.
type world struct {
	mu        sync.Mutex
	now       func() time.Time
	incidents []Incident
	providers []fakeProvider
	extra     []Hit
	agent     Agent
	broken    error
	// since is when the agent began to count; zero is long ago.
	since time.Time

	queries, searches atomic.Int64
	lastQuery         LogQuery
}

type fakeProvider struct {
	name    string
	perMin  float64
	latency float64
	usual   map[string]float64
	// From fails on, until to, the shares are those of bad and the latency is badLatency.
	from, to   time.Time
	bad        map[string]float64
	badLatency float64
	codes      map[string]string
}

var start = time.Date(2026, 11, 22, 6, 9, 41, 0, time.UTC)

func fixed(t time.Time) func() time.Time { return func() time.Time { return t } }

// newWorld is a gateway where WeChat Pay fails on its side since seven minutes and Mastercard on ours.
func newWorld(now func() time.Time) *world {
	began := now().Add(-7 * time.Minute)
	w := &world{now: now}
	w.providers = []fakeProvider{
		{name: "wechatpay", perMin: 1204, latency: 0.6, from: began, badLatency: 6,
			usual: map[string]float64{"approved": .968, "customer": .03, "pending": .002},
			bad:   map[string]float64{"approved": .41, "provider_down": .36, "unknown_outcome": .2, "customer": .03},
			codes: map[string]string{"provider_down": "SYSTEM_ERROR", "customer": "NOTENOUGH"}},
		{name: "alipay", perMin: 2310, latency: 0.35, usual: map[string]float64{"approved": .976, "customer": .02, "pending": .004},
			codes: map[string]string{"customer": "ACQ.BUYER_BALANCE_NOT_ENOUGH"}},
		{name: "visa", perMin: 880, latency: 1.3, usual: map[string]float64{"approved": .931, "issuer_policy": .05, "customer": .019},
			codes: map[string]string{"issuer_policy": "05", "customer": "51"}},
		{name: "mastercard", perMin: 640, latency: 1.5, from: began.Add(2 * time.Minute), badLatency: 1.6,
			usual: map[string]float64{"approved": .938, "issuer_policy": .045, "customer": .017},
			bad:   map[string]float64{"approved": .89, "merchant_config": .05, "issuer_policy": .045, "customer": .015},
			codes: map[string]string{"merchant_config": "58", "issuer_policy": "05", "customer": "51"}},
		{name: "paypal", perMin: 312, latency: 0.8, usual: map[string]float64{"approved": .982, "customer": .018},
			codes: map[string]string{"customer": "PAYER_ACTION_REQUIRED"}},
	}
	w.incidents = []Incident{
		{ID: "a1", Name: "PaymentProviderDown", Severity: "critical", Provider: "wechatpay", Side: "provider", Since: began.Add(10 * time.Second),
			Reasons: []Reason{
				{"others_well", map[string]string{"en": "the other providers are well", "zh": "其他渠道正常"}},
				{"their_errors", map[string]string{"en": "they answer with their own system errors", "zh": "对方返回自身系统错误"}}},
			Summary:     map[string]string{"en": "WeChat Pay is failing", "zh": "微信支付异常"},
			Description: map[string]string{"en": "More than half of the attempts fail for technical reasons."},
			Labels:      map[string]string{"alertname": "PaymentProviderDown", "provider": "wechatpay", "severity": "critical"}},
		{ID: "a0", Name: "PaymentLatency", Severity: "warning", Provider: "visa", Since: now().Add(-50 * time.Minute), Until: now().Add(-41 * time.Minute),
			Summary: map[string]string{"en": "Visa is slow", "zh": "Visa 响应缓慢"}, Labels: map[string]string{"alertname": "PaymentLatency"}},
	}
	w.agent = Agent{
		Version: "0.1.0", Revision: "ffad4c1", GoVersion: "go1.26.8", Host: "pay-gw-03", Started: now().Add(-26 * time.Hour),
		Files: []File{
			{Path: "/var/log/gateway/pay.log", Format: "json", Offset: 41_301_212, Size: 41_301_212, Last: now()},
			{Path: "/var/log/nginx/access.log", Format: "nginx", Offset: 8_120_442, Size: 8_121_212, Last: now().Add(-2 * time.Second)},
		},
		Journal: Journal{Bytes: 812 << 20, MaxBytes: 2 << 30, Segments: 13, Oldest: now().Add(-26 * time.Hour)},
		Outputs: []Output{{Name: "Elasticsearch", Delivered: 1_204_331}},
		Config:  "data_dir: /var/lib/gatewatch\nalerting:\n  slack: {token: <redacted>, channel: \"#pay-alerts\"}\n",
	}
	return w
}

// share is the share of an outcome at a time, with some noise.
func (p *fakeProvider) share(outcome string, at time.Time) float64 {
	shares := p.usual
	if !p.from.IsZero() && !at.Before(p.from) && (p.to.IsZero() || at.Before(p.to)) {
		shares = p.bad
	}
	v := shares[outcome]
	return max(0, v+v*(1-v)*0.25*(noise(at, len(p.name)*31+len(outcome))-0.5))
}

// noise is between 0 and 1, and the same for ten seconds.
func noise(at time.Time, seed int) float64 {
	_, f := math.Modf(math.Abs(math.Sin(float64(at.Unix()/10)*12.9898+float64(seed)*78.233)) * 43758.5453)
	return f
}

func (p *fakeProvider) attempts(outcome string, at time.Time, span time.Duration) float64 {
	const steps = 4
	sum := 0.0
	for i := range steps {
		sum += p.share(outcome, at.Add(-span*time.Duration(i)/steps-time.Second))
	}
	return sum / steps * p.perMin * span.Minutes()
}

func (p *fakeProvider) quantile(q float64, at time.Time) float64 {
	l := p.latency
	if !p.from.IsZero() && !at.Before(p.from) && (p.to.IsZero() || at.Before(p.to)) {
		l = p.badLatency
	}
	return l * (0.9 + 0.2*noise(at, len(p.name)*7)) * map[bool]float64{true: 3, false: 1}[q > 0.9]
}

func technicalOutcome(name string) bool {
	o, _ := event.ParseOutcome(name)
	return o.Technical()
}

var window = regexp.MustCompile(`\[(\d+)s\]`)

func (w *world) Query(_ context.Context, expr string, at time.Time) ([]Sample, error) {
	w.queries.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return nil, w.broken
	}
	return w.eval(expr, at)
}

func (w *world) eval(expr string, at time.Time) ([]Sample, error) {
	span := time.Minute
	if m := window.FindStringSubmatch(expr); m != nil {
		n, _ := strconv.Atoi(m[1])
		span = time.Duration(n) * time.Second
	}
	if !w.since.IsZero() {
		span = max(0, min(span, at.Sub(w.since)))
	}
	one := func(v float64) ([]Sample, error) { return []Sample{{Value: v}}, nil }
	var all []Sample
	for i := range w.providers {
		p := &w.providers[i]
		labels := func(more ...string) map[string]string {
			l := map[string]string{"provider": p.name}
			for i := 0; i < len(more); i += 2 {
				l[more[i]] = more[i+1]
			}
			return l
		}
		switch {
		case strings.HasPrefix(expr, "sum by (provider, outcome)"):
			for _, o := range outcomeNames() {
				all = append(all, Sample{labels("outcome", o), p.attempts(o, at, span)})
			}
		case strings.HasPrefix(expr, "60 *"):
			all = append(all, Sample{labels(), p.perMin})
		case strings.HasPrefix(expr, "sum by (provider, code, outcome)"):
			for o, code := range p.codes {
				all = append(all, Sample{labels("outcome", o, "code", code), p.attempts(o, at, span)})
			}
		case strings.HasPrefix(expr, "histogram_quantile(0.95, sum by (provider"):
			all = append(all, Sample{labels(), p.quantile(.95, at)})
		case strings.HasPrefix(expr, "histogram_quantile(0.5, sum by (provider"):
			all = append(all, Sample{labels(), p.quantile(.5, at)})
		}
	}
	if all != nil {
		return all, nil
	}
	switch {
	case strings.HasPrefix(expr, "sum by (outcome) (increase(payment_attempts_total"):
		return []Sample{{map[string]string{"outcome": "approved"}, 900}, {map[string]string{"outcome": "provider_down"}, 100}}, nil
	case strings.HasPrefix(expr, "sum by (outcome) (increase(payment_intents_total"):
		return []Sample{{map[string]string{"outcome": "approved"}, 900}, {map[string]string{"outcome": "customer"}, 22.5}}, nil
	case expr == "payment_pending_orders":
		return []Sample{{map[string]string{"provider": "alipay"}, 17}, {map[string]string{"provider": "paypal"}, 0}}, nil
	case expr == "payment_stuck_orders":
		return []Sample{{map[string]string{"provider": "alipay"}, 3}, {map[string]string{"provider": "paypal"}, 0}}, nil
	case expr == "payment_oldest_pending_seconds":
		return []Sample{{map[string]string{"provider": "alipay"}, 4200}, {map[string]string{"provider": "paypal"}, 0}}, nil
	case strings.HasPrefix(expr, "1 - avg(rate(node_cpu"):
		return one(.31)
	case expr == "node_load1":
		return one(1.2)
	case strings.HasPrefix(expr, "count(node_cpu"):
		return one(8)
	case strings.HasPrefix(expr, "1 - node_memory"):
		return one(.614)
	case strings.HasPrefix(expr, "topk(1, max by (mountpoint)"):
		return []Sample{{map[string]string{"mountpoint": "/"}, .58}}, nil
	case strings.HasPrefix(expr, "sum(rate(node_network"):
		return one(1.3e6)
	case strings.HasPrefix(expr, "sum(rate(gateway_http"):
		return one(96)
	case strings.HasPrefix(expr, "(sum(rate(gateway_http"):
		return one(.0002)
	case strings.HasPrefix(expr, "histogram_quantile(0.95, sum by (le)"):
		return one(.212)
	case strings.HasPrefix(expr, `{__name__=~"`):
		return []Sample{{map[string]string{"__name__": "probe_success", "name": "alipay"}, 1},
			{map[string]string{"__name__": "probe_success", "name": "wechatpay"}, 1}}, nil
	case strings.HasPrefix(expr, "count by (__name__)"):
		return nil, nil
	case expr == "max(probe_duration_seconds)":
		return one(.084)
	case expr == "up":
		return []Sample{{map[string]string{"__name__": "up"}, 1}}, nil
	case strings.HasPrefix(expr, "60 *"), strings.HasPrefix(expr, "sum by"), strings.HasPrefix(expr, "histogram_quantile("):
		return nil, nil
	}
	return nil, fmt.Errorf("parse error in %q", expr)
}

func (w *world) QueryRange(_ context.Context, expr string, from, to time.Time, step time.Duration) ([]Line, error) {
	w.queries.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return nil, w.broken
	}
	by := map[string]*Line{}
	var order []string
	for at := from; !at.After(to); at = at.Add(step) {
		samples, err := w.eval(expr, at)
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			key := s.Labels["provider"] + "/" + s.Labels["outcome"]
			if by[key] == nil {
				by[key] = &Line{Labels: s.Labels}
				order = append(order, key)
			}
			by[key].Points = append(by[key].Points, Point{at, s.Value})
		}
	}
	var lines []Line
	for _, key := range order {
		lines = append(lines, *by[key])
	}
	return lines, nil
}

// every is how often the made-up log has a record.
const every = 300 * time.Millisecond

// hit is the record number k since the beginning of time.
func (w *world) hit(k int64) Hit {
	at := time.UnixMilli(k * every.Milliseconds())
	r := rand.New(rand.NewPCG(uint64(k), 1))
	p := &w.providers[r.IntN(len(w.providers))]
	pick, outcome := r.Float64(), "approved"
	for _, o := range outcomeNames() {
		s := p.share(o, at)
		if pick < s {
			outcome = o
			break
		}
		pick -= s
	}
	level, message := "info", "charge authorised"
	switch {
	case technicalOutcome(outcome):
		level, message = "error", "系统异常，请用相同参数重新调用 /v3/pay/transactions/jsapi"
	case outcome != "approved":
		level, message = "warn", "declined by the issuer, card 555555******4444"
	}
	doc, _ := json.Marshal(map[string]any{
		"@timestamp": at.UTC().Format(time.RFC3339Nano), "log.level": level, "message": p.codes[outcome] + " " + message,
		"payment.provider": p.name, "payment.outcome": outcome, "event.duration": int64(p.quantile(.5, at) * 1e9),
		"payment.order_id": fmt.Sprintf("O%d", k), "fields": map[string]any{"thread": "http-nio-8080-exec-4"},
	})
	return Hit{Time: at, Path: "/var/log/gateway/pay.log", Offset: k * 350, Document: doc}
}

func (w *world) Search(_ context.Context, q LogQuery) (LogResult, error) {
	w.searches.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastQuery = q
	if w.broken != nil {
		return LogResult{}, w.broken
	}
	res := LogResult{Complete: true}
	keep := func(h Hit) {
		res.Scanned++
		if h.Time.Before(q.From) || !q.To.IsZero() && !h.Time.Before(q.To) {
			return
		}
		for _, m := range q.Equal {
			want, _ := json.Marshal(m.Value)
			if !bytes.Contains(h.Document, append([]byte(`"`+m.Name+`":`), want...)) {
				return
			}
		}
		for _, word := range q.Words {
			if !bytes.Contains(bytes.ToLower(h.Document), bytes.ToLower([]byte(word))) {
				return
			}
		}
		res.Hits = append(res.Hits, h)
	}
	for _, h := range w.extra {
		keep(h)
	}
	last := w.now().UnixMilli() / every.Milliseconds()
	for k := last; len(w.providers) > 0 && k > last-3000 && len(res.Hits) < q.Limit; k-- {
		keep(w.hit(k))
	}
	return res, nil
}

func (w *world) deps() Deps {
	return Deps{
		Series: w, Logs: w, Now: w.now, Location: time.FixedZone("CST", 8*3600),
		Incidents: func() []Incident { w.mu.Lock(); defer w.mu.Unlock(); return append([]Incident(nil), w.incidents...) },
		Orders:    func() []OrderFinding { return nil },
		Errors:    func(int) ErrorGroups { return groupsOf(w.now()) },
		Agent:     func() Agent { w.mu.Lock(); defer w.mu.Unlock(); return w.agent },
		ProviderName: func(p, lang string) string {
			names := map[string][2]string{"wechatpay": {"WeChat Pay", "微信支付"}, "alipay": {"Alipay", "支付宝"}, "visa": {"Visa", "Visa"},
				"mastercard": {"Mastercard", "万事达"}, "paypal": {"PayPal", "PayPal"}}
			if lang == "zh" {
				return names[p][1]
			}
			return names[p][0]
		},
		Metrics:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }),
		Ready:      func(context.Context) error { return nil },
		Prometheus: echo("prometheus"), Alertmanager: echo("alertmanager"),
		Silence:   func(context.Context, SilenceRequest) error { return nil },
		Unsilence: func(context.Context, string) error { return nil },
	}
}

// echo answers with its name and what it was asked.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, name, r.Method, r.URL.Path) })
}

// handler returns the handler on the world.
func (w *world) handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := New(DefaultConfig(), w.deps(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// fetch returns the answer to GET path with the headers, given in pairs.
func fetch(t testing.TB, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:9600"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

var errBroken = errors.New("the store is closed")
