package posture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
)

// maxReport bounds a report; that of a large image has 10 MiB.
const maxReport = 32 << 20

// reports tells what security scanners found, as they left it in files.
type reports struct {
	entries []ReportConfig
	// read are the reports as they were read last, by the name of their entry.
	read map[string]readReport

	findings, scanned, readable collect.Metric
}

// readReport is a report that was read.
type readReport struct {
	file   globs.Version
	counts map[string]int
	at     time.Time
	err    error
}

func newReports(entries []ReportConfig) collect.Collector {
	var all collect.Metrics
	r := &reports{
		entries: entries, read: map[string]readReport{},
		findings: all.Gauge("posture_scanner_findings", "Findings of the last report.", "scanner", "name", "level"),
		scanned:  all.Gauge("posture_scanner_last_scan_timestamp_seconds", "When the last report was made; 0: there is none.", "scanner", "name"),
		readable: all.Gauge("posture_report_readable", "Whether the last report could be read.", "scanner", "name"),
	}
	return collect.Collector{Name: "posture_reports", Metrics: all, Timeout: postureTimeout, MadeOf: entries, Collect: r.collect}
}

// collect reads what changed. A report that cannot be read is an error; those before it are not told any more.
func (r *reports) collect(ctx context.Context, out *collect.Samples) error {
	var failed error
	for i := range r.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry := &r.entries[i]
		newest, found := globs.Newest([]string{entry.Path}, nil)
		last := r.read[entry.Name]
		if found && newest != last.file {
			last = readReport{file: newest}
			last.counts, last.at, last.err = readFindings(entry.Format, newest)
			r.read[entry.Name] = last
		}
		out.Add(r.readable, collect.Bool(found && last.err == nil), entry.scanner(), entry.Name)
		switch {
		case !found:
			out.Add(r.scanned, 0, entry.scanner(), entry.Name)
		case last.err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", newest.Path, last.err))
		default:
			out.Add(r.scanned, collect.UnixSeconds(last.at), entry.scanner(), entry.Name)
			for _, level := range findingLevels() {
				out.Add(r.findings, float64(last.counts[level]), entry.scanner(), entry.Name, level)
			}
		}
	}
	return failed
}

// readFindings returns the number of findings by level, and when the report was made: as it says, or else when the file
// was changed.
func readFindings(format string, at globs.Version) (map[string]int, time.Time, error) {
	if at.Size > maxReport {
		return nil, time.Time{}, fmt.Errorf("has %d MiB, at most %d are read", at.Size>>20, maxReport>>20)
	}
	file, err := os.Open(at.Path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReport))
	if err != nil {
		return nil, time.Time{}, err
	}
	counts, made, err := parseReport(format, data)
	if made.IsZero() || made.After(at.Changed) {
		made = at.Changed
	}
	return counts, made, err
}
