// Package testlog keeps what a part logs in tests.
package testlog

import (
	"strings"
	"sync"
)

// Log is a log that may be read while it is written. The zero value is an empty one.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds p and never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
