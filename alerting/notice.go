package alerting

import (
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
)

// About returns an alert of Alertmanager's pipeline as people see it. The engine is what outboxes ask about alerts.
func (*Engine) About(a *alert.Alert) receivers.Alert {
	annotations := stringMap(a.Annotations)
	since, err := time.Parse(time.RFC3339Nano, annotations[annotationSince])
	if err != nil {
		since = a.StartsAt
	}
	delete(annotations, annotationSince)
	own := newAlert(stateFiring, stringMap(a.Labels), annotations, since, 0)
	n := receivers.Alert{
		Name: own.Name, Severity: own.Severity, Verdict: own.Verdict, Labels: own.Labels, Annotations: own.Annotations, Since: since, Fired: a.StartsAt,
	}
	if a.Resolved() {
		n.Ended = a.EndsAt
	}
	return n
}

func stringMap(in model.LabelSet) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[string(k)] = string(v)
	}
	return out
}
