package fakeslack

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// The size of a chart on the page, and the room for its labels.
const (
	chartWidth, chartHeight = 560.0, 130.0
	chartLeft, chartBottom  = 36.0, 18.0
)

// drawChart draws a line chart as SVG.
func drawChart(chart map[string]any) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %v %v" width="%v" height="%v">`, chartWidth, chartHeight, chartWidth, chartHeight)
	series, _ := chart["series"].([]any)
	highest := 0.0
	for _, one := range series {
		for _, v := range values(one) {
			highest = max(highest, v)
		}
	}
	if highest > 50 && highest <= 100 {
		highest = 100
	}
	y := func(v float64) float64 { return 6 + (chartHeight-chartBottom-6)*(1-v/max(highest, 1e-9)) }
	for _, share := range []float64{0, 0.5, 1} {
		v := share * highest
		fmt.Fprintf(&b, `<path class="grid" d="M%v %.1fH%v"/><text x="%v" y="%.1f" class="y">%.4g</text>`, chartLeft, y(v), chartWidth, chartLeft-6, y(v)+4, v)
	}
	for i, one := range series {
		all := values(one)
		var points []string
		for j, v := range all {
			x := chartLeft + (chartWidth-chartLeft-6)*float64(j)/float64(max(len(all)-1, 1))
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y(v)))
		}
		fmt.Fprintf(&b, `<polyline class="line s%d" points="%s"/>`, i, strings.Join(points, " "))
	}
	axis, _ := chart["axis_config"].(map[string]any)
	categories, _ := axis["categories"].([]any)
	for j, c := range categories {
		if x := chartLeft + (chartWidth-chartLeft-6)*float64(j)/float64(max(len(categories)-1, 1)); j%5 == 0 && x < chartWidth-60 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%v">%s</text>`, x, chartHeight-3, html.EscapeString(fmt.Sprint(c)))
		}
	}
	b.WriteString(`</svg><div class="legend">`)
	for i, one := range series {
		o, _ := one.(map[string]any)
		fmt.Fprintf(&b, `<span class="s%d">%s</span>`, i, html.EscapeString(fmt.Sprint(o["name"])))
	}
	b.WriteString(`</div>`)
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

func values(series any) (all []float64) {
	o, _ := series.(map[string]any)
	data, _ := o["data"].([]any)
	for _, p := range data {
		p, _ := p.(map[string]any)
		v, _ := p["value"].(float64)
		all = append(all, v)
	}
	return all
}
