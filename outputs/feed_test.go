package outputs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/internal/testlog"
	"gatewatch/journal"
)

// feed is a Feed of prepared blocks, which waits at its end.
type feed struct {
	blocks []journal.Block

	mu    sync.Mutex
	given int
	acked journal.Position
	acks  int
	// check, when not nil, sees each acknowledgement.
	check func(p journal.Position)
	// all is closed when the last block is acknowledged.
	all chan struct{}
}

func newFeed(blocks ...[]journal.Record) *feed {
	f := &feed{all: make(chan struct{})}
	for i, records := range blocks {
		f.blocks = append(f.blocks, journal.Block{Records: records, Next: journal.Position{Segment: 1, Offset: int64(i + 1)}})
	}
	return f
}

func (f *feed) Next(ctx context.Context) (journal.Block, error) {
	f.mu.Lock()
	if f.given < len(f.blocks) {
		f.given++
		defer f.mu.Unlock()
		return f.blocks[f.given-1], nil
	}
	f.mu.Unlock()
	<-ctx.Done()
	return journal.Block{}, context.Cause(ctx)
}

func (f *feed) Ack(p journal.Position) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.check != nil {
		f.check(p)
	}
	f.acked, f.acks = p, f.acks+1
	if len(f.blocks) > 0 && p == f.blocks[len(f.blocks)-1].Next {
		close(f.all)
	}
	return nil
}

func (f *feed) position() journal.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.acked
}

// source returns a followed file as the pipeline makes them.
func source(id uint64, dataset string) *event.Source {
	return &event.Source{ID: id, Path: "/var/log/gateway/pay.log", Host: "gw-1", Dataset: dataset, Labels: map[string]string{"service": "checkout"}}
}

// records returns n records of src whose documents carry their number.
func records(src *event.Source, from, n int) []journal.Record {
	all := make([]journal.Record, n)
	for i := range all {
		at := time.Date(2026, 11, 22, 8, 0, 0, (from+i)%1000*int(time.Millisecond), time.UTC)
		all[i] = journal.Record{Source: src, Offset: int64((from + i) * 100), Time: at, Document: fmt.Appendf(nil,
			`{"@timestamp":%q,"log.level":"info","message":"payment %d","payment.provider":"wechatpay","fields":{"n":%d}}`,
			at.Format("2006-01-02T15:04:05.000Z"), from+i, from+i)}
	}
	return all
}

func id(r journal.Record) string { return string(r.Source.AppendDocumentID(nil, r.Offset)) }

func config() ElasticsearchConfig {
	cfg := ElasticsearchConfig{URLs: []string{"http://127.0.0.1:9200"}}
	cfg.SetDefaults()
	return cfg
}

// rig is an output under test, with what it writes.
type rig struct {
	*Elasticsearch
	reg  *prometheus.Registry
	dead string
	log  *testlog.Log
}

func newRig(t testing.TB, cfg ElasticsearchConfig, feed Feed, rt http.RoundTripper) *rig {
	t.Helper()
	r := &rig{reg: prometheus.NewRegistry(), dead: filepath.Join(t.TempDir(), "dead.jsonl"), log: &testlog.Log{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	if rt == nil {
		r.Elasticsearch, err = NewElasticsearch(cfg, feed, r.dead, log, r.reg)
	} else {
		r.Elasticsearch, err = newElasticsearch(cfg, feed, r.dead, log, r.reg, rt)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// deliverAll runs the output until everything in f is acknowledged, and stops it.
func (r *rig) deliverAll(t *testing.T, f *feed) {
	t.Helper()
	stop := r.start(t)
	<-f.all
	stop()
}

// start runs the output; the function it returns stops it and waits for its end.
func (r *rig) start(t testing.TB) func() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v, want nil after a cancelled context", err)
		}
	}
}

// metric checks one sample of the output's metrics.
func (r *rig) metric(t *testing.T, name, labels string, want float64) {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.Metric {
			var have []string
			for _, l := range m.Label {
				if l.GetName() != "output" {
					have = append(have, l.GetName()+"="+l.GetValue())
				}
			}
			if strings.Join(have, ",") != labels {
				continue
			}
			if got := m.GetCounter().GetValue() + m.GetGauge().GetValue(); got != want {
				t.Errorf("%s{%s} = %v, want %v", name, labels, got, want)
			}
			return
		}
	}
	if want != 0 {
		t.Errorf("%s{%s} is not there, want %v", name, labels, want)
	}
}
