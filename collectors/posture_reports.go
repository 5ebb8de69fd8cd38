package collectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxReport bounds a report; that of a large image has 10 MiB.
const maxReport = 32 << 20

// reports tells what security scanners found, as they left it in files.
type reports struct {
	entries []ReportConfig
	// read are the reports as they were read last, by the name of their entry.
	read map[string]readReport

	findings, scanned, readable metric
}

// readReport is a report that was read.
type readReport struct {
	file   fileVersion
	counts map[string]int
	at     time.Time
	err    error
}

func newReports(entries []ReportConfig) collector {
	var all metrics
	r := &reports{
		entries: entries, read: map[string]readReport{},
		findings: all.gauge("posture_scanner_findings", "Findings of the last report.", "scanner", "name", "level"),
		scanned:  all.gauge("posture_scanner_last_scan_timestamp_seconds", "When the last report was made; 0: there is none.", "scanner", "name"),
		readable: all.gauge("posture_report_readable", "Whether the last report could be read.", "scanner", "name"),
	}
	return collector{name: "posture_reports", metrics: all, timeout: postureTimeout, collect: r.collect}
}

// collect reads what changed. A report that cannot be read is an error; those before it are not told any more.
func (r *reports) collect(ctx context.Context, out *samples) error {
	var failed error
	for i := range r.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry := &r.entries[i]
		newest, found := newestReport(entry.Path)
		last := r.read[entry.Name]
		if found && newest != last.file {
			last = readReport{file: newest}
			last.counts, last.at, last.err = readFindings(entry.Format, newest)
			r.read[entry.Name] = last
		}
		out.add(r.readable, boolValue(found && last.err == nil), entry.scanner(), entry.Name)
		switch {
		case !found:
			out.add(r.scanned, 0, entry.scanner(), entry.Name)
		case last.err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", newest.path, last.err))
		default:
			out.add(r.scanned, unixSeconds(last.at), entry.scanner(), entry.Name)
			for _, level := range findingLevels() {
				out.add(r.findings, float64(last.counts[level]), entry.scanner(), entry.Name, level)
			}
		}
	}
	return failed
}

// newestReport returns the file that was changed last.
func newestReport(pattern string) (newest fileVersion, found bool) {
	files, _ := findFiles([]string{pattern}, maxFilesPerEntry)
	for _, f := range files {
		info, err := os.Stat(f.path)
		if err == nil && info.Mode().IsRegular() && (!found || info.ModTime().After(newest.changed)) {
			newest, found = fileVersion{f.path, info.Size(), info.ModTime()}, true
		}
	}
	return newest, found
}

// readFindings returns the number of findings by level, and when the report was made: as it says, or else when the file
// was changed.
func readFindings(format string, at fileVersion) (map[string]int, time.Time, error) {
	if at.size > maxReport {
		return nil, time.Time{}, fmt.Errorf("has %d MiB, at most %d are read", at.size>>20, maxReport>>20)
	}
	file, err := os.Open(at.path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReport))
	if err != nil {
		return nil, time.Time{}, err
	}
	counts, made, err := parseReport(format, data)
	if made.IsZero() || made.After(at.changed) {
		made = at.changed
	}
	return counts, made, err
}
