package collect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	dto "github.com/prometheus/client_model/go"
)

// Family is what one source, a file or an application, says under a name that the source chose. Several sources may choose
// one name: a Set serves it with one type and one help.
type Family struct {
	Name string
	// Help is what the agent itself says of the name; "" when it says nothing, as of most names.
	Help string
	// Type is that of all samples.
	Type dto.MetricType
	// Says is the type that an untyped family has in the words of its source; UNTYPED when those do not tell.
	Says dto.MetricType
	// Unique is set when no sample can have the labels of one of another source.
	Unique  bool
	Samples []*dto.Metric
}

// TakeFamily notes what a source says under one name. What is beyond the bound of samples is left out and counted.
func (s *Samples) TakeFamily(f Family) {
	if fits := max(0, MaxSamples-len(s.Metrics)-s.inFamilies); len(f.Samples) > fits {
		s.Dropped += len(f.Samples) - fits
		f.Samples = f.Samples[:fits]
	}
	if len(f.Samples) == 0 {
		return
	}
	s.inFamilies += len(f.Samples)
	s.families = append(s.families, f.as(f.Type))
}

// served is a family as it is served.
type served struct {
	Family
	metrics []prometheus.Metric
}

// as returns f with another type, which is counter, gauge or untyped unless it is f's own. The samples of f stay as they are.
func (f Family) as(kind dto.MetricType) *served {
	help := f.Help
	SetDefault(&help, "Metric "+f.Name+", as a file or an application tells it.")
	desc := prometheus.NewDesc(f.Name, help, nil, nil)
	ready := &served{Family: f, metrics: make([]prometheus.Metric, len(f.Samples))}
	for i, m := range f.Samples {
		if kind != f.Type {
			m = retyped(m, kind)
		}
		ready.metrics[i] = told{desc, m}
	}
	return ready
}

// retyped returns a simple sample with another type.
func retyped(m *dto.Metric, kind dto.MetricType) *dto.Metric {
	value := m.GetUntyped().GetValue() + m.GetCounter().GetValue() + m.GetGauge().GetValue()
	other := &dto.Metric{Label: m.Label}
	switch kind {
	case dto.MetricType_COUNTER:
		other.Counter = &dto.Counter{Value: &value}
	case dto.MetricType_GAUGE:
		other.Gauge = &dto.Gauge{Value: &value}
	default:
		other.Untyped = &dto.Untyped{Value: &value}
	}
	return other
}

// SeriesKey returns name and labels of m in one order.
func SeriesKey(name string, m *dto.Metric) string {
	labels := make([]string, 0, len(m.Label))
	for _, l := range m.Label {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	slices.Sort(labels)
	return name + "{" + strings.Join(labels, ",") + "}"
}

// told is a sample whose labels and value were written elsewhere.
type told struct {
	desc  *prometheus.Desc
	value *dto.Metric
}

// Desc returns the metric's name and help.
func (m told) Desc() *prometheus.Desc { return m.desc }

// Write gives the labels and the value as they were read.
func (m told) Write(to *dto.Metric) error {
	to.Label, to.Counter, to.Gauge, to.Untyped = m.value.Label, m.value.Counter, m.value.Gauge, m.value.Untyped
	to.Histogram, to.Summary = m.value.Histogram, m.value.Summary
	return nil
}
