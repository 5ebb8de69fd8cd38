package sqldb

import (
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/event"
)

const (
	// findingsEvery is how often what is wrong with a schema is looked for.
	findingsEvery = time.Hour
	// findingsAgain is how often it is told while it lasts.
	findingsAgain = 24 * time.Hour
	// findingsMost is how many of a kind are told.
	findingsMost = 100
)

// finding is something in a schema that costs time or space and that people can change.
type finding struct {
	kind            string // a key of findingTexts
	database, table string
	// index is the index, or the foreign key, that it is about; columns are its columns.
	index, columns string
	// of is the other index or table that it is about.
	of    string
	bytes float64
}

// findingTexts say what is found.
var findingTexts = map[string]string{
	"foreign_key_without_index": "{table}({columns}) refers to {of} and has no index: what is deleted or changed there waits for a scan of {table}",
	"duplicate_index":           "index {index} of {table}({columns}) is the same as {of}: each write pays for both",
	"redundant_index":           "index {index} of {table}({columns}) serves nothing that {of} does not serve: each write pays for both",
	"invalid_index":             "index {index} of {table} is invalid: each write pays for it, and no query uses it",
	"unused_index":              "index {index} of {table} was not used since the counters began, a week ago or more; replicas may use it",
	"no_primary_key":            "{table} has no primary key: a replica looks for each changed row in the whole table",
}

// text says for people what is found.
func (f finding) text() string {
	return strings.NewReplacer("{table}", f.table, "{index}", f.index, "{columns}", f.columns, "{of}", f.of).Replace(findingTexts[f.kind])
}

// findings tells as documents what is found in the schemas of one server: when it is new, and then once a day.
type findings struct {
	dataset       string // "postgresql.finding"
	name, address string
	notes         collect.Notes
	told          map[finding]time.Time
}

func newFindings(dataset string, d DatabaseConfig, address string, e collect.Env) *findings {
	return &findings{dataset: dataset, name: d.Name, address: address, notes: e.Notes, told: map[finding]time.Time{}}
}

// readFindings returns the findings in the rows of a question, all of them of one kind when that is given. What is more than
// findingsMost of a kind is left out and counted.
func readFindings(a rowset, kind string, out *collect.Samples) []finding {
	var all []finding
	count := map[string]int{}
	for _, row := range a.rows {
		f := finding{kind: kind, database: a.cell(row, "database"), table: a.cell(row, "table"), index: a.cell(row, "index"),
			columns: a.cell(row, "columns"), of: a.cell(row, "of")}
		if kind == "" {
			f.kind = a.cell(row, "kind")
		}
		f.bytes, _ = collect.ParseNumber(a.cell(row, "bytes"))
		if count[f.kind]++; count[f.kind] > findingsMost {
			out.Dropped++
			continue
		}
		all = append(all, f)
	}
	return all
}

// tell gives documents for those of all, which are of kinds, that are new or were told long ago.
func (s *findings) tell(all []finding, now time.Time, kinds ...string) {
	next := map[finding]time.Time{}
	for f, at := range s.told {
		if !slices.Contains(kinds, f.kind) {
			next[f] = at
		}
	}
	for _, f := range all {
		key := f
		key.bytes = 0 // it grows, and is the same finding
		at, known := s.told[key]
		if !known || now.Sub(at) >= findingsAgain {
			s.notes.Add(s.note(f, now))
			at = now
		}
		next[key] = at
	}
	s.told = next
}

func (s *findings) note(f finding, now time.Time) event.Note {
	note := event.Note{Dataset: s.dataset, Time: now, Message: f.text(), Fields: []event.NoteField{
		event.NoteText("event.kind", "state"),
		event.NoteText("labels.name", s.name),
		event.NoteText("service.address", s.address),
		event.NoteText(s.dataset+".kind", f.kind),
		event.NoteText(s.dataset+".database", f.database),
		event.NoteText(s.dataset+".table", f.table),
	}}
	for _, more := range []struct{ name, value string }{{"index", f.index}, {"columns", f.columns}, {"of", f.of}} {
		if more.value != "" {
			note.Fields = append(note.Fields, event.NoteText(s.dataset+"."+more.name, more.value))
		}
	}
	if f.bytes > 0 {
		note.Fields = append(note.Fields, event.NoteNumber(s.dataset+".bytes", f.bytes))
	}
	return note
}
