package web

import (
	"math"
	"strconv"
	"strings"
)

// The size of a sparkline in its own units.
const (
	sparkWidth, sparkHeight = 140, 30
	sparkPad                = 2
)

// sparkFloor is the highest value that the bottom of a sparkline stands for, so that noise at 99 % looks like noise.
const sparkFloor = 0.9

// sparkline is a small drawing of a rate over time.
type sparkline struct {
	// Lines are the points of polylines; a gap in the values ends one.
	Lines []string
	// Usual is the height of the usual rate, or "".
	Usual string
}

// newSparkline draws rates, NaN being a gap, and usual, NaN when it is not known.
func newSparkline(rates []float64, usual float64) sparkline {
	low := sparkFloor
	for _, v := range rates {
		if v-0.02 < low {
			low = max(v-0.02, 0)
		}
	}
	return drawSparkline(rates, usual, low)
}

// drawSparkline draws values between low, at the bottom, and 1, NaN being a gap, and usual, NaN when there is none.
func drawSparkline(values []float64, usual, low float64) sparkline {
	height := func(v float64) string {
		share := (min(max(v, low), 1) - low) / (1 - low)
		return coordinate(sparkHeight - sparkPad - share*(sparkHeight-2*sparkPad))
	}
	var s sparkline
	if !math.IsNaN(usual) {
		s.Usual = height(usual)
	}
	var points []string
	flush := func() {
		if len(points) > 1 {
			s.Lines = append(s.Lines, strings.Join(points, " "))
		}
		points = points[:0]
	}
	for i, v := range values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		x := sparkPad + float64(i)*(sparkWidth-2*sparkPad)/float64(max(len(values)-1, 1))
		points = append(points, coordinate(x)+","+height(v))
	}
	flush()
	return s
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
