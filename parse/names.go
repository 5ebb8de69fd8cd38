package parse

import (
	"time"

	"gatewatch/event"
)

// Names knows which field names mean which fact. It is safe for concurrent use.
type Names struct{ loc *time.Location }

// NewNames returns the usual names with overrides, fact name ("provider", "log.level") to field name, before them.
// Time stamps without a zone are in loc.
func NewNames(overrides map[string]string, loc *time.Location) (*Names, error) {
	return &Names{loc}, nil
}

// Assign sets the facts of ev from ev.Fields.
func (n *Names) Assign(ev *event.Event) {
	for i := range ev.Fields {
		if f := &ev.Fields[i]; f.Key != event.None {
			ev.SetFact(f.Key, f.Value)
		}
	}
}
