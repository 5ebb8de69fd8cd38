package collectors

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSamples is the most samples of one collection of one collector: a host with thousands of mounts or network
// devices does not flood the store.
const maxSamples = 5000

// spec describes one metric, as a table can list it. A name that ends with * stands for all that begin so.
type spec struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string
}

// called returns s, which stands for many, as the one whose name ends so.
func (s spec) called(end string) spec {
	s.name = strings.TrimSuffix(s.name, "*") + end
	return s
}

// metric is one metric that a collector gives.
type metric struct {
	spec
	desc *prometheus.Desc
}

// metric returns the metric of s with the constant labels fixed.
func (s spec) metric(fixed prometheus.Labels) metric {
	return metric{s, prometheus.NewDesc(s.name, s.help, s.labels, fixed)}
}

func gauge(name, help string, labels ...string) metric {
	return spec{name, prometheus.GaugeValue, help, labels}.metric(nil)
}

func counter(name, help string, labels ...string) metric {
	return spec{name, prometheus.CounterValue, help, labels}.metric(nil)
}

func untyped(name, help string, labels ...string) metric {
	return spec{name, prometheus.UntypedValue, help, labels}.metric(nil)
}

// metrics makes the metrics of a collector and remembers them, so that they can be listed.
type metrics []spec

func (all *metrics) gauge(name, help string, labels ...string) metric {
	return all.take(gauge(name, help, labels...))
}

func (all *metrics) counter(name, help string, labels ...string) metric {
	return all.take(counter(name, help, labels...))
}

// untyped is also for a family whose names are known only when it is collected: they are listed as prefix_*.
func (all *metrics) untyped(name, help string, labels ...string) metric {
	return all.take(untyped(name, help, labels...))
}

func (all *metrics) take(m metric) metric {
	*all = append(*all, m.spec)
	return m
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

// distinct adds samples of which a server may tell two alike, such as two replicas behind one address: the second would
// be an error of the scrape, so it is left out and counted.
type distinct struct {
	*samples
	seen map[string]bool
}

func newDistinct(out *samples) *distinct { return &distinct{out, map[string]bool{}} }

func (d *distinct) add(m metric, value float64, labels ...string) {
	key := m.name + "\xff" + strings.Join(labels, "\xff")
	if d.seen[key] {
		d.dropped++
		return
	}
	d.seen[key] = true
	d.samples.add(m, value, labels...)
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
