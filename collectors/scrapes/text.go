package scrapes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// exposition is what an application says.
type exposition struct {
	// families are its samples by name, all untyped.
	families map[string]*dto.MetricFamily
	// types are those that it gives to names of counters and gauges.
	types map[string]dto.MetricType
	// skipped is how many samples have names that can only be written in quotes.
	skipped int
}

// readExposition reads the samples of an exposition whose names are wanted. It takes Prometheus' text and OpenMetrics alike:
// texts, times of samples and exemplars are left away and no sample has a type, so that histograms are the series that they
// are made of, and two applications that disagree about a name's type do not disturb each other. OpenMetrics' times of
// creation are left out. What is no exposition is an error, also where nothing of it is wanted.
func readExposition(text string, openMetrics bool, wanted func(name string) bool) (exposition, error) {
	found := exposition{types: map[string]dto.MetricType{}}
	var plain strings.Builder
	ended, before, isWanted := false, "", false
	// A label may hold the bytes that a customer sent, which must not take the other samples away.
	for line := range strings.Lines(strings.ToValidUTF8(text, "�")) {
		line = strings.TrimSpace(line)
		if openMetrics && line == "# EOF" {
			ended = true
			break
		}
		if line == "" || line[0] == '#' {
			found.noteType(line, openMetrics)
			continue
		}
		name, series, value, err := cutSample(line)
		switch {
		case err != nil:
			return exposition{}, err
		case name == "":
			found.skipped++
			continue
		case name != before:
			before, isWanted = name, wanted(name) && !(openMetrics && strings.HasSuffix(name, "_created"))
		}
		if isWanted {
			plain.WriteString(series + " " + value + "\n")
		}
	}
	if openMetrics && !ended {
		return exposition{}, errors.New("the answer was cut off: it has no # EOF")
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	var err error
	found.families, err = parser.TextToMetricFamilies(strings.NewReader(plain.String()))
	return found, err
}

// typeOf returns the type that the application gives a name; UNTYPED when it gives none that is simple.
func (e *exposition) typeOf(name string) dto.MetricType {
	if kind, ok := e.types[name]; ok {
		return kind
	}
	return dto.MetricType_UNTYPED
}

// noteType notes what a line says of the type of a counter or a gauge.
func (e *exposition) noteType(line string, openMetrics bool) {
	rest, ok := strings.CutPrefix(line, "# TYPE ")
	name, kind, named := strings.Cut(rest, " ")
	if !ok || !named {
		return
	}
	switch kind {
	case "counter":
		if openMetrics {
			name += "_total"
		}
		e.types[name] = dto.MetricType_COUNTER
	case "gauge":
		e.types[name] = dto.MetricType_GAUGE
	}
}

// cutSample splits a line into its name, the name with its labels, and its value. The name is "" when it stands in quotes
// among the labels, as Prometheus 3 writes one that is not of letters, digits and underscores.
func cutSample(line string) (name, series, value string, err error) {
	name = line[:max(0, strings.IndexAny(line, "{ \t"))]
	quoted := strings.HasPrefix(line, `{"`)
	series, rest, ok := cutSeries(line)
	words := strings.Fields(rest)
	if ok = ok && len(words) > 0 && (quoted || model.LegacyValidation.IsValidMetricName(name)); ok {
		_, wrong := strconv.ParseFloat(words[0], 64)
		ok = wrong == nil || errors.Is(wrong, strconv.ErrRange)
	}
	if !ok {
		return "", "", "", fmt.Errorf("the line of %.100q is not one of Prometheus' text format; does url lead to the metrics?", name)
	}
	return name, series, words[0], nil
}

// cutSeries splits a line after its name and labels. Braces in the values of labels are quoted.
func cutSeries(line string) (series, rest string, ok bool) {
	open := strings.IndexAny(line, "{ \t")
	if open < 0 {
		return "", "", false
	}
	labels := open + len(line[open:]) - len(strings.TrimLeft(line[open:], " \t"))
	if line[labels] != '{' { // there is no blank at the end
		return line[:open], line[open:], true
	}
	quoted := false
	for i := labels; i < len(line); i++ {
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
