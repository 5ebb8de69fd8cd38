package states

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"gatewatch/internal/atomicfile"
)

// savedMemory is what a restart knows of a rule.
type savedMemory struct {
	Query  string                   `json:"query"`
	Alerts map[string]*trackedAlert `json:"alerts,omitempty"`
	Seen   map[string]*seenSeries   `json:"seen,omitempty"`
}

// Read takes over what the process before knew. Call it before Load.
func (s *States) Read(file string, log *slog.Logger) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	saved := map[string]savedMemory{}
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil {
		log.Warn("reading the states of alerts, flapping and missing data begin anew", "file", file, "err", err)
		return
	}
	for name, from := range saved {
		m := newMemory()
		m.query = from.Query
		for key, a := range from.Alerts {
			if a == nil {
				continue
			}
			if a.Firing {
				a.resume = resumeTold
			}
			if a.hadData = a.Firing; !a.Since.IsZero() && a.Absent.IsZero() {
				a.Last = time.Time{} // it went on after it was written down
			}
			m.alerts[key] = a
		}
		for key, series := range from.Seen {
			if series != nil {
				m.seen[key] = series
			}
		}
		s.memories[name] = m
	}
}

// Save writes down what a restart should know, when that changed.
func (s *States) Save(file string, log *slog.Logger) {
	if !s.changed {
		return
	}
	all := map[string]savedMemory{}
	for name, m := range s.memories {
		if len(m.alerts)+len(m.seen) > 0 {
			all[name] = savedMemory{Query: m.query, Alerts: m.alerts, Seen: m.seen}
		}
	}
	text, err := json.Marshal(all)
	if err == nil {
		err = atomicfile.Write(file, text, 0o640)
	}
	if err != nil {
		log.Warn("keeping the states of alerts", "err", err)
		return
	}
	s.changed = false
}
