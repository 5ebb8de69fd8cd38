package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a configuration file.
type Mistake struct {
	// File is the name the configuration was read under.
	File string
	// Line is where in File, from 1; 0 when the file as a whole is meant.
	Line int
	// Path is the key it is about, as in "logs[0].format"; empty when no single key is meant.
	Path string
	// Text says what is wrong and what would be right. It never holds the value of a secret.
	Text string
}

// String returns the mistake in the form file:line: key: text.
func (m Mistake) String() string {
	at := m.File
	if m.Line > 0 {
		at = fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	if m.Path != "" {
		at += ": " + m.Path
	}
	return at + ": " + m.Text
}

// Mistakes is the error that Load and Parse return: everything that is wrong, in the order of the file.
type Mistakes []Mistake

// Error lists the mistakes, a line each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// sorted returns m in the order of the lines, or nil as an error when there is none.
func (m Mistakes) sorted() error {
	if len(m) == 0 {
		return nil
	}
	slices.SortStableFunc(m, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return m
}
