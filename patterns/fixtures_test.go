package patterns_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// countOf is the sum of a metric of a registry.
type countOf struct {
	reg  *prometheus.Registry
	name string
}

func (c countOf) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

func (c countOf) Collect(ch chan<- prometheus.Metric) {
	families, err := c.reg.Gather()
	if err != nil {
		return
	}
	var sum float64
	for _, f := range families {
		if f.GetName() == c.name {
			for _, m := range f.GetMetric() {
				sum += valueOf(m)
			}
		}
	}
	ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("sum", "", nil, nil), prometheus.UntypedValue, sum)
}

func valueOf(m *dto.Metric) float64 { return m.GetCounter().GetValue() + m.GetGauge().GetValue() }

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}
