// Package collectors watches what stands around the payment logs: the host, addresses reached over HTTP, certificates,
// databases. Each collector runs on its own ticker; a scrape only reads what was collected last, so that it is fast and
// never touches what is watched.
package collectors

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/backups"
	"gatewatch/collectors/collect"
)

// Set holds what a configuration switches on.
type Set struct {
	*collect.Set
	env          collect.Env // without what a configuration says
	restoreTests atomic.Pointer[backups.RestoreTests]
}

// Made is what a configuration switches on, before it takes the place of what a Set holds.
type Made struct {
	all          []collect.Collector
	restoreTests backups.RestoreTests
}

// New returns the collectors of a valid cfg and registers them with reg. They have no samples until Run. notes takes the
// documents of those that have some; those that know things from before a restart keep them below dataDir, unless it is "".
func New(cfg Config, dataDir string, notes collect.Notes, log *slog.Logger, reg prometheus.Registerer) (*Set, error) {
	s := &Set{env: collect.Env{Log: log, Notes: notes, DataDir: dataDir}}
	made, err := s.Make(cfg)
	if err != nil {
		return nil, err
	}
	if s.Set, err = collect.NewSet(made.all, log, reg); err != nil {
		return nil, err
	}
	s.restoreTests.Store(&made.restoreTests)
	return s, nil
}

// Make returns what a valid cfg switches on, and changes nothing in s. Its error names the section and the entry. cfg must not
// change afterwards.
func (s *Set) Make(cfg Config) (*Made, error) {
	all, err := collect.Assemble(cfg.sections(), cfg.env(s.env))
	if err != nil {
		return nil, err
	}
	return &Made{all, backups.RestoreTestsOf(cfg.Backups)}, nil
}

// Exchange puts m into effect. Collectors of which nothing changed go on; the others end, or begin at once. It waits a while
// for those that end.
func (s *Set) Exchange(ctx context.Context, m *Made) {
	s.restoreTests.Store(&m.restoreTests)
	s.Set.Exchange(ctx, m.all)
}

// RestoreTested notes that a backup with this name in the configuration was restored to try it, in its
// restore_test_file. It is safe for concurrent use.
func (s *Set) RestoreTested(name string) error {
	return s.restoreTests.Load().Note(name)
}

// env returns e with what the sections of c share.
func (c *Config) env(e collect.Env) collect.Env {
	e.Interval = time.Duration(c.Interval)
	e.Host = collect.Paths{Proc: "/proc", Sys: "/sys", Root: "/"}
	if c.Host != nil {
		e.Host = c.Host.Paths()
	}
	if c.Posture != nil {
		e.Given = c.Posture.Given()
	}
	return e
}
