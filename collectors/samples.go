package collectors

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSamples is the most samples of one collection of one collector: a host with thousands of mounts or network
// devices does not flood the store.
const maxSamples = 5000

// metric is one metric that a collector gives: its description and type.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func untyped(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(name, help, labels, nil), prometheus.UntypedValue}
}

// spec describes one metric by its name, as a table can list it.
type spec struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string
}

// metric returns the metric of s with the constant labels fixed.
func (s spec) metric(fixed prometheus.Labels) metric {
	return metric{prometheus.NewDesc(s.name, s.help, s.labels, fixed), s.kind}
}

// samples is what one collection found.
type samples struct {
	metrics []prometheus.Metric
	dropped int
}

// add notes one sample. Label values that are not UTF-8 (a mount point can be anything) are cleaned.
func (s *samples) add(m metric, value float64, labels ...string) {
	if len(s.metrics) >= maxSamples {
		s.dropped++
		return
	}
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "�")
	}
	one, err := prometheus.NewConstMetric(m.desc, m.kind, value, labels...)
	if err != nil {
		s.dropped++
		return
	}
	s.metrics = append(s.metrics, one)
}

// take notes a sample that is ready.
func (s *samples) take(m prometheus.Metric) {
	if len(s.metrics) >= maxSamples {
		s.dropped++
		return
	}
	s.metrics = append(s.metrics, m)
}

// append adds samples that were made before.
func (s *samples) append(all []prometheus.Metric) {
	for _, m := range all {
		s.take(m)
	}
}
