package outputs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/journal"
)

// TestSockets delivers over real connections, which can break in ways that a function cannot.
func TestSockets(t *testing.T) {
	t.Parallel()
	f := func(name string, set func(*cluster)) {
		t.Helper()
		c := &cluster{onBulk: func(r *http.Request, body []byte) {
			if r.ContentLength != int64(len(body)) {
				t.Errorf("%s: Content-Length %d for %d bytes", name, r.ContentLength, len(body))
			}
		}}
		set(c)
		server := httptest.NewServer(c)
		defer server.Close()
		fd := newFeed(records(source(1, "app"), 0, 2000), records(source(2, "access"), 0, 10))
		cfg := config()
		cfg.URLs = []string{server.URL}
		r := newRig(t, cfg, fd, nil)
		r.deliverAll(t, fd)
		if accepted, _ := c.holds(); len(accepted) != 2010 {
			t.Errorf("%s: %d documents, want 2010", name, len(accepted))
		}
		r.metric(t, "gatewatch_output_dead_letters_total", "reason=too_large", 0)
	}
	first := func(ft fault) func(*cluster) {
		return func(c *cluster) {
			c.fault = func(n int) fault {
				if n == 1 {
					return ft
				}
				return fault{}
			}
		}
	}
	f("good", func(*cluster) {})
	f("cut answer", first(fault{apply: true, cut: true}))
	f("reset", first(fault{apply: true, reset: true}))
	f("too large", func(c *cluster) { c.maxBody = 64 << 10 })
}

// TestEarly413 answers 413 and ends the connection while the request is still being written, as proxies do.
func TestEarly413(t *testing.T) {
	t.Parallel()
	c := &cluster{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 200<<10 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		c.ServeHTTP(w, r)
	}))
	defer server.Close()
	block := records(source(1, "app"), 0, 3000)
	f := newFeed(block)
	cfg := config()
	cfg.URLs = []string{server.URL}
	newRig(t, cfg, f, nil).deliverAll(t, f)
	if accepted, _ := c.holds(); len(accepted) != len(block) {
		t.Errorf("%d documents, want %d", len(accepted), len(block))
	}
}

func TestRunReturnsFeedError(t *testing.T) {
	t.Parallel()
	broken := errors.New("segment 7 is unreadable")
	r := newRig(t, config(), brokenFeed{broken}, &cluster{})
	if err := r.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Run() = %v, want %v", err, broken)
	}
}

type brokenFeed struct{ err error }

func (b brokenFeed) Next(context.Context) (journal.Block, error) { return journal.Block{}, b.err }
func (b brokenFeed) Ack(journal.Position) error                  { return nil }

func TestDeadLetterFileIsBounded(t *testing.T) {
	t.Parallel()
	block := records(source(1, "app"), 0, 3)
	f := newFeed(block)
	c := &cluster{item: func(string, string) (int, string) { return 400, "strange_exception" }}
	r := newRig(t, config(), f, c)
	if err := os.Truncate(r.dead, maxDeadLetterBytes-500); err != nil {
		t.Fatal(err)
	}
	r.Elasticsearch.dead.size = maxDeadLetterBytes - 500
	r.deliverAll(t, f)
	info, err := os.Stat(r.dead)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxDeadLetterBytes {
		t.Errorf("dead-letter file has %d bytes, want at most %d", info.Size(), maxDeadLetterBytes)
	}
	r.metric(t, "gatewatch_output_dead_letters_total", "reason=other", 3)
	r.metric(t, "gatewatch_output_dead_letters_dropped_total", "", 3)
}

func TestNewReportsDeadLetterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "dead.jsonl")
	_, err := newElasticsearch(config(), newFeed(), path, nil, nil, nil)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("NewElasticsearch() = %v, want the file's name", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(name string, set func(*ElasticsearchConfig), want string) {
		t.Helper()
		es := config()
		set(&es)
		cfg := Config{Elasticsearch: &es}
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: Validate() =\n%s\nwant\n%s", name, got, want)
		}
	}
	f("good", func(c *ElasticsearchConfig) {
		c.URLs = []string{"https://es.example:9200/behind/a/proxy", "http://[::1]:9200"}
	}, "")
	f("no node", func(c *ElasticsearchConfig) { c.URLs = nil }, "elasticsearch.urls: must name at least one node, such as http://127.0.0.1:9200")
	f("addresses", func(c *ElasticsearchConfig) {
		c.URLs = []string{"es.example:9200", "http://u:secret@es.example", "http://es.example/?a=b", "http://\x7f"}
	}, `elasticsearch.urls[0]: must be a URL such as http://127.0.0.1:9200
elasticsearch.urls[1]: must not hold credentials: put them into username and password
elasticsearch.urls[2]: must end after the path
elasticsearch.urls[3]: must be a URL such as http://127.0.0.1:9200`)
	f("namespace", func(c *ElasticsearchConfig) { c.Namespace = "Prod" }, "elasticsearch.namespace: must be in lower case")
	f("namespace", func(c *ElasticsearchConfig) { c.Namespace = "eu-west" },
		`elasticsearch.namespace: must not contain any of \ / * ? " < > | , # : - or a space`)
	f("credentials", func(c *ElasticsearchConfig) { c.APIKey, c.Username = "id:key", "u" },
		`elasticsearch.api_key: must stand alone: remove username and password, or the key
elasticsearch.api_key: must be the base64 form of the key, which Elasticsearch calls "encoded", not id:key
elasticsearch.password: must be given with username`)
	f("password", func(c *ElasticsearchConfig) { c.Password = "p" }, "elasticsearch.username: must be given with password")
	f("authorities", func(c *ElasticsearchConfig) { c.CAFile = notPEM }, "elasticsearch.ca_file: "+notPEM+" holds no certificate in PEM form")
	f("sizes", func(c *ElasticsearchConfig) { c.BulkSize, c.Timeout = 10, 10 },
		fmt.Sprintf("elasticsearch.bulk_size: must be between 16KiB and 64MiB, not 10B\nelasticsearch.timeout: must be at least 1s, not %v", time.Duration(0)))
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.SetDefaults()
	if cfg.Elasticsearch != nil || cfg.Validate() != nil {
		t.Errorf("default = %+v, %v; want no output", cfg, cfg.Validate())
	}
	cfg.Elasticsearch = &ElasticsearchConfig{URLs: []string{"http://127.0.0.1:9200"}}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Errorf("filled in %+v: %v", cfg.Elasticsearch, err)
	}
}
