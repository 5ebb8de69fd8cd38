package receivers

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/slack-go/slack"
)

const (
	// plotTimeout is how long a message waits for the values of its chart.
	plotTimeout = time.Second
	// Slack's limits: points of a chart, characters of its title and of a name in it.
	maxPlot      = 20
	maxPlotTitle = 50
	maxPlotName  = 20
)

// plot puts a chart that Slack draws itself into m.
func (s *Slack) plot(ctx context.Context, m *message, n *Notice) {
	if s.chart == nil || s.plotless || n.Test {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, plotTimeout)
	defer cancel()
	c := s.chart(ctx, n.Alerts[0], m.now)
	if c == nil {
		return
	}
	block := newPlot(c, s.words, n.Alerts[0].Labels["provider"], s.cfg.location())
	if block == nil {
		return
	}
	m.blocks = slices.Insert(m.blocks, m.evidence, slack.Block(block))
	m.foot++
}

// unplot returns m without its chart, or nil when it has none.
func (m *message) unplot() *message {
	isPlot := func(b slack.Block) bool { return b.BlockType() == slack.MBTDataVisualization }
	if !slices.ContainsFunc(m.blocks, isPlot) {
		return nil
	}
	less := *m
	less.blocks = slices.DeleteFunc(slices.Clone(m.blocks), isPlot)
	return &less
}

// newPlot makes a block of Slack's own charts, or nil when there are too few values for a line.
func newPlot(c *Chart, w *words, provider string, zone *time.Location) *slack.DataVisualizationBlock {
	width := c.To.Sub(c.From) / maxPlot
	if width <= 0 {
		return nil
	}
	layout := "15:04"
	if width < time.Minute {
		layout = time.TimeOnly
	}
	values, usual := c.means(c.Values, width), c.means(c.Expected, width)
	title := w.chartTitle(c, provider)
	name := cut(title, maxPlotName)
	if c.Percent {
		name = w.desk.chartSuccess
	}
	axis := slack.DataVisualizationAxisConfig{}
	one := slack.DataVisualizationDataSeries{Name: name}
	other := slack.DataVisualizationDataSeries{Name: w.desk.chartUsual}
	last := math.NaN()
	for _, v := range usual {
		if !math.IsNaN(v) {
			last = v // what is usual at the left edge, until it is known better
			break
		}
	}
	for i, v := range values {
		if !math.IsNaN(usual[i]) {
			last = usual[i]
		}
		if math.IsNaN(v) {
			continue
		}
		label := c.From.Add(time.Duration(i) * width).In(zone).Format(layout)
		axis.Categories = append(axis.Categories, label)
		one.Data = append(one.Data, slack.NewDataVisualizationDataPoint(label, c.rounded(v)))
		other.Data = append(other.Data, slack.NewDataVisualizationDataPoint(label, c.rounded(last)))
	}
	if len(one.Data) < 2 {
		return nil
	}
	series := []slack.DataVisualizationDataSeries{one}
	if !math.IsNaN(last) && other.Name != one.Name {
		series = append(series, other)
	}
	block := &slack.DataVisualizationBlock{
		Type: slack.MBTDataVisualization, Title: cmp.Or(cut(title, maxPlotTitle), "–"), Chart: slack.NewDataVisualizationLineChart(axis, series...),
	}
	if block.Validate() != nil {
		return nil // Slack would refuse the whole message
	}
	return block
}

// means are the means of points over maxPlot times of the width, NaN where there are none.
func (c *Chart) means(points []Point, width time.Duration) []float64 {
	sums, counts := make([]float64, maxPlot), make([]float64, maxPlot)
	for _, p := range points {
		if i := min(int(p.At.Sub(c.From)/width), maxPlot-1); i >= 0 {
			sums[i] += p.Value
			counts[i]++
		}
	}
	for i := range sums {
		sums[i] /= counts[i] // 0/0 is NaN
	}
	return sums
}

// rounded is a value with as many figures as people read.
func (c *Chart) rounded(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	if c.Percent {
		return math.Round(1000*v) / 10
	}
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, 3-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}
