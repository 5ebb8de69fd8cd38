package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"gatewatch/internal/faults/gatewaylog"
)

// figures are what one run of one contender cost.
type figures struct {
	cpu     float64 // seconds; live: share of a core
	seconds float64 // until the last line had arrived
	rss     int64
	disk    int64   // -1 when nothing is kept
	later   float64 // of cpu: seconds for packing what is kept
}

// row is one contender's runs.
type row struct {
	contender
	missing bool
	failed  error
	runs    []figures
}

// add takes the outcome of one run. Only a mistake of the bench itself is an error.
func (r *row) add(f figures, err error) error {
	switch {
	case errors.Is(err, errMissing):
		r.missing = true
	case err != nil:
		fmt.Fprintf(os.Stderr, "compare: %s: %v\n", r.name, err)
		r.failed = err
	default:
		r.runs = append(r.runs, f)
	}
	return nil
}

// median returns the median of what get takes from the runs.
func median[T any](runs []T, get func(T) float64) float64 {
	all := make([]float64, 0, len(runs))
	for _, run := range runs {
		all = append(all, get(run))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// table is one comparison.
type table struct {
	format    string
	lineBytes int
	ref       []float64
	rows      []row
}

// report is all of it.
type report struct {
	options
	tables []table
	live   table
}

// String returns the report in Markdown.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %d cores (%s/%s, %s), %d lines, median of %d runs.\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), r.lines, r.rounds)
	for _, t := range r.tables {
		t.write(&b, r.lines)
	}
	r.writeLive(&b)
	return b.String()
}

func (t table) write(b *strings.Builder, lines int) {
	millions := float64(lines) / 1e6
	same := func(x float64) float64 { return x }
	ref := median(t.ref, same) / millions
	fmt.Fprintf(b, "\n### %s lines of %d bytes\n\n", map[string]string{gatewaylog.JSON: "JSON", gatewaylog.Nginx: "nginx"}[t.format], t.lineBytes)
	fmt.Fprintf(b, "| program | does | CPU µs an event | × yardstick | events/s | peak RSS MB | bytes on disk an event |\n|---|---|---|---|---|---|---|\n")
	fmt.Fprintf(b, "| bench/ref | the yardstick, on JSON lines | %.2f | 1.0 | | | |\n", ref)
	for _, r := range t.rows {
		if text := r.absent(); text != "" {
			fmt.Fprintf(b, "| %s | %s | %s | | | | |\n", r.name, r.does, text)
			continue
		}
		cpu := median(r.runs, func(f figures) float64 { return f.cpu }) / millions
		disk := ""
		if size := median(r.runs, func(f figures) float64 { return float64(f.disk) }); size >= 0 {
			disk = fmt.Sprintf("%.0f", size/float64(lines))
		}
		fmt.Fprintf(b, "| %s | %s | %.2f | %.1f | %.0fk | %.0f | %s |\n", r.name, r.does, cpu, cpu/ref,
			float64(lines)/1e3/median(r.runs, func(f figures) float64 { return f.seconds }), r.megabytes(), disk)
		if later := median(r.runs, func(f figures) float64 { return f.later }) / millions; later > 0 {
			fmt.Fprintf(b, "| … on the lines' way | the same without packing the journal, which waits for a free core | %.2f | %.1f | | | |\n", cpu-later, (cpu-later)/ref)
		}
	}
}

func (r *report) writeLive(b *strings.Builder) {
	fmt.Fprintf(b, "\n### Live, %d JSON lines a second for %v\n\n| program | share of a core | peak RSS MB |\n|---|---|---|\n", r.rate, r.options.live)
	for _, row := range r.live.rows {
		if text := row.absent(); text != "" {
			fmt.Fprintf(b, "| %s | %s | |\n", row.name, text)
			continue
		}
		fmt.Fprintf(b, "| %s | %.3f | %.0f |\n", row.name, median(row.runs, func(f figures) float64 { return f.cpu }), row.megabytes())
	}
}

// absent says why a contender has no figures, or "".
func (r row) absent() string {
	switch {
	case r.missing:
		return "not installed, not measured"
	case r.failed != nil:
		return "failed: " + strings.SplitN(r.failed.Error(), "\n", 2)[0]
	}
	return ""
}

func (r row) megabytes() float64 {
	return median(r.runs, func(f figures) float64 { return float64(f.rss) }) / 1e6
}
