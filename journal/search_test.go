package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/units"

	"gatewatch/event"
)

func mustSearch(t testing.TB, j *Journal, q Query) Result {
	t.Helper()
	r, err := j.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("Search(%+v): %v", q, err)
	}
	return r
}

func TestSearchSemantics(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	docs := []string{
		0: `{"@timestamp":"2026-11-22T08:00:00.000Z","log.level":"error","message":"Alipay SYSTEM_ERROR: ReadTimeout after 30s","trace.id":"4F3a99c0d1e2"}`,
		1: `{"@timestamp":"2026-11-22T08:00:01.000Z","message":"调用微信支付超时，订单号 20261122000012345678","payment.provider":"wechatpay","payment.amount":1999}`,
		2: `{"@timestamp":"2026-11-22T08:00:02.000Z","message":"first\nsecond \"quoted\\path\" tab\tend","http.response.status_code":503}`,
		3: `{"@timestamp":"2026-11-22T08:00:03.000Z","message":"plain","fields":{"provider":"x","nested":{"code":"ABC123"},"order_no":202611220000123456,"ok":true,"payment.provider":"inner"}}`,
		4: `{"@timestamp":"2026-11-22T08:00:04.000Z","http.response.status_code":"503","source.ip":"10.2.3.4"}`,
		5: `{"@timestamp":"2026-11-22T08:00:05.000Z","message":"order-4711 of m_100037 \"payment.provider\":\"fake\"","service.name":"refunds"}`,
	}
	var b Batch
	for i, d := range docs {
		if !json.Valid([]byte(d)) {
			t.Fatalf("document %d is not JSON", i)
		}
		b.Records = append(b.Records, Record{Source: sourceA, Offset: int64(i), Time: epoch.Add(time.Duration(i) * time.Second), Document: []byte(d)})
	}
	mustAppend(t, j, b)
	f := func(q Query, want ...int64) {
		t.Helper()
		r := mustSearch(t, j, q)
		var got []int64
		for _, h := range r.Hits {
			got = append(got, h.Offset)
		}
		if !slices.Equal(got, want) || !r.Complete {
			t.Errorf("Search(%+v) = %v (complete %v), want %v", q, got, r.Complete, want)
		}
	}
	words := func(w ...string) Query { return Query{Words: w} }
	equal := func(name, value string) Query { return Query{Equal: []Match{{name, value}}} }
	all := []int64{5, 4, 3, 2, 1, 0}

	f(Query{}, all...)
	f(words("", "  ", "*"), all...)
	f(Query{Limit: 2}, 5, 4)
	f(Query{From: epoch.Add(time.Second), To: epoch.Add(3 * time.Second)}, 2, 1)

	f(words("alipay"), 0)
	f(words("system_error"), 0)
	f(words("system"))
	f(words("system*"), 0)
	f(words("*timeout"), 0)
	f(words("timeout"))
	f(words("*timeou*"), 0)
	f(words("4f3A99C0D1E2"), 0)
	f(words("超时"), 1)
	f(words("支付超时"), 1)
	f(words("时"), 1)
	f(words("超时", "wechatpay"), 1)
	f(words("超时", "alipay"))
	f(words("20261122000012345678"), 1)
	f(words("1999"), 1)
	f(words("second"), 2)
	f(words("nsecond"))
	f(words("\"quoted\\path\""), 2)
	f(words("end"), 2)
	f(words("message"))
	f(words("503"), 4, 2)
	f(words("abc123"), 3)
	f(words("nested"))
	f(words("true"), 3)
	f(words("202611220000123456"), 3)
	f(words("2026-11-22T08:00:02.000Z"))
	f(words("10.2.3.4"), 4)
	f(words("order"), 5)
	f(words("4711"), 5)
	f(words("m_100037"), 5)

	f(equal("http.response.status_code", "503"), 4, 2)
	f(equal("http.response.status_code", "50"))
	f(equal("payment.amount", "1999"), 1)
	f(equal("payment.provider", "wechatpay"), 1)
	f(equal("payment.provider", "fake"))
	f(equal("payment.provider", "inner"))
	f(equal("fields.payment.provider", "inner"), 3)
	f(equal("fields.provider", "x"), 3)
	f(equal("fields.code", "ABC123"), 3)
	f(equal("fields.order_no", "202611220000123456"), 3)
	f(equal("fields.ok", "true"), 3)
	f(equal("fields.message", "plain"))
	f(equal("trace.id", "4F3a99c0d1e2"), 0)
	f(equal("trace.id", "4f3a99c0d1e2"))
	f(equal("@timestamp", "2026-11-22T08:00:04.000Z"), 4)
	f(equal("host.name", "gw1"), all...)
	f(equal("host.name", "gw2"))
	f(equal("log.file.path", sourceA.Path), all...)
	f(equal("event.dataset", "app"), all...)
	f(equal("labels.service", "checkout"), all...)
	f(equal("service.name", "refunds"), 5)
	f(Query{Equal: []Match{{"host.name", "gw1"}, {"payment.provider", "wechatpay"}}, Words: []string{"超时"}}, 1)
}

// phrases are what random values are made of.
var phrases = []string{"timeout", "Timeout", "SYSTEM_ERROR", "alipay", "wechatpay", "超时", "支付", "微信支付失败", "，", " ", "-", "\n", "\t",
	"\"", "\\", "/", "é", "order", "P2026", "0042", "x", "n", "err", "1.5", "🙂", "message", "_", "u0041", "20261122000012345678"}

func randomText(r *rand.Rand, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(phrases[r.IntN(len(phrases))])
	}
	return b.String()
}

func randomRecord(r *rand.Rand, n int) Record {
	at := epoch.Add(time.Duration(n*10+r.IntN(200)) * time.Millisecond)
	doc := fmt.Appendf(nil, `{"@timestamp":"%s"`, at.Format("2006-01-02T15:04:05.000Z"))
	text := func(name, value string) {
		doc = append(append(doc, ",\""+name+"\":"...), event.AppendJSONString(nil, value)...)
	}
	if r.IntN(3) > 0 {
		text("message", randomText(r, 6))
	}
	text("payment.provider", []string{"alipay", "wechatpay", "stripe"}[r.IntN(3)])
	if r.IntN(2) == 0 {
		text("trace.id", fmt.Sprintf("t%011d", r.IntN(400)))
	}
	if r.IntN(3) == 0 {
		doc = fmt.Appendf(doc, `,"http.response.status_code":%d`, []int{200, 402, 503}[r.IntN(3)])
	}
	doc = fmt.Appendf(doc, `,"payment.amount":%d`, r.IntN(30))
	if r.IntN(3) == 0 {
		doc = append(doc, `,"fields":{"k":1`...)
		text("note", randomText(r, 3))
		doc = fmt.Appendf(doc, `,"payment.provider":"inner","order_no":%d,"deep":{"a":`, 202611220000+r.IntN(9)*1e6)
		doc = append(event.AppendJSONString(doc, randomText(r, 2)), `}}`...)
	}
	s := sourceA
	if r.IntN(4) == 0 {
		s = sourceB
	}
	return Record{Source: s, Offset: int64(n), Time: at, Document: append(doc, '}')}
}

func randomQuery(r *rand.Rand, span time.Duration) Query {
	q := Query{Limit: 1 + r.IntN(40)}
	if r.IntN(3) == 0 {
		q.From = epoch.Add(time.Duration(r.Int64N(int64(span))))
	}
	if r.IntN(3) == 0 {
		q.To = epoch.Add(time.Duration(r.Int64N(int64(span))))
	}
	for range r.IntN(3) {
		w := strings.TrimSpace(randomText(r, 3))
		if r.IntN(4) > 0 {
			w = strings.TrimSpace(phrases[r.IntN(len(phrases))])
		}
		// A wildcard next to a letter that could be the end of an escape is not what the oracle can tell.
		if r.IntN(4) == 0 && w != "" && utf8.RuneLen([]rune(w)[0]) > 1 {
			w = "*" + w
		}
		if r.IntN(4) == 0 && w != "" {
			w += "*"
		}
		if strings.Trim(w, "*") != "" && !strings.ContainsAny(w[:1], "\"\\,:{}[]") {
			q.Words = append(q.Words, w)
		}
	}
	if r.IntN(2) == 0 {
		q.Equal = append(q.Equal, []Match{
			{"payment.provider", "alipay"}, {"payment.provider", "inner"}, {"fields.payment.provider", "inner"},
			{"trace.id", fmt.Sprintf("t%011d", r.IntN(400))}, {"http.response.status_code", "503"}, {"payment.amount", "7"},
			{"event.dataset", "access"}, {"host.name", "gw1"}, {"host.name", "nope"}, {"fields.note", "超时"},
			{"fields.order_no", "202611220000"}, {"fields.k", "1"}, {"message", "timeout"},
		}[r.IntN(13)])
	}
	return q
}

func TestSearchAgainstOracle(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	cfg := config()
	cfg.MaxSize = units.Base2Bytes(segmentsKept * 12_000) // several segments, none dropped
	dir := t.TempDir()
	j := mustOpenOn(t, dir, cfg, realDisk{})
	var all []decoded
	for len(all) < 1200 {
		var b Batch
		for range 1 + r.IntN(60) {
			one := randomRecord(r, len(all))
			b.Records = append(b.Records, one)
			all = append(all, decoded{one, decodeNumbers(one.Document)})
		}
		mustAppend(t, j, b)
		if r.IntN(10) == 0 {
			mustClose(t, j)
			j = mustOpenOn(t, dir, cfg, realDisk{})
		}
		if r.IntN(10) == 0 { // so that segments of both kinds stand side by side
			j.sealAll()
		}
	}
	found := 0
	for range 500 {
		q := randomQuery(r, 14*time.Second)
		want := oracle(all, q)
		got := mustSearch(t, j, q)
		same := slices.EqualFunc(got.Hits, want, func(a Record, b decoded) bool {
			return a.Offset == b.Offset && bytes.Equal(a.Document, b.Document)
		})
		if !same || !got.Complete {
			t.Fatalf("seed %d: Search(%+v) =\n%s\ncomplete %v, want\n%s", seed, q,
				documentsOf(got.Hits, func(r Record) []byte { return r.Document }), got.Complete,
				documentsOf(want, func(r decoded) []byte { return r.Document }))
		}
		found += min(1, len(want))
	}
	if found < 100 {
		t.Errorf("seed %d: only %d of 500 queries find anything: the test tests little", seed, found)
	}
}

func documentsOf[R any](all []R, document func(R) []byte) string {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "  %s\n", document(r))
	}
	return b.String()
}

func TestSearchStopsInTime(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, t.TempDir(), config())
	for n := 0; n < 4000; n += 100 {
		mustAppend(t, j, batch(n, n+100))
	}
	r := mustSearch(t, j, Query{Budget: 1, Limit: 10})
	if r.Complete || len(r.Hits) != 0 || !r.Reached.Equal(record(3999).Time) {
		t.Errorf("Search with no time = %+v, want nothing, reached %v", r, record(3999).Time)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	cancel(why)
	if _, err := j.Search(ctx, Query{}); !errors.Is(err, why) {
		t.Errorf("Search with ended context = %v, want %v", err, why)
	}
}

// TestFinder compares finders with the standard library.
func TestFinder(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 10))
	letters := []byte("aAbB[z@Z`")
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return b
	}
	for range 3000 {
		body := text(minFound + r.IntN(200))
		wanted := text(minFound)
		if r.IntN(3) > 0 {
			at := r.IntN(len(body) - minFound + 1)
			wanted = bytes.Clone(body[at : at+minFound])
		}
		if got, want := newFinder(wanted, false).in(body), bytes.Contains(body, wanted); got != want {
			t.Fatalf("seed %d: %q in %q = %v, want %v", seed, wanted, body, got, want)
		}
		lower := foldCase(nil, wanted)
		if got, want := newFinder(lower, true).in(body), bytes.Contains(foldCase(nil, body), lower); got != want {
			t.Fatalf("seed %d: %q in any case in %q = %v, want %v", seed, lower, body, got, want)
		}
	}
}
