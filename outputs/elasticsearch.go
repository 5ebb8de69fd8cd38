// Package outputs delivers the journal's events to other systems. It is the only package that knows Elasticsearch.
//
// The Elasticsearch output reads blocks from its cursor in the journal, and moves the cursor past a block only when
// every record of it is accepted, was accepted before (409), or is in the dead-letter file because Elasticsearch will
// never accept it. Everything else is tried again for as long as it takes: the journal is the queue.
//
//	feed ─ window ─ up to maxInFlight senders ─ bulk request ─ answer ─ judge each item ─┬─ delivered
//	         │ acknowledges in order                                                     ├─ again, after a pause
//	         └─ Ack                                                                      └─ dead-letter file
//
// OpenSearch is accepted too; there "fields" is mapped as flat_object.
package outputs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"gatewatch/journal"
)

const (
	// maxInFlight is the most bulk requests under way at once.
	maxInFlight = 4
	// maxUnacknowledged is how many bytes of documents the output holds at most, beside the last block it took.
	maxUnacknowledged = 16 << 20
	// flushGrace is how long Run goes on after its context ends, to bring to an end what is under way.
	flushGrace = 5 * time.Second
)

// Feed is where an output gets its events from. A journal.Consumer is one.
type Feed interface {
	// Next returns the next block, and waits for it.
	Next(ctx context.Context) (journal.Block, error)
	// Ack notes that everything before p is delivered.
	Ack(p journal.Position) error
}

// Elasticsearch delivers a feed to an Elasticsearch or OpenSearch cluster.
type Elasticsearch struct {
	cfg     ElasticsearchConfig
	feed    Feed
	log     *slog.Logger
	network http.RoundTripper
	client  *elasticsearch.BaseClient
	dead    *deadLetters
	metrics *metrics
	health  health
	tmpl    template
	scratch chan *scratch
	// largest is the largest body that the cluster is known to accept; it begins as the configured bulk size.
	largest atomic.Int64
	streams streams
}

// NewElasticsearch prepares the output and connects to nothing yet. deadLetter is the file for documents that the
// cluster will never accept. Metrics are registered with reg under the label output="elasticsearch".
func NewElasticsearch(cfg ElasticsearchConfig, feed Feed, deadLetter string, log *slog.Logger, reg prometheus.Registerer) (*Elasticsearch, error) {
	base, err := newTransport(&cfg)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch output: %w", err)
	}
	return newElasticsearch(cfg, feed, deadLetter, log, reg, base)
}

func newElasticsearch(cfg ElasticsearchConfig, feed Feed, deadLetter string, log *slog.Logger, reg prometheus.Registerer, base http.RoundTripper) (*Elasticsearch, error) {
	m := newMetrics(reg)
	network := &transport{base: base, requests: m.requests}
	client, err := newClient(&cfg, cfg.URLs, network)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch output: %w", err)
	}
	dead, err := openDeadLetters(deadLetter, m)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch output: %w", err)
	}
	e := &Elasticsearch{
		cfg: cfg, feed: feed, network: network, client: client, dead: dead, metrics: m,
		log:     log.With("output", "elasticsearch"),
		scratch: make(chan *scratch, maxInFlight),
		streams: streams{namespace: cfg.Namespace},
	}
	e.largest.Store(int64(cfg.BulkSize))
	return e, nil
}

// Run delivers until ctx ends, then finishes what is under way for at most a few seconds, and returns nil. It returns
// an error only when the feed fails. Run is called once.
func (e *Elasticsearch) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	blocks := make(chan journal.Block)
	g.Go(func() error {
		defer close(blocks)
		return e.read(ctx, blocks)
	})
	g.Go(func() error {
		e.deliver(ctx, blocks)
		return nil
	})
	err := g.Wait()
	if cerr := e.dead.close(); err == nil {
		err = cerr
	}
	return err
}

// read hands the feed's blocks to the window, one at a time, until ctx ends.
func (e *Elasticsearch) read(ctx context.Context, blocks chan<- journal.Block) error {
	for {
		block, err := e.feed.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("elasticsearch output: read the journal: %w", err)
		}
		select {
		case blocks <- block:
		case <-ctx.Done():
			return nil
		}
	}
}

// afterEnd returns a context that ends grace after ctx does.
func afterEnd(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}

func indexed(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
