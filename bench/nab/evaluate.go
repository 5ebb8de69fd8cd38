package main

import "fmt"

// result is the score for one profile, at the best threshold.
type result struct {
	profile          profile
	score, threshold float64
}

// evaluate scores what a detector made of the files, with the best threshold over all of them for each profile.
func evaluate(files []*file, scores [][]float64) []result {
	var results []result
	for _, p := range profiles {
		rows, windows := sweepAll(files, scores, p)
		threshold, sum := optimum(rows, p)
		results = append(results, result{p, normal(sum, p, windows), threshold})
	}
	return results
}

// scoreAt scores files at a threshold that was chosen elsewhere.
func scoreAt(files []*file, scores [][]float64, p profile, threshold float64) float64 {
	rows, windows := sweepAll(files, scores, p)
	return normal(total(rows, p, threshold), p, windows)
}

func sweepAll(files []*file, scores [][]float64, p profile) (rows []row, windows int) {
	for i, f := range files {
		rows = append(rows, sweep(f, scores[i], p, windows)...)
		windows += len(f.windows)
	}
	return rows, windows
}

// halves shows what choosing the threshold on the same files is worth: each half, every second file, is scored at the
// threshold that is best for the other.
func halves(files []*file, scores [][]float64) {
	var half [2]struct {
		files  []*file
		scores [][]float64
	}
	for i, f := range files {
		h := &half[i%2]
		h.files, h.scores = append(h.files, f), append(h.scores, scores[i])
	}
	for i := range half {
		this, other := half[i], half[1-i]
		own := evaluate(this.files, this.scores)[0]
		foreign := evaluate(other.files, other.scores)[0]
		fmt.Printf("standard, half %d: %6.2f at its own threshold, %6.2f at that of the other half\n",
			i+1, own.score, scoreAt(this.files, this.scores, own.profile, foreign.threshold))
	}
}

// contributions prints what each file adds to the total.
func contributions(files []*file, scores [][]float64, r result) {
	for i, f := range files {
		alarms := 0
		rows := sweep(f, scores[i], r.profile, 0)
		for _, one := range rows {
			if one.window == noWindow && one.score >= r.threshold {
				alarms++
			}
		}
		fmt.Printf("%-60s windows %d  score %6.2f  rows outside called anomalies %d\n", f.name, len(f.windows), total(rows, r.profile, r.threshold), alarms)
	}
}
