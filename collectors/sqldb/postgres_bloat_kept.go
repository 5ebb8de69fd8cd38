package sqldb

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/kept"
)

// bloatKeptFor is how old what was measured may be to be told after a restart.
const bloatKeptFor = 31 * 24 * time.Hour

// bloatState is what is kept over a restart.
type bloatState struct {
	// Of names the server and the database: the entry of the configuration may mean another one meanwhile.
	Of    string            `json:"of"`
	Round time.Time         `json:"round"` // when one was complete
	Found []bloatKeptResult `json:"found"`
}

type bloatKeptResult struct {
	OID    string    `json:"oid"`
	Index  bool      `json:"index,omitempty"`
	Schema string    `json:"schema"`
	Name   string    `json:"name"`
	Table  string    `json:"table,omitempty"` // of an index
	Size   float64   `json:"size"`
	Free   float64   `json:"free"`
	Dead   float64   `json:"dead,omitempty"`
	At     time.Time `json:"at"`
}

func bloatFile(name string, e collect.Env) kept.File[bloatState] {
	// A name may hold anything, also what no file may be called.
	return kept.At[bloatState](e, "sqldb", fmt.Sprintf("bloat-%x", sha256.Sum256([]byte(name)))[:22])
}

// recall reads, once, what was measured before a restart. A round that was complete in this window is not begun again.
func (b *bloat) recall(now time.Time) {
	if b.recalled {
		return
	}
	b.recalled = true
	state, err := b.file.Load()
	if err != nil {
		b.log.Warn("what was measured before is not known", "err", err)
		if !errors.Is(err, kept.ErrDamaged) {
			b.file.Path = "" // what cannot be read now is not replaced
		}
		return
	}
	if state.Of != b.of {
		return
	}
	for _, f := range state.Found[:min(len(state.Found), 2*bloatMost)] {
		if age := now.Sub(f.At); age >= 0 && age < bloatKeptFor {
			target := bloatTarget{index: f.Index, schema: f.Schema, name: f.Name, of: f.Table}
			b.found[f.OID] = bloatMeasure{target, f.Size, f.Free, f.Dead, f.At}
		}
	}
	if !state.Round.After(now) {
		b.rounds.last = state.Round
		b.rounds.done = b.rounds.window.holds(now) && !state.Round.Before(b.rounds.window.began(now))
	}
	b.keptRound, b.keptMeasure = state.Round, b.newest()
}

// keep writes what was measured, when that changed.
func (b *bloat) keep() error {
	newest := b.newest()
	if newest.Equal(b.keptMeasure) && b.rounds.last.Equal(b.keptRound) {
		return nil
	}
	state := bloatState{Of: b.of, Round: b.rounds.last}
	for oid, f := range b.found {
		state.Found = append(state.Found, bloatKeptResult{oid, f.index, f.schema, f.name, f.of, f.size, f.free, f.dead, f.at})
	}
	if err := b.file.Save(state); err != nil {
		return fmt.Errorf("keep what was measured: %w", err)
	}
	b.keptRound, b.keptMeasure = b.rounds.last, newest
	return nil
}

// newest returns when something was measured last.
func (b *bloat) newest() (at time.Time) {
	for _, f := range b.found {
		if f.at.After(at) {
			at = f.at
		}
	}
	return at
}
