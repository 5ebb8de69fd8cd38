package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
)

// toNoticeAlert makes an alert of Alertmanager's pipeline one of a notice.
func toNoticeAlert(a *alert.Alert) receivers.Alert {
	annotations := stringMap(a.Annotations)
	since, err := time.Parse(time.RFC3339Nano, annotations[annotationSince])
	if err != nil {
		since = a.StartsAt
	}
	delete(annotations, annotationSince)
	own := newAlert(stateFiring, stringMap(a.Labels), annotations, since, 0)
	n := receivers.Alert{
		Name: own.Name, Severity: own.Severity, Verdict: own.Verdict, Labels: own.Labels, Annotations: own.Annotations, Since: since,
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

// readNotice reads the file of a notice.
func readNotice(path string) (n receivers.Notice, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return n, err
	}
	if info.Size() > maxNoticeFile {
		return n, fmt.Errorf("%d bytes are too many", info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return n, err
	}
	if len(n.Alerts) == 0 {
		return n, errors.New("no alerts in it")
	}
	return n, nil
}
