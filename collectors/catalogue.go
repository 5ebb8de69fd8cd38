package collectors

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric is one metric that collectors can give, as lists of them show it.
type Metric struct {
	// Kind is the key of the configuration that switches it on; "" for what is told of all collectors.
	Kind string
	// Name is the metric's; one that ends with * stands for all that begin so.
	Name string
	// Type is counter, gauge or untyped.
	Type string
	// Labels are those it has, in their order.
	Labels []string
	// Help says what it tells.
	Help string
	// When says in which cases or how often it is there; "" for always.
	When string
}

// Catalogue lists every metric that collectors can give, by kind in the order of the configuration's keys. It asks
// nothing and needs no configuration.
func Catalogue() []Metric {
	var all []Metric
	add := func(kind string, more []Metric) {
		for _, m := range more {
			m.Kind = kind
			all = append(all, m)
		}
	}
	add("", commonMetrics())
	for kind, s := range everySection().sections() {
		add(kind, s.catalogue())
	}
	return all
}

// commonMetrics are those about each collector, and about the parts of those that ask servers.
func commonMetrics() []Metric {
	all := metrics{durationSpec, successSpec, lastSuccessSpec, droppedSpec}.list("")
	return slices.Concat(all, metrics{partSuccessSpec, partTimeSpec, restingSpec}.list("of servers", "collector"))
}

// list returns all for the catalogue, with further labels before their own. A metric that is there twice, with other
// labels, is listed once with all of them.
func (all metrics) list(when string, labels ...string) []Metric {
	var listed []Metric
	at := map[string]int{}
	for _, s := range all {
		i, twice := at[s.name]
		if !twice {
			at[s.name] = len(listed)
			listed = append(listed, Metric{Name: s.name, Type: kindName(s.kind), Labels: slices.Concat(labels, s.labels), Help: s.help, When: when})
			continue
		}
		for _, l := range s.labels {
			if !slices.Contains(listed[i].Labels, l) {
				listed[i].Labels = append(listed[i].Labels, l)
			}
		}
	}
	return listed
}

// kindName is how a type of metric is called in an exposition.
func kindName(kind prometheus.ValueType) string {
	switch kind {
	case prometheus.CounterValue:
		return "counter"
	case prometheus.GaugeValue:
		return "gauge"
	}
	return "untyped"
}
