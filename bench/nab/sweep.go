package main

import (
	"math"
	"slices"
)

// profile weighs hits, misses and false alarms; its names and weights are those of NAB's config/profiles.json.
type profile struct {
	name           string
	tp, fp, missed float64
}

var profiles = []profile{
	{"standard", 1, 0.11, 1},
	{"reward_low_FP_rate", 1, 0.22, 1},
	{"reward_low_FN_rate", 1, 0.11, 2},
}

// Probation is the part of a file, in its beginning, in which nothing counts.
const (
	probation     = 0.15
	probationRows = 5000 // a longer file has no longer probation than one of so many rows
)

// row is one row of a file, ready to be added up: what it is worth if it is called an anomaly.
type row struct {
	score  float64 // the detector's, 0 to 1
	worth  float64
	window int // of the corpus, -1 outside all
}

// noWindow marks rows outside all windows.
const noWindow = -1

// sigmoid is NAB's worth of a detection by its place: -1 at the window's left edge, 0 at its right edge, and beyond 0 the
// further away.
func sigmoid(place float64) float64 {
	if place > 3 {
		return -1
	}
	return 2/(1+math.Exp(5*place)) - 1
}

// sweep says what each row of f after the probation is worth under p. Windows are numbered from first on.
func sweep(f *file, scores []float64, p profile, first int) []row {
	skip := min(math.Floor(probation*float64(len(f.times))), probation*probationRows)
	best := sigmoid(-1)
	var rows []row
	next, inside := 0, false
	var width, right int         // of the present window
	prevRight, prevWidth := 0, 0 // of the one before; no width: none
	for i, t := range f.times {
		if next < len(f.windows) && t.Equal(f.windows[next].from) {
			inside = true
			right = f.index(f.windows[next].to)
			width = right - f.index(f.windows[next].from) + 1
			next++
		}
		r := row{score: scores[i], window: noWindow}
		switch {
		case inside:
			r.window = first + next - 1
			r.worth = sigmoid(-float64(right-i+1)/float64(width)) * p.tp / best
		case prevWidth == 0:
			r.worth = -p.fp
		default:
			r.worth = p.fp * sigmoid(math.Abs(float64(prevRight-i))/float64(prevWidth-1))
		}
		if float64(i) >= skip {
			rows = append(rows, r)
		}
		if inside && t.Equal(f.windows[next-1].to) {
			prevRight, prevWidth, inside = i, width, false
		}
	}
	return rows
}

// total is the score of rows when those of at least threshold are called anomalies: the first hit of the best worth in
// each window, the false alarms, and the windows missed.
func total(rows []row, p profile, threshold float64) float64 {
	windows := map[int]float64{}
	sum := 0.0
	for _, r := range rows {
		if r.window == noWindow {
			if r.score >= threshold {
				sum += r.worth
			}
			continue
		}
		if _, ok := windows[r.window]; !ok {
			windows[r.window] = -p.missed
		}
		if r.score >= threshold {
			windows[r.window] = max(windows[r.window], r.worth)
		}
	}
	for _, w := range windows {
		sum += w
	}
	return sum
}

// optimum returns the threshold with the highest total, found in one pass over the rows from the highest score down.
func optimum(rows []row, p profile) (threshold, score float64) {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b row) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	worth := map[int]float64{}
	sum := 0.0
	for _, r := range sorted {
		if _, ok := worth[r.window]; !ok && r.window != noWindow {
			worth[r.window] = -p.missed
			sum -= p.missed
		}
	}
	threshold, score = 1.1, sum
	for i, r := range sorted {
		if r.window == noWindow {
			sum += r.worth
		} else if r.worth > worth[r.window] {
			sum += r.worth - worth[r.window]
			worth[r.window] = r.worth
		}
		if last := i+1 == len(sorted) || sorted[i+1].score != r.score; last && sum > score {
			threshold, score = r.score, sum
		}
	}
	return threshold, score
}

// normal turns a total into NAB's scale: 0 is the detector that never says anything, 100 the perfect one.
func normal(total float64, p profile, windows int) float64 {
	perfect, null := p.tp*float64(windows), -p.missed*float64(windows)
	return 100 * (total - null) / (perfect - null)
}
