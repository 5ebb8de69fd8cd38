package scrapes

import (
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// readExposition reads the samples of an exposition whose names are wanted. It takes Prometheus' text and OpenMetrics alike:
// types, texts, times of samples and exemplars are left away, so that histograms are the series that they are made of, and
// two applications that disagree about a name's type do not disturb each other. OpenMetrics' times of creation are left
// out.
func readExposition(text string, openMetrics bool, wanted func(name string) bool) (map[string]*dto.MetricFamily, error) {
	var plain strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name := line[:max(0, strings.IndexAny(line, "{ \t"))]
		if !wanted(name) || openMetrics && strings.HasSuffix(name, "_created") {
			continue
		}
		series, rest, ok := cutSeries(line)
		value := strings.Fields(rest)
		if !ok || len(value) == 0 {
			return nil, fmt.Errorf("the line of %.100q is not one of Prometheus' text format", name)
		}
		plain.WriteString(series + " " + value[0] + "\n")
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(strings.NewReader(plain.String()))
}

// cutSeries splits a line after its name and labels. Braces in the values of labels are quoted.
func cutSeries(line string) (series, rest string, ok bool) {
	open := strings.IndexAny(line, "{ \t")
	if open < 0 {
		return "", "", false
	}
	if line[open] != '{' {
		return line[:open], line[open:], true
	}
	quoted := false
	for i := open; i < len(line); i++ {
		switch {
		case quoted && line[i] == '\\':
			i++
		case line[i] == '"':
			quoted = !quoted
		case !quoted && line[i] == '}':
			return line[:i+1], line[i+1:], true
		}
	}
	return "", "", false
}
