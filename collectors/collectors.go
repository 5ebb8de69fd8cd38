// Package collectors watches what stands around the payment logs: the host, addresses reached over HTTP, certificates,
// databases. Each collector runs on its own ticker; a scrape only reads what was collected last, so that it is fast and
// never touches what is watched.
package collectors

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/backups"
	"gatewatch/collectors/collect"
)

// Set holds what a configuration switches on.
type Set struct {
	*collect.Set
	restoreTests backups.RestoreTests
}

// New returns the collectors of a valid cfg and registers them with reg. They have no samples until Run. notes takes the
// documents of those that have some; those that know things from before a restart keep them below dataDir, unless it is "".
func New(cfg Config, dataDir string, notes collect.Notes, log *slog.Logger, reg prometheus.Registerer) (*Set, error) {
	all, err := collect.Assemble(cfg.sections(), newEnv(&cfg, dataDir, notes, log))
	if err != nil {
		return nil, err
	}
	set, err := collect.NewSet(all, log, reg)
	if err != nil {
		return nil, err
	}
	return &Set{set, backups.RestoreTestsOf(cfg.Backups)}, nil
}

// RestoreTested notes that a backup with this name in the configuration was restored to try it, in its
// restore_test_file. It is safe for concurrent use.
func (s *Set) RestoreTested(name string) error {
	return s.restoreTests.Note(name)
}

// newEnv returns what the sections of cfg share.
func newEnv(cfg *Config, dataDir string, notes collect.Notes, log *slog.Logger) collect.Env {
	e := collect.Env{
		Log: log, Notes: notes, DataDir: dataDir, Interval: time.Duration(cfg.Interval),
		Host: collect.Paths{Proc: "/proc", Sys: "/sys", Root: "/"},
	}
	if cfg.Host != nil {
		e.Host = cfg.Host.Paths()
	}
	if cfg.Posture != nil {
		e.Given = cfg.Posture.Given()
	}
	return e
}
