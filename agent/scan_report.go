package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"gatewatch/scan"
)

// scanReport sums up an audit.
type scanReport struct {
	Findings int            `json:"findings"`
	Kinds    map[string]int `json:"kinds"`
	Files    map[string]int `json:"files"`
	Loggers  map[string]int `json:"loggers"`
	Scanned  int            `json:"files_scanned"`
	Skipped  int            `json:"files_skipped"` // binary ones in folders
	Bytes    int64          `json:"bytes"`
	Took     float64        `json:"seconds"`

	began time.Time
}

const (
	// maxLoggers bounds the loggers that are told apart; further ones count as "(others)".
	maxLoggers = 1000
	// shownRows is how many files and loggers a printed report names.
	shownRows = 20
)

func newScanReport() *scanReport {
	return &scanReport{Kinds: map[string]int{}, Files: map[string]int{}, Loggers: map[string]int{}, began: time.Now()}
}

func (r *scanReport) add(f scan.Finding) {
	r.Findings++
	r.Kinds[f.Kind]++
	r.Files[f.File]++
	if f.Logger == "" {
		return
	}
	if _, known := r.Loggers[f.Logger]; !known && len(r.Loggers) >= maxLoggers {
		f.Logger = "(others)"
	}
	r.Loggers[f.Logger]++
}

func (r *scanReport) print(w io.Writer) {
	if r.Findings > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s, %.1f MB in %.1f s: ", counted(r.Scanned, "file"), float64(r.Bytes)/1e6, r.Took)
	if r.Findings == 0 {
		fmt.Fprintln(w, "nothing found")
	} else {
		fmt.Fprintf(w, "%s found\n", counted(r.Findings, "value"))
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, "not looked at, because there is no text in it: %s\n", counted(r.Skipped, "file"))
	}
	printCounts(w, "kind", r.Kinds)
	printCounts(w, "file", r.Files)
	printCounts(w, "logger", r.Loggers)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printCounts prints a table, the largest number first.
func printCounts(w io.Writer, name string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%10s  by %s\n", "", name)
	rows := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, row := range rows {
		if i == shownRows {
			fmt.Fprintf(w, "%10s  and %d more\n", "", len(rows)-i)
			break
		}
		fmt.Fprintf(w, "%10d  %s\n", counts[row], row)
	}
}
