package alerting

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
)

// maxNoticeAlerts is the most alerts of a group that a message has in full.
const maxNoticeAlerts = 20

// Notice is a message to people about one group of alerts, before it has a form. It is what the outbox keeps.
type Notice struct {
	// ID names the notice and its file; ids sort by age.
	ID string `json:"id"`
	// Created is when there was something to tell.
	Created time.Time `json:"created"`
	// Test marks a message that only tries whether messages arrive.
	Test bool `json:"test,omitempty"`
	// Alerts are the alerts of the group, the most important first, at most maxNoticeAlerts.
	Alerts []NoticeAlert `json:"alerts"`
	// More is how many alerts did not fit.
	More int `json:"more,omitempty"`
	// Told is what the ledger must know once the notice is safe.
	Told Told `json:"told"`
}

// NoticeAlert is one alert in a Notice.
type NoticeAlert struct {
	Alert
	// Ended is when the alert ended, zero while it fires.
	Ended time.Time `json:"ended,omitzero"`
	// Lost is about how many payments were lost by now; nil when unknown.
	Lost *float64 `json:"lost,omitempty"`
}

// Told is an entry of the ledger.
type Told struct {
	Receiver string    `json:"receiver"`
	GroupKey string    `json:"group_key"`
	Firing   []uint64  `json:"firing"`
	Resolved []uint64  `json:"resolved"`
	Expires  time.Time `json:"expires"`
}

// resolved tells whether nothing fires any more.
func (n *Notice) resolved() bool {
	return !slices.ContainsFunc(n.Alerts, func(a NoticeAlert) bool { return a.Ended.IsZero() })
}

// absorb takes over from an older notice about the same group, which was not sent yet: people hear of it now, and of
// the alerts that ended in between.
func (n *Notice) absorb(old Notice) {
	n.ID, n.Created = old.ID, old.Created
	have := map[string]bool{}
	for i := range n.Alerts {
		have[n.Alerts[i].key()] = true
	}
	for _, a := range old.Alerts {
		if !have[a.key()] && !a.Ended.IsZero() {
			n.Alerts = append(n.Alerts, a)
		}
	}
	n.cut()
}

// cut brings the alerts into order and within their bound.
func (n *Notice) cut() {
	slices.SortStableFunc(n.Alerts, func(a, b NoticeAlert) int {
		return cmp.Or(
			cmp.Compare(boolRank(a.Ended.IsZero()), boolRank(b.Ended.IsZero())),
			cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)),
			a.Since.Compare(b.Since),
		)
	})
	if extra := len(n.Alerts) - maxNoticeAlerts; extra > 0 {
		n.Alerts = n.Alerts[:maxNoticeAlerts]
		n.More += extra
	}
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func toNoticeAlert(a *alert.Alert) NoticeAlert {
	annotations := stringMap(a.Annotations)
	since, err := time.Parse(time.RFC3339Nano, annotations[annotationSince])
	if err != nil {
		since = a.StartsAt
	}
	delete(annotations, annotationSince)
	n := NoticeAlert{Alert: newAlert(stateFiring, stringMap(a.Labels), annotations, since, 0)}
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

func testNotice(now time.Time) Notice {
	return Notice{
		Created: now, Test: true,
		Alerts: []NoticeAlert{{Alert: newAlert(stateFiring,
			map[string]string{"alertname": "GatewatchTest", "severity": "info"},
			map[string]string{
				"summary":        "Gatewatch can reach you",
				"summary_zh":     "Gatewatch 可以联系到您",
				"description":    "This is a test. Nothing is wrong.",
				"description_zh": "这是一条测试消息，一切正常。",
			}, now, 0)}},
	}
}

// readNotice reads the file of a notice.
func readNotice(path string) (n Notice, err error) {
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
