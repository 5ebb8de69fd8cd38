package collect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// reservedNames are the beginnings of names that only the agent itself gives: a file cannot pretend to be it.
var reservedNames = []string{"gatewatch_", "payment_", "log_", "gateway_", "go_", "process_", "promhttp_"}

// Reserved tells whether a name begins as those do that only the agent itself gives, and how they begin.
func Reserved(name string) (prefix string, is bool) {
	for _, prefix := range reservedNames {
		if strings.HasPrefix(name, prefix) {
			return prefix, true
		}
	}
	return "", false
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

// Ready returns a metric whose labels and value were written elsewhere.
func Ready(desc *prometheus.Desc, value *dto.Metric) prometheus.Metric { return ready{desc, value} }

type ready struct {
	desc  *prometheus.Desc
	value *dto.Metric
}

// Desc returns the metric's name and help.
func (m ready) Desc() *prometheus.Desc { return m.desc }

// Write gives the labels and the value as they were read.
func (m ready) Write(to *dto.Metric) error {
	to.Label, to.Counter, to.Gauge, to.Untyped = m.value.Label, m.value.Counter, m.value.Gauge, m.value.Untyped
	to.Histogram, to.Summary = m.value.Histogram, m.value.Summary
	return nil
}
