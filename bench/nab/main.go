// Command nab runs the anomaly detector of package detect over the Numenta Anomaly Benchmark and prints its scores as NAB
// defines them. FOLDER is a checkout of github.com/numenta/NAB.
//
//	go run ./bench/nab [-check] [-files] [-limit N] FOLDER
//
// The detector sees each series once, in order, with the same settings for all; the threshold is then chosen over the
// whole corpus, one for each profile, as NAB does for all detectors. With -check it scores the anomaly scores of other
// detectors that the checkout holds instead, and compares with the results published there.
package main

import (
	"flag"
	"fmt"
	"os"

	"gatewatch/detect"
)

func main() {
	checking := flag.Bool("check", false, "score the published anomaly scores of other detectors instead")
	each := flag.Bool("files", false, "also print what each file contributes to the standard score")
	limit := flag.Float64("limit", detect.DefaultLimit, "the detector's limit")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: nab [-check] [-files] [-limit N] FOLDER, with NAB's data and labels in it")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *checking, *each, *limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, checking, each bool, limit float64) error {
	files, err := readCorpus(folder)
	if err != nil {
		return err
	}
	if checking {
		return check(folder, files)
	}
	scores := make([][]float64, len(files))
	for i, f := range files {
		scores[i] = observe(f, limit)
	}
	results := evaluate(files, scores)
	for _, r := range results {
		fmt.Printf("%-20s %6.2f  at threshold %.4f\n", r.profile.name, r.score, r.threshold)
	}
	halves(files, scores)
	if each {
		contributions(files, scores, results[0])
	}
	return nil
}

// observe runs the detector over one file. NAB's scores are between 0 and 1, higher for what is less probable.
func observe(f *file, limit float64) []float64 {
	d := detect.NewDetector(detect.Gauge, limit)
	scores := make([]float64, len(f.times))
	for i, t := range f.times {
		onset := d.Observe(detect.Observation{Time: t, Value: f.values[i]}).Onset
		scores[i] = onset / (onset + detect.DefaultLimit)
	}
	return scores
}
