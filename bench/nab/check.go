package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// tolerance is how far a score may be from the published one, in points of 100.
const tolerance = 0.01

// check scores the anomaly scores that NAB's repository holds of other detectors, at the thresholds noted beside them, and
// compares with the results published there. The best threshold found here must be as good at least: that of some
// published results is not the best one.
func check(folder string, files []*file) error {
	text, err := os.ReadFile(filepath.Join(folder, "results", "final_results.json"))
	if err != nil {
		return err
	}
	var published map[string]map[string]float64
	if err := json.Unmarshal(text, &published); err != nil {
		return fmt.Errorf("read published results: %w", err)
	}
	differ := 0
	fmt.Printf("%-20s %-20s %9s %9s %9s\n", "detector", "profile", "published", "here", "optimum")
	for _, name := range slices.Sorted(maps.Keys(published)) {
		scores, err := readScores(folder, name, files)
		if err != nil {
			return err
		}
		for _, best := range evaluate(files, scores) {
			threshold, err := readThreshold(folder, name, best.profile.name)
			if err != nil {
				return err
			}
			want, here, mark := published[name][best.profile.name], scoreAt(files, scores, best.profile, threshold), ""
			if math.Abs(want-here) > tolerance || best.score < here-tolerance {
				differ++
				mark = "  differs"
			}
			fmt.Printf("%-20s %-20s %9.3f %9.3f %9.3f%s\n", name, best.profile.name, want, here, best.score, mark)
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d scores differ from those published", differ)
	}
	return nil
}

// readScores reads what a detector said of each file.
func readScores(folder, detector string, files []*file) (scores [][]float64, err error) {
	scores = make([][]float64, len(files))
	for i, f := range files {
		dir, base := filepath.Split(filepath.FromSlash(f.name))
		_, scores[i], err = readColumn(filepath.Join(folder, "results", detector, dir, detector+"_"+base), "anomaly_score")
		if err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// readThreshold reads the threshold that published scores were made with.
func readThreshold(folder, detector, profile string) (float64, error) {
	path := filepath.Join(folder, "results", detector, detector+"_"+profile+"_scores.csv")
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < 2 {
		return 0, fmt.Errorf("read %s: no scores in it: %w", path, err)
	}
	at := slices.Index(records[0], "Threshold")
	if at < 0 {
		return 0, fmt.Errorf("read %s: no column Threshold", path)
	}
	return strconv.ParseFloat(records[1][at], 64)
}
