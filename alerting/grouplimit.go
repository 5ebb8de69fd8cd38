package alerting

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	// maxGroups bounds the groups of alerts that are alive at a time; each has a goroutine.
	maxGroups = 1000
	// sparedGroups are those beyond it that there may be while an alert says that there are too many: it needs one, too.
	sparedGroups = 20
	// untoldAlert is the alert of the shipped rules that says so.
	untoldAlert = "GatewatchIncidentsUntold"
	// groupsRefused is what Alertmanager calls the counter of alerts that got no group.
	groupsRefused = "alertmanager_dispatcher_aggregation_group_limit_reached_total"
)

// groupLimit is how many groups of alerts there may be.
type groupLimit struct {
	spared atomic.Bool
	// refused is what the deliveries before the present one refused.
	refused atomic.Int64
}

// MaxNumberOfAggregationGroups is what Alertmanager's dispatcher asks.
func (l *groupLimit) MaxNumberOfAggregationGroups() int {
	if l.spared.Load() {
		return maxGroups + sparedGroups
	}
	return maxGroups
}

// heed makes room for the alert that says that there are too many groups.
func (l *groupLimit) heed(alertname string, fires bool) {
	if alertname == untoldAlert {
		l.spared.Store(fires)
	}
}

// keep adds up what a delivery refused that has stopped.
func (l *groupLimit) keep(v *delivery) { l.refused.Add(int64(v.refused())) }

// refused is how often an alert got no group. Rules hand on their alerts again and again, so that one that is not told may
// be later.
func (v *delivery) refused() (n float64) {
	families, err := v.inside.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == groupsRefused {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// count gives the agent a metric of alerts that got no group.
func (d *dispatcher) count(reg prometheus.Registerer) {
	promauto.With(reg).NewCounterFunc(prometheus.CounterOpts{
		Name: "gatewatch_alerts_ungrouped_total",
		Help: "How often an alert could not be told because there are too many incidents at a time; each evaluation of its rule counts.",
	}, func() float64 { return float64(d.limit.refused.Load()) + d.live().refused() })
}
