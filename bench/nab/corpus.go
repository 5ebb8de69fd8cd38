package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// window is a labelled anomaly, both ends included.
type window struct{ from, to time.Time }

// file is one series of the benchmark.
type file struct {
	name    string // as in realTweets/Twitter_volume_AAPL.csv
	times   []time.Time
	values  []float64
	windows []window
}

// index returns the first row at t, or 0.
func (f *file) index(t time.Time) int {
	return max(0, slices.IndexFunc(f.times, t.Equal))
}

// timeLayout accepts fractions of a second too.
const timeLayout = "2006-01-02 15:04:05"

// readCorpus reads all labelled files of a checkout of NAB, in the order of their names.
func readCorpus(folder string) ([]*file, error) {
	labels, err := os.ReadFile(filepath.Join(folder, "labels", "combined_windows.json"))
	if err != nil {
		return nil, err
	}
	var windows map[string][][2]string
	if err := json.Unmarshal(labels, &windows); err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var files []*file
	for _, name := range slices.Sorted(maps.Keys(windows)) {
		f := &file{name: name}
		if f.times, f.values, err = readColumn(filepath.Join(folder, "data", filepath.FromSlash(name)), "value"); err != nil {
			return nil, err
		}
		for _, w := range windows[name] {
			from, err := time.Parse(timeLayout, w[0])
			if err != nil {
				return nil, fmt.Errorf("read labels of %s: %w", name, err)
			}
			to, err := time.Parse(timeLayout, w[1])
			if err != nil {
				return nil, fmt.Errorf("read labels of %s: %w", name, err)
			}
			f.windows = append(f.windows, window{from, to})
		}
		files = append(files, f)
	}
	return files, nil
}

// readColumn reads the first column of a CSV file as times, and the named one as numbers.
func readColumn(path, column string) (times []time.Time, values []float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(records) == 0 {
		return nil, nil, fmt.Errorf("read %s: it is empty", path)
	}
	at := slices.Index(records[0], column)
	if at < 0 {
		return nil, nil, fmt.Errorf("read %s: no column %s", path, column)
	}
	for _, r := range records[1:] {
		t, err := time.Parse(timeLayout, r[0])
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
		v, err := strconv.ParseFloat(r[at], 64)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
		times, values = append(times, t), append(values, v)
	}
	return times, values, nil
}
