package tail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxFileLags is how many files of a group have lag metrics of their own: those with the most unread bytes.
const maxFileLags = 10

var (
	filesDesc    = prometheus.NewDesc("gatewatch_tail_files", "Files being followed.", []string{"group"}, nil)
	openDesc     = prometheus.NewDesc("gatewatch_tail_open_files", "Files being followed that are open.", []string{"group"}, nil)
	lagDesc      = prometheus.NewDesc("gatewatch_tail_lag_bytes", "Bytes in followed files that are not read yet.", []string{"group"}, nil)
	lagTimeDesc  = prometheus.NewDesc("gatewatch_tail_lag_seconds", "How long the oldest unread byte has been waiting at most.", []string{"group"}, nil)
	lastReadDesc = prometheus.NewDesc("gatewatch_tail_last_read_timestamp_seconds", "When a line was read last.", []string{"group"}, nil)
	fileLagDesc  = prometheus.NewDesc("gatewatch_tail_file_lag_bytes",
		"Bytes not read yet of the files that have most of them, ten of a group.", []string{"group", "path"}, nil)
	fileLagTimeDesc = prometheus.NewDesc("gatewatch_tail_file_lag_seconds",
		"How long the oldest unread byte has been waiting at most, of the files that have most unread bytes.", []string{"group", "path"}, nil)
)

// Groups exports the state of all groups of an agent as metrics, labelled with their first glob.
type Groups []*Group

// Describe implements prometheus.Collector.
func (Groups) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{filesDesc, openDesc, lagDesc, lagTimeDesc, lastReadDesc, fileLagDesc, fileLagTimeDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (gs Groups) Collect(ch chan<- prometheus.Metric) {
	for i, g := range gs {
		name := fmt.Sprint(i)
		if len(g.cfg.Globs) > 0 {
			name += ":" + g.cfg.Globs[0]
		}
		collectGroup(ch, label(name), g.Status())
	}
}

// label makes a path fit to be a label's value: names of files may be in any encoding.
func label(path string) string { return strings.ToValidUTF8(path, "\uFFFD") }

func collectGroup(ch chan<- prometheus.Metric, name string, files []Status) {
	var lag int64
	var behind time.Duration
	var last time.Time
	open := 0
	for _, s := range files {
		lag += s.Size - s.Offset
		behind = max(behind, s.Behind)
		if s.Open {
			open++
		}
		if s.LastRead.After(last) {
			last = s.LastRead
		}
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{name}, labels...)...)
	}
	gauge(filesDesc, float64(len(files)))
	gauge(openDesc, float64(open))
	gauge(lagDesc, float64(lag))
	gauge(lagTimeDesc, behind.Seconds())
	if !last.IsZero() {
		gauge(lastReadDesc, float64(last.UnixMilli())/1000)
	}
	for _, s := range mostBehind(files) {
		gauge(fileLagDesc, float64(s.Size-s.Offset), label(s.Path))
		gauge(fileLagTimeDesc, s.Behind.Seconds(), label(s.Path))
	}
}

// mostBehind returns the files with the most unread bytes, each path once. It reorders files.
func mostBehind(files []Status) []Status {
	slices.SortFunc(files, func(a, b Status) int {
		return cmp.Or(cmp.Compare(b.Size-b.Offset, a.Size-a.Offset), cmp.Compare(a.Path, b.Path))
	})
	var most []Status
	for _, s := range files {
		if s.Size == s.Offset || len(most) == maxFileLags {
			break
		}
		// A file that was truncated stands at one path with what follows it.
		if !slices.ContainsFunc(most, func(m Status) bool { return label(m.Path) == label(s.Path) }) {
			most = append(most, s)
		}
	}
	return most
}
