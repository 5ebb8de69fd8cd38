package collect

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// MaxSamples is the most samples of one collection of one collector: a host with thousands of mounts or network
// devices does not flood the store.
const MaxSamples = 5000

// maxLabel is the longest value of a label in bytes: names that servers give to things are shorter, and one that is hostile
// does not fill the memory with them.
const maxLabel = 1024

// The types of metrics, as a spec names them.
const (
	CounterKind = prometheus.CounterValue
	GaugeKind   = prometheus.GaugeValue
	UntypedKind = prometheus.UntypedValue
)

// Spec describes one metric, as a table can list it. A name that ends with * stands for all that begin so.
type Spec struct {
	Name   string
	Kind   prometheus.ValueType
	Help   string
	Labels []string
}

// Called returns s, which stands for many, as the one whose name ends so.
func (s Spec) Called(end string) Spec {
	s.Name = strings.TrimSuffix(s.Name, "*") + end
	return s
}

// Metric is one metric that a collector gives.
type Metric struct {
	Spec
	Desc *prometheus.Desc
}

// Metric returns the metric of s with the constant labels fixed.
func (s Spec) Metric(fixed prometheus.Labels) Metric {
	return Metric{s, prometheus.NewDesc(s.Name, s.Help, s.Labels, fixed)}
}

// Gauge returns a metric whose value goes up and down.
func Gauge(name, help string, labels ...string) Metric {
	return Spec{name, prometheus.GaugeValue, help, labels}.Metric(nil)
}

// Counter returns a metric whose value only grows.
func Counter(name, help string, labels ...string) Metric {
	return Spec{name, prometheus.CounterValue, help, labels}.Metric(nil)
}

// Untyped returns a metric of which it is not known how it moves.
func Untyped(name, help string, labels ...string) Metric {
	return Spec{name, prometheus.UntypedValue, help, labels}.Metric(nil)
}

// Metrics makes the metrics of a collector and remembers them, so that they can be listed.
type Metrics []Spec

// Gauge makes a metric whose value goes up and down.
func (all *Metrics) Gauge(name, help string, labels ...string) Metric {
	return all.take(Gauge(name, help, labels...))
}

// Counter makes a metric whose value only grows.
func (all *Metrics) Counter(name, help string, labels ...string) Metric {
	return all.take(Counter(name, help, labels...))
}

// Untyped makes a metric of which it is not known how it moves. It is also for a family whose names are known only when it is collected: they are listed as prefix_*.
func (all *Metrics) Untyped(name, help string, labels ...string) Metric {
	return all.take(Untyped(name, help, labels...))
}

func (all *Metrics) take(m Metric) Metric {
	*all = append(*all, m.Spec)
	return m
}

// Samples is what one collection found.
type Samples struct {
	Metrics []prometheus.Metric
	Dropped int

	added      map[sampleKey]bool
	families   []*served
	inFamilies int
}

// sampleKey tells the samples of one collection apart.
type sampleKey struct {
	desc   *prometheus.Desc
	labels string
}

// Add notes one sample. Label values that are not UTF-8 (a mount point can be anything) are cleaned, and long ones cut. A second sample of the
// same metric with the same labels, which would be an error of the scrape, is left out and counted.
func (s *Samples) Add(m Metric, value float64, labels ...string) {
	if len(s.Metrics)+s.inFamilies >= MaxSamples {
		s.Dropped++
		return
	}
	for i, l := range labels {
		if len(l) > maxLabel {
			l = l[:maxLabel] + "…"
		}
		labels[i] = strings.ToValidUTF8(l, "�")
	}
	key := sampleKey{m.Desc, strings.Join(labels, "\xff")}
	one, err := prometheus.NewConstMetric(m.Desc, m.Kind, value, labels...)
	if err != nil || s.added[key] {
		s.Dropped++
		return
	}
	if s.added == nil {
		s.added = map[sampleKey]bool{}
	}
	s.added[key] = true
	s.Metrics = append(s.Metrics, one)
}

// Distinct adds samples of which a server may tell two alike, such as two replicas behind one address, also where each
// has a metric made for it: the second is left out and counted.
type Distinct struct {
	*Samples
	seen map[string]bool
}

// NewDistinct returns what adds to out.
func NewDistinct(out *Samples) *Distinct { return &Distinct{out, map[string]bool{}} }

// Add notes one sample, unless one of the same metric and labels is there.
func (d *Distinct) Add(m Metric, value float64, labels ...string) {
	key := m.Name + "\xff" + strings.Join(labels, "\xff")
	if d.seen[key] {
		d.Dropped++
		return
	}
	d.seen[key] = true
	d.Samples.Add(m, value, labels...)
}

// Take notes a sample that is ready.
func (s *Samples) Take(m prometheus.Metric) {
	if len(s.Metrics)+s.inFamilies >= MaxSamples {
		s.Dropped++
		return
	}
	s.Metrics = append(s.Metrics, m)
}

// Append adds samples that were made before.
func (s *Samples) Append(all []prometheus.Metric) {
	for _, m := range all {
		s.Take(m)
	}
}
