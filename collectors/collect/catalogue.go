package collect

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// CommonMetrics are those about each collector, and about the parts of those that ask servers.
func CommonMetrics() []Row {
	all := Metrics{durationSpec, successSpec, lastSuccessSpec, droppedSpec, clashingSpec}.List("")
	return slices.Concat(all, Metrics{partSuccessSpec, partTimeSpec, restingSpec}.List("of servers", "collector"))
}

// List returns all for the catalogue, with further labels before their own. A metric that is there twice, with other
// labels, is listed once with all of them.
func (all Metrics) List(when string, labels ...string) []Row {
	var listed []Row
	at := map[string]int{}
	for _, s := range all {
		i, twice := at[s.Name]
		if !twice {
			at[s.Name] = len(listed)
			listed = append(listed, Row{Name: s.Name, Type: kindName(s.Kind), Labels: slices.Concat(labels, s.Labels), Help: s.Help, When: when})
			continue
		}
		for _, l := range s.Labels {
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

// Row is one metric that collectors can give, as lists of them show it.
type Row struct {
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
