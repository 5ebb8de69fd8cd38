package faults

import (
	"os"
	"slices"
	"sync"
	"testing"
)

// table collects the results of all cells.
type table struct {
	mu   sync.Mutex
	rows []string
}

func (t *table) row(r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r.String())
}

// print logs the table, and writes it to the file that GATEWATCH_FAULTS_TABLE names.
func (t *table) print(to *testing.T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.rows)
	to.Logf("\n%s", t.text())
	if path := os.Getenv("GATEWATCH_FAULTS_TABLE"); path != "" {
		if err := os.WriteFile(path, []byte(t.text()), 0o644); err != nil {
			to.Error(err)
		}
	}
}
