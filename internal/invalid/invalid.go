// Package invalid collects the mistakes of a configuration, each with the key path it stands at, so that all are
// reported at once.
package invalid

import (
	"errors"
	"fmt"
	"strings"
)

// Mistake is one thing that is wrong at one place of a configuration.
type Mistake struct {
	// Path is where, from the struct that was validated: "slack.channel", "logs[2].paths[0]".
	Path string
	// Text says what is wrong and what would be right.
	Text string
}

// Mistakes is an error that holds every mistake found.
type Mistakes []Mistake

// Add notes one mistake at path.
func (m *Mistakes) Add(path, format string, args ...any) {
	*m = append(*m, Mistake{path, fmt.Sprintf(format, args...)})
}

// AddIn notes the mistakes in err, as returned by the Validate method of the part at path, with their paths below it.
// A nil err adds nothing.
func (m *Mistakes) AddIn(path string, err error) {
	if err == nil {
		return
	}
	var below Mistakes
	if !errors.As(err, &below) {
		m.Add(path, "%v", err)
		return
	}
	for _, b := range below {
		at := path
		switch {
		case path == "" || b.Path == "":
			at += b.Path
		case strings.HasPrefix(b.Path, "["):
			at += b.Path
		default:
			at += "." + b.Path
		}
		*m = append(*m, Mistake{at, b.Text})
	}
}

// Err returns m as an error, or nil when there is none.
func (m Mistakes) Err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// Error lists the mistakes, a line each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.Path + ": " + one.Text
	}
	return strings.Join(lines, "\n")
}
