package outputs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/internal/retry"
	"gatewatch/journal"
)

func TestDeliversDocuments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, access := source(1, "app"), source(2, "access")
		access.Labels = map[string]string{"zone": "a\"b", "team.name": "pay"}
		f := newFeed(append(records(app, 0, 2), records(access, 0, 1)...), nil)
		c := &cluster{}
		r := newRig(t, config(), f, c)
		r.deliverAll(t, f)
		accepted, docs := c.holds()
		if len(accepted) != 3 {
			t.Fatalf("accepted %v, want 3 documents", accepted)
		}
		second, other := f.blocks[0].Records[1], f.blocks[0].Records[2]
		want := `{"host.name":"gw-1","log.file.path":"/var/log/gateway/pay.log","service.name":"checkout","event.dataset":"gatewatch.app",` +
			`"data_stream.type":"logs","data_stream.dataset":"gatewatch.app","data_stream.namespace":"default","ecs.version":"8.11.0","agent.type":"gatewatch",` +
			`"log.offset":100,` + string(second.Document[1:])
		if got := docs[id(second)]; got != want {
			t.Errorf("document:\n got %s\nwant %s", got, want)
		}
		if got := docs[id(other)]; !json.Valid([]byte(got)) || !strings.Contains(got, `"labels.team_name":"pay","labels.zone":"a\"b"`) {
			t.Errorf("document with labels = %s", got)
		}
		if got := c.indices[id(second)] + " " + c.indices[id(other)]; got != "logs-gatewatch.app-default logs-gatewatch.access-default" {
			t.Errorf("data streams = %s", got)
		}
		if c.requests != 1 || c.templates != 1 {
			t.Errorf("%d bulk requests and %d templates, want 1 and 1", c.requests, c.templates)
		}
		r.metric(t, "gatewatch_output_sent_records_total", "", 3)
		r.metric(t, "gatewatch_output_requests_total", "code=200", 3)
		r.metric(t, "gatewatch_output_lag_seconds", "", 0)
	})
}

// TestRandomFaults is the property that matters: whatever goes wrong, each record is accepted exactly once, and
// nothing is acknowledged before it is.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { randomFaults(t, seed) })
		})
	}
}

func randomFaults(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	var blocks [][]journal.Record
	sources := []int{0, 0, 0}
	for range 1 + rnd.IntN(25) {
		var block []journal.Record
		for range rnd.IntN(4) {
			s, n := rnd.IntN(3), rnd.IntN(40)
			block = append(block, records(source(uint64(s), []string{"app", "access"}[s%2]), sources[s], n)...)
			sources[s] += n
		}
		blocks = append(blocks, block)
	}
	cfg := config()
	cfg.BulkSize = 16 << 10
	cfg.URLs = cfg.URLs[:1]
	for range rnd.IntN(3) {
		cfg.URLs = append(cfg.URLs, "http://127.0.0.2:9200")
	}
	f := newFeed(blocks...)
	c := &cluster{fault: func(int) fault { return randomFault(rnd) }, item: func(string, string) (int, string) {
		if rnd.IntN(50) == 0 {
			return []int{429, 503, 500}[rnd.IntN(3)], "es_rejected_execution_exception"
		}
		return 0, ""
	}}
	if rnd.IntN(3) == 0 {
		c.maxBody = 5 << 10
	}
	checked := int64(0)
	f.check = func(p journal.Position) {
		if p.Offset <= checked {
			t.Errorf("seed %d: acknowledged %v after block %d", seed, p, checked)
		}
		for _, b := range f.blocks[checked:p.Offset] {
			for _, r := range b.Records {
				if times := c.times(id(r)); times != 1 {
					t.Errorf("seed %d: acknowledged up to %v, but %s was accepted %d times", seed, p, id(r), times)
				}
			}
		}
		checked = p.Offset
	}
	r := newRig(t, cfg, f, c)
	r.deliverAll(t, f)
	if dead, err := os.ReadFile(r.dead); err != nil || len(dead) > 0 {
		t.Errorf("seed %d: dead letters %s, %v; want none", seed, dead, err)
	}
}

func randomFault(rnd *rand.Rand) fault {
	if rnd.IntN(2) == 0 {
		return fault{}
	}
	applied := rnd.IntN(2) == 0
	return []fault{
		{status: 429, body: `{"error":{"type":"es_rejected_execution_exception","reason":"full"},"status":429}`},
		{status: 429, retryAfter: "7"},
		{status: 502, body: "<html>bad gateway</html>", apply: applied},
		{status: 503}, {status: 504, apply: applied},
		{status: 403, body: `{"error":{"type":"cluster_block_exception","reason":"blocked"},"status":403}`},
		{status: 401, body: `{"error":{"type":"security_exception","reason":"who?"},"status":401}`},
		{status: 404}, {status: 301},
		{apply: true, cut: true}, {apply: true, short: true}, {apply: applied, garbage: true}, {apply: applied, reset: true},
	}[rnd.IntN(13)]
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		block := records(source(1, "app"), 0, 4)
		block[1].Document = []byte(`{"@timestamp":"yesterday"}`)
		block[2].Document = []byte(`{"@timestamp": nonsense`)
		f := newFeed(block)
		c := &cluster{item: func(_, doc string) (int, string) {
			if strings.Contains(doc, "yesterday") {
				return 400, "document_parsing_exception"
			}
			return 0, ""
		}}
		r := newRig(t, config(), f, c)
		r.deliverAll(t, f)
		data, err := os.ReadFile(r.dead)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		if len(lines) != 2 {
			t.Fatalf("dead letters = %s, want 2 lines", data)
		}
		var first, second deadLetter
		for i, l := range []*deadLetter{&first, &second} {
			if err := json.Unmarshal([]byte(lines[i]), l); err != nil {
				t.Fatal(err)
			}
		}
		if first.ID != id(block[1]) || first.Status != 400 || first.Type != "document_parsing_exception" || first.Reason == "" ||
			first.Index != "logs-gatewatch.app-default" || !strings.HasSuffix(string(first.Document), `"@timestamp":"yesterday"}`) {
			t.Errorf("first dead letter = %s", lines[0])
		}
		if !strings.HasSuffix(second.Text, `"@timestamp": nonsense`) || second.Document != nil {
			t.Errorf("second dead letter = %s", lines[1])
		}
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=mapping", 2)
		r.metric(t, "gatewatch_output_sent_records_total", "", 2)
	})
}

func TestMendsFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		block := records(source(1, "app"), 0, 3)
		block[1].Document = []byte(`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"m","fields":{"a":1,"a":"\"2\""}}`)
		f := newFeed(block)
		c := &cluster{item: func(_, doc string) (int, string) {
			if strings.Contains(doc, `"a":1`) {
				return 400, "document_parsing_exception"
			}
			return 0, ""
		}}
		r := newRig(t, config(), f, c)
		r.deliverAll(t, f)
		_, docs := c.holds()
		var doc struct{ Fields struct{ Unparsed string } }
		if err := json.Unmarshal([]byte(docs[id(block[1])]), &doc); err != nil || doc.Fields.Unparsed != `{"a":1,"a":"\"2\""}` {
			t.Errorf("mended document = %s, %v", docs[id(block[1])], err)
		}
		r.metric(t, "gatewatch_output_mended_records_total", "", 1)
		r.metric(t, "gatewatch_output_sent_records_total", "", 3)
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=mapping", 0)
	})
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		block := records(source(1, "app"), 0, 100)
		block[40].Document = fmt.Appendf(nil, `{"@timestamp":"2026-11-22T08:00:00.000Z","message":%q}`, strings.Repeat("x", 9000))
		f := newFeed(block, records(source(1, "app"), 100, 100))
		c := &cluster{maxBody: 8000}
		cfg := config()
		cfg.BulkSize = 64 << 10
		r := newRig(t, cfg, f, c)
		r.deliverAll(t, f)
		if accepted, _ := c.holds(); len(accepted) != 199 || accepted[id(block[40])] != 0 {
			t.Errorf("accepted %d documents, want all but the large one", len(accepted))
		}
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=too_large", 1)
		refused := 0
		for _, size := range c.sizes {
			if size > c.maxBody {
				refused++
			}
		}
		if refused > 8 {
			t.Errorf("%d of %d requests were too large: the limit is not remembered", refused, len(c.sizes))
		}
	})
}

// TestWaits looks at when requests come: after 429 not before Retry-After, after refused credentials slowly.
func TestWaits(t *testing.T) {
	t.Parallel()
	f := func(name string, first fault, least, most time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			fd := newFeed(records(source(1, "app"), 0, 3))
			start := time.Now()
			c := &cluster{fault: func(n int) fault {
				if n == 1 {
					return first
				}
				return fault{}
			}}
			newRig(t, config(), fd, c).deliverAll(t, fd)
			if took := time.Since(start); took < least || took > most {
				t.Errorf("%s: delivered after %v, want between %v and %v", name, took, least, most)
			}
		})
	}
	f("throttled", fault{status: 429}, 100*time.Millisecond, 200*time.Millisecond)
	f("throttled with Retry-After", fault{status: 429, retryAfter: "20"}, 20*time.Second, 20*time.Second)
	f("Retry-After without end", fault{status: 503, retryAfter: "99999999999"}, 5*time.Minute, 5*time.Minute)
	f("credentials", fault{status: 401}, 15*time.Second, 30*time.Second)
	f("rights", fault{status: 403, body: `{"error":{"type":"security_exception","reason":"no"}}`}, 15*time.Second, 30*time.Second)
	f("blocked", fault{status: 403, body: `{"error":{"type":"cluster_block_exception","reason":"read-only"}}`}, 100*time.Millisecond, 200*time.Millisecond)
}

// TestOutage: an hour without the cluster costs few requests and few log lines, and nothing else.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(records(source(1, "app"), 0, 3))
		end := time.Now().Add(time.Hour)
		c := &cluster{fault: func(int) fault {
			if time.Now().Before(end) {
				return fault{status: 503}
			}
			return fault{}
		}}
		r := newRig(t, config(), f, c)
		stop := r.start(t)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		r.metric(t, "gatewatch_output_lag_seconds", "", 1800)
		<-f.all
		stop()
		if c.requests < 100 || c.requests > 300 {
			t.Errorf("%d requests in an hour, want one in 15 to 30 s", c.requests)
		}
		if n := strings.Count(r.log.String(), "\n"); n > 65 || !strings.Contains(r.log.String(), "events are delivered again") {
			t.Errorf("%d log lines:\n%s", n, r.log)
		}
	})
}

func TestFailover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(records(source(1, "app"), 0, 3))
		c := &cluster{}
		cfg := config()
		cfg.URLs = []string{"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"}
		start := time.Now()
		newRig(t, cfg, f, roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Port() != "3" {
				return nil, dialError()
			}
			return c.RoundTrip(req)
		})).deliverAll(t, f)
		if took := time.Since(start); took > 0 {
			t.Errorf("two dead nodes of three cost %v, want no pause", took)
		}
	})
}

// TestBatches: what comes first is sent at once, what comes meanwhile goes together.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var blocks [][]journal.Record
		for i := range 50 {
			blocks = append(blocks, records(source(1, "app"), i, 1))
		}
		f := newFeed(blocks...)
		c := &cluster{onBulk: func(*http.Request, []byte) { time.Sleep(time.Second) }}
		start := time.Now()
		r := newRig(t, config(), f, c)
		r.deliverAll(t, f)
		if c.requests != 2 || time.Since(start) != 2*time.Second {
			t.Errorf("%d requests in %v, want 2 in 2s", c.requests, time.Since(start))
		}
	})
}

// TestMemoryBound: while the cluster does not answer, no more is taken from the feed than the limit allows.
func TestMemoryBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		big := []byte(`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"` + strings.Repeat("x", 1<<20) + `"}`)
		var blocks [][]journal.Record
		for i := range 40 {
			block := records(source(1, "app"), i, 1)
			block[0].Document = big
			blocks = append(blocks, block)
		}
		f := newFeed(blocks...)
		c := &cluster{fault: func(int) fault { return fault{status: 503} }}
		cfg := config()
		cfg.BulkSize = largestBulkSize
		r := newRig(t, cfg, f, c)
		stop := r.start(t)
		time.Sleep(time.Second)
		synctest.Wait()
		f.mu.Lock()
		given := f.given
		f.mu.Unlock()
		if given > 18 {
			t.Errorf("%d MiB taken from the feed, want at most 16 and two blocks", given)
		}
		stop()
		if got := f.position(); got != (journal.Position{}) {
			t.Errorf("acknowledged %v, want nothing", got)
		}
	})
}

// TestStop: what is under way when the context ends is brought to an end, and acknowledged.
func TestStop(t *testing.T) {
	t.Parallel()
	f := func(name string, answerIn, wantTook time.Duration, wantAcked int64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			fd := newFeed(records(source(1, "app"), 0, 3), records(source(1, "app"), 3, 3))
			c := &cluster{}
			rt := roundTripper(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, "/_bulk") {
					if !retry.Sleep(req.Context(), answerIn) {
						return nil, req.Context().Err()
					}
				}
				return c.RoundTrip(req)
			})
			stop := newRig(t, config(), fd, rt).start(t)
			synctest.Wait()
			start := time.Now()
			stop()
			if took := time.Since(start); took != wantTook || fd.position().Offset != wantAcked {
				t.Errorf("%s: stopped after %v with %d acknowledged, want %v and %d", name, took, fd.position().Offset, wantTook, wantAcked)
			}
		})
	}
	f("quick", time.Second, 2*time.Second, 2)
	f("half", 3*time.Second, flushGrace, 1)
	f("stalled", time.Hour, flushGrace, 0)
}

func TestGzipAndCredentials(t *testing.T) {
	t.Parallel()
	f := func(name string, set func(*ElasticsearchConfig), wantAuth, wantEncoding string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			fd := newFeed(records(source(1, "app"), 0, 3))
			cfg := config()
			set(&cfg)
			c := &cluster{openSearch: true, onBulk: func(r *http.Request, _ []byte) {
				if got := r.Header.Get("Authorization"); got != wantAuth {
					t.Errorf("%s: Authorization = %q, want %q", name, got, wantAuth)
				}
				if got := r.Header.Get("Content-Encoding"); got != wantEncoding {
					t.Errorf("%s: Content-Encoding = %q, want %q", name, got, wantEncoding)
				}
			}}
			newRig(t, cfg, fd, c).deliverAll(t, fd)
		})
	}
	f("nothing", func(*ElasticsearchConfig) {}, "", "")
	f("key and gzip", func(c *ElasticsearchConfig) { c.APIKey, c.Gzip = "a2V5", true }, "APIKey a2V5", "gzip")
	f("password", func(c *ElasticsearchConfig) { c.Username, c.Password = "u", "p" }, "Basic dTpw", "")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
