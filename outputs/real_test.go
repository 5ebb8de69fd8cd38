package outputs

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
	"gatewatch/journal"
)

func TestMain(m *testing.M) {
	if os.Getenv(sinkEnv) != "" {
		runSink()
		return
	}
	servicetest.Main(m)
}

// call sends a request to a real server and decodes its answer.
func call(t *testing.T, method, url, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s = %d %s (%v)", method, url, resp.StatusCode, data, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
}

// count returns how many documents of a data stream match a query.
func count(t *testing.T, server, stream, query string) int {
	t.Helper()
	call(t, "POST", server+"/"+stream+"/_refresh", "", nil)
	var answer struct{ Count int }
	call(t, "POST", server+"/"+stream+"/_count", `{"query":`+query+`}`, &answer)
	return answer.Count
}

const matchAll = `{"match_all":{}}`

func realConfig(url, namespace string) ElasticsearchConfig {
	cfg := config()
	cfg.URLs, cfg.Namespace = []string{url}, namespace
	return cfg
}

// eventually waits until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

// TestRealClusterBlock stands before the parallel tests, which a block of the whole cluster would disturb.
func TestRealClusterBlock(t *testing.T) {
	es := servicetest.Elasticsearch(t)
	block := func(value string) {
		call(t, "PUT", es.URL+"/_cluster/settings", `{"persistent":{"cluster.blocks.read_only":`+value+`}}`, nil)
	}
	deliver := func(records []journal.Record) {
		t.Helper()
		f := newFeed(records)
		r := newRig(t, realConfig(es.URL, "blocked"), f, nil)
		block("true")
		stop := r.start(t)
		eventually(t, "a refusal", func() bool { return strings.Contains(r.log.String(), "cluster_block_exception") })
		block("null")
		<-f.all
		stop()
		r.metric(t, "gatewatch_output_sent_records_total", "", 10)
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=other", 0)
	}
	// First the template is refused, then the documents.
	deliver(records(source(1, "app"), 0, 10))
	deliver(records(source(1, "app"), 10, 10))
	if n := count(t, es.URL, "logs-gatewatch.app-blocked", matchAll); n != 20 {
		t.Errorf("%d documents, want 20", n)
	}
}

func TestRealDeliverAndReplay(t *testing.T) {
	t.Parallel()
	es := servicetest.Elasticsearch(t)
	const n = 3000
	deliver := func() *rig {
		f := newFeed(records(source(1, "app"), 0, n), records(source(2, "access"), 0, 10))
		r := newRig(t, realConfig(es.URL, "replay"), f, nil)
		r.deliverAll(t, f)
		return r
	}
	r := deliver()
	r.metric(t, "gatewatch_output_sent_records_total", "", n+10)
	r = deliver()
	r.metric(t, "gatewatch_output_sent_records_total", "", 0)
	r.metric(t, "gatewatch_output_known_records_total", "", n+10)
	const stream = "logs-gatewatch.app-replay"
	if got := count(t, es.URL, stream, matchAll); got != n {
		t.Errorf("%d documents after a replay, want %d", got, n)
	}
	var streams struct {
		Streams []struct{ Name, Template string } `json:"data_streams"`
	}
	call(t, "GET", es.URL+"/_data_stream/"+stream, "", &streams)
	if len(streams.Streams) != 1 || streams.Streams[0].Template != templateName {
		t.Errorf("data streams = %+v, want one of template %s", streams.Streams, templateName)
	}
	f := func(query string, want int) {
		t.Helper()
		if got := count(t, es.URL, stream, query); got != want {
			t.Errorf("%s matches %d documents, want %d", query, got, want)
		}
	}
	f(`{"term":{"payment.provider":"wechatpay"}}`, n)
	f(`{"match":{"message":"2026"}}`, 1)
	f(`{"term":{"fields.n":"2026"}}`, 1)
	f(`{"term":{"service.name":"checkout"}}`, n)
	f(`{"range":{"log.offset":{"lt":1000}}}`, 10)
	f(`{"range":{"@timestamp":{"gte":"2026-11-22T08:00:00.999Z"}}}`, 3)
}

// TestRealMappings: numbers in a text's place and text in a number's place cost no document, and every field has the
// type that Kibana's searches and charts need.
func TestRealMappings(t *testing.T) {
	t.Parallel()
	es := servicetest.Elasticsearch(t)
	block := records(source(1, "app"), 0, 9)
	const at = `{"@timestamp":"2026-11-22T08:00:00.123456789Z"`
	for i, rest := range []string{
		`,"event.duration":1230000000,"event.outcome":"failure","http.response.status_code":200,"payment.amount":1999,"payment.attempt":2,"source.ip":"10.0.0.1"}`,
		`,"source.ip":"a proxy","event.duration":"slow","payment.amount":"a lot"}`,
		`,"fields":{"a":{"b":[1,{"c":null}],"":1},"a.b":true,"` + strings.Repeat("k", 5000) + `":"` + strings.Repeat("v", 50000) + `"}}`,
		`,"fields":` + strings.Repeat(`{"d":`, 150) + `1` + strings.Repeat(`}`, 151),
		`,"fields":{"a":1,"a":2}}`,
		`,"message":"` + strings.Repeat("支付超时 ", 20000) + `","payment.order_id":"` + strings.Repeat("7", 40000) + `"}`,
		`,"message":"\ud800 half a pair","fields":{"x":"\u0000"}}`,
		`,"event.kind":"pipeline_error","error.message":"json: cut off","message":"{\"a\":"}`,
	} {
		block[i].Document = []byte(at + rest)
	}
	block[8].Document = []byte(`{"@timestamp":"yesterday"}`)
	f := newFeed(block)
	r := newRig(t, realConfig(es.URL, "mappings"), f, nil)
	r.deliverAll(t, f)
	const stream = "logs-gatewatch.app-mappings"
	dead, err := os.ReadFile(r.dead)
	if err != nil {
		t.Fatal(err)
	}
	if got := count(t, es.URL, stream, matchAll); got != 8 || strings.Count(string(dead), "\n") != 1 || !strings.Contains(string(dead), "yesterday") {
		t.Errorf("%d documents, want 8; dead letters, want one:\n%.2000s", got, dead)
	}
	r.metric(t, "gatewatch_output_mended_records_total", "", 2)
	var caps struct {
		Fields map[string]map[string]any
	}
	call(t, "GET", es.URL+"/"+stream+"/_field_caps?fields=*", "", &caps)
	for name, want := range map[string]string{
		"@timestamp": "date", "message": "text", "payment.provider": "keyword", "payment.amount": "long", "event.duration": "long",
		"http.response.status_code": "long", "source.ip": "ip", "fields": "flattened", "host.name": "keyword", "log.offset": "long",
		"data_stream.dataset": "keyword", "event.outcome": "keyword",
	} {
		if caps.Fields[name][want] == nil {
			t.Errorf("%s is %v, want %s", name, caps.Fields[name], want)
		}
	}
	if got := count(t, es.URL, stream, `{"match_phrase":{"message":"超时"}}`); got != 1 {
		t.Errorf("%d documents with 超时, want 1", got)
	}
}

// TestRealIndexBlock: a full disk of the cluster makes it refuse items with 429 until there is room.
func TestRealIndexBlock(t *testing.T) {
	t.Parallel()
	es := servicetest.Elasticsearch(t)
	const stream = "logs-gatewatch.app-full"
	f := newFeed(records(source(1, "app"), 0, 10))
	newRig(t, realConfig(es.URL, "full"), f, nil).deliverAll(t, f)
	block := func(value string) {
		call(t, "PUT", es.URL+"/"+stream+"/_settings", `{"index.blocks.read_only_allow_delete":`+value+`}`, nil)
	}
	block("true")
	f = newFeed(records(source(1, "app"), 10, 10))
	r := newRig(t, realConfig(es.URL, "full"), f, nil)
	stop := r.start(t)
	eventually(t, "a refusal", func() bool { return strings.Contains(r.log.String(), "documents for now: 429") })
	block("null")
	<-f.all
	stop()
	r.metric(t, "gatewatch_output_dead_letters_total", "reason=other", 0)
	if got := count(t, es.URL, stream, matchAll); got != 20 {
		t.Errorf("%d documents, want 20", got)
	}
}

// TestRealSmallNode: a node that takes little at once, by length of the body and by memory.
func TestRealSmallNode(t *testing.T) {
	t.Parallel()
	es := servicetest.ElasticsearchNode(t, "http.max_content_length=256kb", "indexing_pressure.memory.limit=100kb")
	block := records(source(1, "app"), 0, 1500)
	block[700].Document = fmt.Appendf(nil, `{"@timestamp":"2026-11-22T08:00:00.000Z","message":%q}`, strings.Repeat("x", 400<<10))
	f := newFeed(block)
	r := newRig(t, realConfig(es.URL, "small"), f, nil)
	r.deliverAll(t, f)
	if got := count(t, es.URL, "logs-gatewatch.app-small", matchAll); got != 1499 {
		t.Errorf("%d documents, want 1499", got)
	}
	r.metric(t, "gatewatch_output_dead_letters_total", "reason=too_large", 1)
	if n := strings.Count(r.log.String(), "\n"); n > 20 {
		t.Errorf("%d log lines:\n%s", n, r.log)
	}
}

// TestRealKill: the node is killed in the middle of a stream and comes back.
func TestRealKill(t *testing.T) {
	t.Parallel()
	es := servicetest.ElasticsearchNode(t)
	var blocks [][]journal.Record
	const each, n = 50, 400
	for i := range n {
		blocks = append(blocks, records(source(1, "app"), i*each, each))
	}
	f := newFeed(blocks...)
	some, once := make(chan struct{}), sync.Once{}
	f.check = func(p journal.Position) {
		if p.Offset > 20 {
			once.Do(func() { close(some) })
		}
	}
	cfg := realConfig(es.URL, "killed")
	cfg.BulkSize = smallestBulkSize
	r := newRig(t, cfg, f, nil)
	stop := r.start(t)
	<-some
	es.Kill()
	if p := f.position(); p.Offset >= n {
		t.Errorf("everything was acknowledged before the kill")
	}
	es.Restart(t)
	<-f.all
	stop()
	if got := count(t, es.URL, "logs-gatewatch.app-killed", matchAll); got != n*each {
		t.Errorf("%d documents, want %d", got, n*each)
	}
	r.metric(t, "gatewatch_output_dead_letters_total", "reason=other", 0)
}

func TestRealCheck(t *testing.T) {
	t.Parallel()
	es := servicetest.Elasticsearch(t)
	r := newRig(t, realConfig(es.URL, "check"), newFeed(), nil)
	if err := r.Check(t.Context()); err != nil {
		t.Errorf("Check() = %v", err)
	}
}

// TestRealOpenSearch: the index template in OpenSearch's terms, delivery, a replay, what it refuses, and the search that
// the mapping is for.
func TestRealOpenSearch(t *testing.T) {
	t.Parallel()
	node := servicetest.OpenSearch(t)
	block := records(source(1, "app"), 0, 1000)
	block[7].Document = []byte(`{"@timestamp":"yesterday"}`)
	block[8].Document = []byte(`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"支付超时","fields":{"a":{"b":[1,{"c":null}]}}}`)
	const stream = "logs-gatewatch.app-default"
	for attempt := range 2 {
		f := newFeed(block)
		r := newRig(t, realConfig(node.URL, "default"), f, nil)
		if err := r.Check(t.Context()); err != nil {
			t.Errorf("Check() = %v", err)
		}
		r.deliverAll(t, f)
		if got := count(t, node.URL, stream, matchAll); got != 999 {
			t.Errorf("%d documents, want 999", got)
		}
		r.metric(t, "gatewatch_output_sent_records_total", "", float64(999*(1-attempt)))
		r.metric(t, "gatewatch_output_known_records_total", "", float64(999*attempt))
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=mapping", 1)
	}
	search := func(query string, want int) {
		t.Helper()
		if got := count(t, node.URL, stream, query); got != want {
			t.Errorf("%d documents match %s, want %d", got, query, want)
		}
	}
	search(`{"term":{"payment.provider":"wechatpay"}}`, 998)
	search(`{"term":{"fields.n":"77"}}`, 1)
	search(`{"match_phrase":{"message":"超时"}}`, 1)
	search(`{"range":{"log.offset":{"gte":99000}}}`, 10)
}

// TestRealUserTemplates: what users have set up in the cluster is never overridden without a word.
func TestRealUserTemplates(t *testing.T) {
	t.Parallel()
	es := servicetest.ElasticsearchNode(t)
	deliver := func(namespace string) *rig {
		t.Helper()
		f := newFeed(records(source(1, "app"), 0, 10))
		r := newRig(t, realConfig(es.URL, namespace), f, nil)
		r.deliverAll(t, f)
		return r
	}
	setting := func(namespace, name string) string {
		t.Helper()
		var indices map[string]struct{ Settings map[string]string }
		call(t, "GET", es.URL+"/logs-gatewatch.app-"+namespace+"/_settings?flat_settings", "", &indices)
		for _, index := range indices {
			return index.Settings[name]
		}
		return ""
	}
	const own = `{"index_patterns":["logs-gatewatch.*"],"data_stream":{},"priority":300,"template":{"settings":{"index.lifecycle.name":"own"}}}`
	// A template with another name that is in the way: Elasticsearch refuses ours, and events wait until that is settled.
	call(t, "PUT", es.URL+"/_index_template/payments", strings.Replace(own, "300", "500", 1), nil)
	f := newFeed(records(source(1, "app"), 0, 10))
	r := newRig(t, realConfig(es.URL, "waits"), f, nil)
	stop := r.start(t)
	eventually(t, "trouble", func() bool { return r.Trouble() != nil })
	stop()
	if err := r.Trouble(); !strings.Contains(err.Error(), "[payments]") || f.position().Offset != 0 {
		t.Errorf("trouble = %v, want the name of the template in the way, and nothing acknowledged", err)
	}
	call(t, "DELETE", es.URL+"/_index_template/payments", "", nil)
	deliver("waits")
	// A lifecycle of the user's own, where the template looks for it.
	call(t, "PUT", es.URL+"/_component_template/logs-gatewatch@custom", `{"template":{"settings":{"index.lifecycle.name":"mine","index.number_of_replicas":0}}}`, nil)
	deliver("custom")
	if got := setting("custom", "index.lifecycle.name"); got != "mine" {
		t.Errorf("lifecycle = %q, want the user's", got)
	}
	if got := setting("custom", "index.mapping.total_fields.limit"); got != "1000" {
		t.Errorf("total_fields.limit = %q, want the template's", got)
	}
	// A template of the user's own with the same name.
	call(t, "PUT", es.URL+"/_index_template/logs-gatewatch", own, nil)
	r = deliver("own")
	if got := setting("own", "index.lifecycle.name"); got != "own" || !strings.Contains(r.log.String(), "not ours and stays as it is") {
		t.Errorf("lifecycle = %q, want that of the user's template; log:\n%s", got, r.log)
	}
}
