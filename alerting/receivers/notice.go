package receivers

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// maxAlerts is the most alerts of a group that a notice has in full.
const maxAlerts = 20

// MaxLines is the most lines of logs in a notice.
const MaxLines = 3

// Notice is a message to people about one group of alerts, before it has a form. It is what the outbox keeps.
type Notice struct {
	// ID names the notice and its file; ids sort by age.
	ID string `json:"id"`
	// Created is when there was something to tell.
	Created time.Time `json:"created"`
	// Test marks a message that only tries whether messages arrive.
	Test bool `json:"test,omitempty"`
	// Alerts are the alerts of the group, the most important first, at most maxAlerts.
	Alerts []Alert `json:"alerts"`
	// More is how many alerts did not fit.
	More int `json:"more,omitempty"`
	// Lines are lines of logs that show what happens, the oldest first, at most MaxLines.
	Lines []Line `json:"lines,omitempty"`
	// Merchants are those that most failed payments belong to, at most MaxMerchants; MoreMerchants is how many others there are.
	Merchants     []Merchant `json:"merchants,omitempty"`
	MoreMerchants int        `json:"more_merchants,omitempty"`
	// Handling is what people did about the incident; nil when nothing is known.
	Handling *Handling `json:"handling,omitempty"`
	// GroupLabels are those that make the group; nil when unknown.
	GroupLabels map[string]string `json:"group_labels,omitempty"`
	// Told is what the ledger must know once the notice is safe.
	Told Told `json:"told"`
	// Revision counts how often the notice took over from one of the same ID that was not sent.
	Revision int `json:"revision,omitempty"`
}

// Alert is one alert in a Notice.
type Alert struct {
	// Name is the rule's name, such as PaymentProviderDown.
	Name string
	// Severity is critical, warning or info, as the rule says.
	Severity string
	// Verdict says whose fault it is: provider, us, network, customer or unknown.
	Verdict string
	// Labels identify the alert. Annotations describe it, as of the last evaluation.
	Labels, Annotations map[string]string
	// Since is when the condition became true.
	Since time.Time
	// Value is the value of the rule's expression.
	Value float64
	// Fired is when people were first to be told of it, zero when unknown: after a restart that is a time after the restart.
	Fired time.Time `json:"fired,omitzero"`
	// Ended is when the alert ended, zero while it fires.
	Ended time.Time `json:"ended,omitzero"`
	// Lost is about how many payments were lost by now; nil when unknown.
	Lost *float64 `json:"lost,omitempty"`
}

// Line is a record of a log, redacted.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// MaxMerchants is the most merchants in a notice.
const MaxMerchants = 5

// Merchant is somebody whose payments failed, and how many of them.
type Merchant struct {
	Name   string `json:"name"`
	Failed int    `json:"failed"`
}

// Told is an entry of the ledger.
type Told struct {
	Receiver string    `json:"receiver"`
	GroupKey string    `json:"group_key"`
	Firing   []uint64  `json:"firing"`
	Resolved []uint64  `json:"resolved"`
	Expires  time.Time `json:"expires"`
}

// Absorb takes over from an older notice about the same group, which was not sent yet: people hear of it now, and of
// the alerts that ended in between.
func (n *Notice) Absorb(old Notice) {
	n.ID, n.Created, n.Revision = old.ID, old.Created, old.Revision+1
	have := map[string]bool{}
	for i := range n.Alerts {
		have[Key(n.Alerts[i].Labels)] = true
	}
	for _, a := range old.Alerts {
		if !have[Key(a.Labels)] && !a.Ended.IsZero() {
			n.Alerts = append(n.Alerts, a)
		}
	}
	n.Cut()
}

// Cut brings the alerts into order and within their bound.
func (n *Notice) Cut() {
	slices.SortStableFunc(n.Alerts, func(a, b Alert) int {
		return cmp.Or(
			cmp.Compare(boolRank(a.Ended.IsZero()), boolRank(b.Ended.IsZero())),
			cmp.Compare(SeverityRank(a.Severity), SeverityRank(b.Severity)),
			a.Since.Compare(b.Since),
		)
	})
	if extra := len(n.Alerts) - maxAlerts; extra > 0 {
		n.Alerts = n.Alerts[:maxAlerts]
		n.More += extra
	}
}

// Resolved tells whether nothing fires any more.
func (n *Notice) Resolved() bool {
	return !slices.ContainsFunc(n.Alerts, func(a Alert) bool { return a.Ended.IsZero() })
}

// alerting are the alerts that fire.
func (n *Notice) alerting() (all []*Alert) {
	for i := range n.Alerts {
		if n.Alerts[i].Ended.IsZero() {
			all = append(all, &n.Alerts[i])
		}
	}
	return all
}

// Acknowledged tells whether somebody takes care of the incident.
func (n *Notice) Acknowledged() bool { return n.Handling != nil && n.Handling.Acknowledged != nil }

// version names what the notice says at present.
func (n *Notice) version() string { return fmt.Sprintf("%s.%d", n.ID, n.Revision) }

// Rank is that of the severest alert that fires, or of any when all are over.
func (n *Notice) Rank() int {
	rank := math.MaxInt
	for _, a := range n.Alerts {
		if a.Ended.IsZero() || n.Resolved() {
			rank = min(rank, SeverityRank(a.Severity))
		}
	}
	return rank
}

// Fired is when the first of the alerts that fire was first to be told of, zero when none fires or nobody knows.
func (n *Notice) Fired() (first time.Time) {
	for _, a := range n.alerting() {
		if first.IsZero() || a.Fired.Before(first) {
			first = a.Fired
		}
	}
	return first
}

// LastSince is when the last of the alerts began that fire, zero when none does.
func (n *Notice) LastSince() (last time.Time) {
	for _, a := range n.alerting() {
		if a.Since.After(last) {
			last = a.Since
		}
	}
	return last
}

// begun is when the last of the alerts began.
func (n *Notice) begun() (last time.Time) {
	for _, a := range n.Alerts {
		if a.Since.After(last) {
			last = a.Since
		}
	}
	return last
}

// Ended is when the last of the alerts ended, zero when none did.
func (n *Notice) Ended() (last time.Time) {
	for _, a := range n.Alerts {
		if a.Ended.After(last) {
			last = a.Ended
		}
	}
	return last
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// SeverityRank is 0 for the severest.
func SeverityRank(s string) int {
	switch s {
	case "critical", "page":
		return 0
	case "warning":
		return 1
	}
	return 2
}

// Key identifies the alert with these labels among all.
func Key(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%q=%q,", name, labels[name])
	}
	return b.String()
}

// TestNotice returns a notice that only tries whether messages arrive.
func TestNotice(now time.Time) Notice {
	return Notice{
		Created: now, Test: true,
		Alerts: []Alert{{
			Name: "GatewatchTest", Severity: "info", Verdict: "unknown", Since: now,
			Labels: map[string]string{"alertname": "GatewatchTest", "severity": "info"},
			Annotations: map[string]string{
				"summary":        "Gatewatch can reach you",
				"summary_zh":     "Gatewatch 可以联系到您",
				"description":    "This is a test. Nothing is wrong.",
				"description_zh": "这是一条测试消息，一切正常。",
			},
		}},
	}
}
