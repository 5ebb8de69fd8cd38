package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The bounds of the textfile folder.
const (
	maxTextfiles     = 100
	maxTextfileBytes = 1 << 20
)

// textfileOther is what files give.
var textfileOther = collect.Spec{Name: collect.AnyName, Kind: collect.UntypedKind, Help: "What the *.prom files say, under their own names.", Labels: nil}

// collectTextfiles gives what cron jobs and scripts leave as *.prom in a folder.
func collectTextfiles(h Config) collect.Collector {
	var all collect.Metrics
	failed := all.Gauge("node_textfile_scrape_error", "1 if there was an error opening or reading a file, 0 otherwise")
	mtime := all.Gauge("node_textfile_mtime_seconds", "Unixtime mtime of textfiles successfully read.", "file")
	return collect.Collector{Name: "textfile", Metrics: all, MadeOf: []any{h.TextfileDir, h.given, h.names}, Collect: func(_ context.Context, out *collect.Samples) error {
		files, err := filepath.Glob(filepath.Join(h.TextfileDir, "*.prom"))
		if h.TextfileDir == "" || err != nil {
			return err
		}
		if len(files) > maxTextfiles {
			err = fmt.Errorf("%s has %d files, only %d are read", h.TextfileDir, len(files), maxTextfiles)
			files = files[:maxTextfiles]
		}
		types, seen := map[string]dto.MetricType{}, map[string]bool{}
		var told []collect.Family
		for _, file := range files {
			families, changed, one := readTextfile(file)
			if one == nil {
				out.Add(mtime, changed, file)
				maps.DeleteFunc(families, func(name string, _ *dto.MetricFamily) bool { return slices.Contains(h.given, name) })
				var accepted []collect.Family
				accepted, one = acceptedOf(families, h.names, types, seen)
				told = append(told, accepted...)
			}
			if one != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", file, one))
			}
		}
		out.Add(failed, collect.Bool(err != nil))
		for _, f := range told { // after what is said of the files, which has room however much is in them
			out.TakeFamily(f)
		}
		return err
	}}
}

// readTextfile returns the metrics of one file and when it was last changed.
func readTextfile(file string) (map[string]*dto.MetricFamily, float64, error) {
	// Opening a pipe would wait for somebody who writes.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, err
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("is not a file")
	case info.Size() > maxTextfileBytes:
		return nil, 0, fmt.Errorf("has %d bytes, at most %d are read", info.Size(), maxTextfileBytes)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(f, maxTextfileBytes))
	return families, collect.UnixSeconds(info.ModTime()), err
}

// acceptedOf returns the metrics of one file that can be taken, and why others cannot. names are those of the agent. types and
// seen are what files before it gave: one name has one type, and one series one value.
func acceptedOf(families map[string]*dto.MetricFamily, names collect.GivenNames, types map[string]dto.MetricType, seen map[string]bool) (accepted []collect.Family, refused error) {
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		if err := acceptable(f, names, types); err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		types[name] = f.GetType()
		told := collect.Family{Name: name, Type: f.GetType()}
		for _, m := range f.Metric {
			key := collect.SeriesKey(name, m)
			if seen[key] {
				refused = errors.Join(refused, fmt.Errorf("%s is there twice", key))
				continue
			}
			seen[key] = true
			told.Samples = append(told.Samples, m)
		}
		accepted = append(accepted, told)
	}
	return accepted, refused
}

// acceptable says why a family of a file cannot be taken.
func acceptable(f *dto.MetricFamily, names collect.GivenNames, types map[string]dto.MetricType) error {
	name := f.GetName()
	for _, part := range append([]string{""}, collect.PartsOf(f.GetType())...) {
		if why, is := names.Owned(name + part); is {
			return fmt.Errorf("%s: %s", name+part, why)
		}
	}
	if before, ok := types[name]; ok && before != f.GetType() {
		return fmt.Errorf("%s is a %s here and a %s in another file", name, f.GetType(), before)
	}
	for _, m := range f.Metric {
		if m.TimestampMs != nil {
			return fmt.Errorf("%s has a timestamp; values in files are those of now", name)
		}
	}
	return nil
}
