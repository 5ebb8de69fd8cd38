// Package series keeps the agent's own metrics: it samples the registry into an embedded Prometheus TSDB and answers
// PromQL. Rules and the web page read from it, so that neither needs a Prometheus server.
//
// Samples are a convenience, not a record like the journal: a store that cannot be opened is set aside, and while the
// disk is full samples are kept in memory, so that alerts go on.
package series

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"gatewatch/internal/quietlog"
)

// Store is an embedded Prometheus TSDB with a sampler. Queries are safe for concurrent use; Run, Sample and the
// appenders belong to one goroutine at a time.
type Store struct {
	dir      string
	cfg      Config
	gatherer prometheus.Gatherer
	log      *slog.Logger
	metrics  *metrics
	engine   *promql.Engine
	slots    chan struct{}
	sampler  sampler

	// mu is held for reading from the opening of a querier to its closing, and for writing while db is exchanged.
	mu sync.RWMutex
	db *tsdb.DB
	// memory is the folder on a memory file system that db is in while the disk is full, or "".
	memory string
}

// Open opens or creates the store in dir. A store that is damaged beyond Prometheus' own repair is renamed to
// dir.damaged and replaced by an empty one. It fails when dir is in use by another process or cannot be written for
// lack of permission.
func Open(dir string, cfg Config, g prometheus.Gatherer, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	s := &Store{
		dir: dir, cfg: cfg, gatherer: g, log: log,
		metrics: newMetrics(reg),
		engine:  newEngine(log),
		slots:   make(chan struct{}, maxConcurrentQueries),
	}
	s.sampler.reset()
	if err := s.openDisk(); err != nil {
		return nil, fmt.Errorf("open series store %s: %w", dir, err)
	}
	return s, nil
}

// Close writes what is pending and releases the folder. It must not be called while Run or a query is going on.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Close()
	s.leaveMemory()
	if err != nil {
		return fmt.Errorf("close series store: %w", err)
	}
	return nil
}

// Querier gives Prometheus' packages access to the samples from mint to maxt (Unix milliseconds). The store cannot
// be exchanged or closed before the querier is closed.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	s.mu.RLock()
	q, err := s.db.Querier(mint, maxt)
	if err != nil {
		s.mu.RUnlock()
		return nil, err
	}
	return &heldQuerier{Querier: q, release: sync.OnceFunc(s.mu.RUnlock)}, nil
}

// Appender gives rules a way to write their results. Only the function that Run calls after a sample may use it.
func (s *Store) Appender(ctx context.Context) storage.Appender {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.db.Appender(ctx)
}

// PromQL returns the engine that queries of this store run on, with its bounds on time and samples.
func (s *Store) PromQL() promql.QueryEngine { return s.engine }

// heldQuerier keeps the store from being exchanged until it is closed.
type heldQuerier struct {
	storage.Querier
	release func()
}

func (q *heldQuerier) Close() error {
	defer q.release()
	return q.Querier.Close()
}

// Bounds of one query and of all together.
const (
	maxQuerySamples      = 5_000_000
	maxConcurrentQueries = 4
	queryTimeout         = 10 * time.Second
)

func newEngine(log *slog.Logger) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:               quietlog.Warnings(log),
		MaxSamples:           maxQuerySamples,
		Timeout:              queryTimeout,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
		NoStepSubqueryIntervalFn: func(int64) int64 {
			return time.Minute.Milliseconds()
		},
	})
}
