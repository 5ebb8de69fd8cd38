package alerting

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	evaluations    prometheus.Counter
	failures       prometheus.Counter
	evaluation     prometheus.Gauge
	lastEvaluation prometheus.Gauge
	rules          prometheus.Gauge
	firing         prometheus.Gauge
	failed         *prometheus.GaugeVec
	flapping       prometheus.Gauge
	noData         prometheus.Gauge
	untracked      prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		evaluations: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_rule_group_evaluations_total", Help: "Evaluations of groups of rules.",
		}),
		failures: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_rule_failures_total", Help: "Evaluations of single rules that failed.",
		}),
		evaluation: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_rule_evaluation_duration_seconds", Help: "How long the last evaluation of all due groups took.",
		}),
		lastEvaluation: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_rule_last_evaluation_timestamp_seconds", Help: "When rules were evaluated last.",
		}),
		rules: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_rules", Help: "Rules loaded.",
		}),
		firing: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_alerts_firing", Help: "Alerts that fire.",
		}),
		failed: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gatewatch_rule_failed_evaluations", Help: "How often a rule that fails did so one time after another.",
		}, []string{"group", "rule"}),
		flapping: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_alerts_flapping", Help: "Alerts that came back so often that they are held.",
		}),
		noData: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_alerts_without_data", Help: "Alerts that fire although, or because, there are no data.",
		}),
		untracked: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_alert_states_dropped_total", Help: "Alerts and series whose state is not remembered because there are too many.",
		}),
	}
}
