package collect

import (
	"fmt"
	"iter"
	"log/slog"
	"time"
)

// Section is a kind of thing that is watched: the type of one field of collectors.Config. Its package holds all of it: the keys,
// what is left out of them, what is wrong with them, and what collects.
type Section interface {
	SetDefaults()
	// Validate returns every mistake as invalid.Mistakes.
	Validate() error
	// Collectors returns what the section switches on. It is valid.
	Collectors(e Env) ([]Collector, error)
	// Catalogue lists every metric that they can give.
	Catalogue() []Row
}

// Paths says where the host's /proc, /sys and / are seen.
type Paths struct{ Proc, Sys, Root string }

// Env is what sections share. An entry of a list that uses Given, Host or Names notes it in what its collector is MadeOf.
type Env struct {
	Log *slog.Logger
	// Notes takes what is told as a document.
	Notes Notes
	// Interval is how often what has no interval of its own is collected.
	Interval time.Duration
	// DataDir is where a collector may keep what it has to know after a restart; "" for nowhere.
	DataDir string
	// Given are names that a section gives and that files of the textfile collector may hold as well.
	Given []string
	// Host says where /proc, /sys and / are seen, also when the host itself is not watched.
	Host Paths
	// Names are those of the metrics that the others give, for what tells metrics of others.
	Names GivenNames
}

// Assemble returns what the sections switch on. Its errors name the section by its key.
func Assemble(sections iter.Seq2[string, Section], e Env) ([]Collector, error) {
	e.Names = GivenNames{NodeDurationSpec.Name: true, NodeSuccessSpec.Name: true}
	var all []Collector
	for key, s := range sections {
		found, err := s.Collectors(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		e.Names.note(found, s)
		all = append(all, madeOf(found, []any{s, e.Given, e.Host})...)
	}
	return all, nil
}

// madeOf notes what those were made of that do not say it themselves.
func madeOf(all []Collector, of any) []Collector {
	for i := range all {
		if all[i].MadeOf == nil {
			all[i].MadeOf = of
		}
	}
	return all
}
