package receivers

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strconv"
	"strings"
	"time"
)

// Chart is a metric around an incident.
type Chart struct {
	// Title says what the metric is.
	Title string
	// Percent: the values are shares, shown as 0 % to 100 %.
	Percent bool
	// From and To bound the chart, Since and Until the incident in it.
	From, To, Since, Until time.Time
	// Values and Expected are the metric and what it usually is, the oldest first. Either may be empty.
	Values, Expected []Point
	// Step is the time between two points. Where there is much more, the line has a gap.
	Step time.Duration
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// The chart is drawn at twice the size at which it is usually seen, so that lines look smooth.
const (
	chartWidth, chartHeight = 1600, 480
	chartLeft, chartRight   = 150, 30
	chartTop, chartBottom   = 30, 60
	chartLines              = 4 // of the grid, and of times
	valueLine, expectedLine = 5, 3
	gapSteps                = 4
)

var (
	paper        = color.RGBA{255, 255, 255, 255}
	ink          = color.RGBA{85, 85, 85, 255}
	gridColor    = color.RGBA{228, 228, 228, 255}
	duringColor  = color.RGBA{253, 236, 234, 255}
	valueColor   = color.RGBA{200, 40, 40, 255}
	expectedGrey = color.RGBA{165, 165, 165, 255}
)

// plot is a chart being drawn.
type plot struct {
	*Chart
	img       *image.RGBA
	low, high float64
}

// PNG draws the chart.
func (c *Chart) PNG() ([]byte, error) {
	p := plot{Chart: c, img: image.NewRGBA(image.Rect(0, 0, chartWidth, chartHeight))}
	p.scale()
	fill(p.img, p.img.Bounds(), paper)
	fill(p.img, image.Rect(p.x(c.Since), chartTop, p.x(c.Until), chartHeight-chartBottom), duringColor)
	p.grid()
	p.line(c.Expected, expectedLine, expectedGrey)
	p.line(c.Values, valueLine, valueColor)
	var b bytes.Buffer
	err := png.Encode(&b, p.img)
	return b.Bytes(), err
}

// scale finds what the lowest and the highest line of the grid stand for.
func (p *plot) scale() {
	if p.Percent {
		p.low, p.high = 0, 1
		return
	}
	highest := 0.0
	for _, points := range [][]Point{p.Values, p.Expected} {
		for _, one := range points {
			if v := math.Abs(one.Value); v <= math.MaxFloat64/2 {
				highest = max(highest, v)
				p.low = min(p.low, one.Value)
			}
		}
	}
	p.high = nice(highest)
	if p.low < 0 {
		p.low = -p.high
	}
}

// nice is the next number that divides well into the lines of the grid.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range [...]float64{1, 2, 4, 8} {
		if v <= step*power {
			return step * power
		}
	}
	return 10 * power
}

func (p *plot) x(t time.Time) int {
	share := float64(t.Sub(p.From)) / float64(max(p.To.Sub(p.From), 1))
	return chartLeft + int(min(max(share, 0), 1)*(chartWidth-chartLeft-chartRight))
}

func (p *plot) y(v float64) int {
	share := (v - p.low) / (p.high - p.low)
	return chartHeight - chartBottom - int(min(max(share, 0), 1)*(chartHeight-chartTop-chartBottom))
}

// grid draws the lines and what they stand for.
func (p *plot) grid() {
	for i := range chartLines + 1 {
		v := p.low + (p.high-p.low)*float64(i)/chartLines
		y, text := p.y(v), p.figure(v)
		fill(p.img, image.Rect(chartLeft, y-1, chartWidth-chartRight, y+1), gridColor)
		write(p.img, chartLeft-15-textWidth(text), y-glyphHeight*fontScale/2, text, ink)
	}
	for i := range chartLines {
		at := p.From.Add(p.To.Sub(p.From) * time.Duration(i) / chartLines)
		write(p.img, p.x(at), chartHeight-chartBottom+18, at.Format("15:04"), ink)
	}
}

// figure writes a value of the grid.
func (p *plot) figure(v float64) string {
	switch {
	case p.Percent:
		return strconv.Itoa(int(math.Round(v*100))) + "%"
	case math.Abs(v) >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case math.Abs(v) >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	text := strconv.FormatFloat(v, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// line connects the points, except over gaps.
func (p *plot) line(points []Point, width int, c color.RGBA) {
	for i, one := range points {
		if math.IsNaN(one.Value) {
			continue
		}
		x, y := p.x(one.At), p.y(one.Value)
		if i == 0 || math.IsNaN(points[i-1].Value) || one.At.Sub(points[i-1].At) > gapSteps*p.Step {
			p.dot(x, y, width, c)
			continue
		}
		fromX, fromY := p.x(points[i-1].At), p.y(points[i-1].Value)
		steps := max(abs(x-fromX), abs(y-fromY), 1)
		for s := range steps + 1 {
			p.dot(fromX+(x-fromX)*s/steps, fromY+(y-fromY)*s/steps, width, c)
		}
	}
}

func (p *plot) dot(x, y, width int, c color.RGBA) {
	fill(p.img, image.Rect(x-width/2, y-width/2, x+width/2+1, y+width/2+1), c)
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

func abs(n int) int { return max(n, -n) }
