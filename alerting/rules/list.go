package rules

import (
	"cmp"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting/states"
)

// DefaultInterval is how often groups without an interval of their own are evaluated.
const DefaultInterval = 15 * time.Second

// Rule describes a rule that is loaded.
type Rule struct {
	// File is the rule file, or the pack as "pack:payments".
	File string
	// Group is the rule's group, Interval how often it is evaluated.
	Group    string
	Interval time.Duration
	// Name is the alert's or the recorded series'. Alert is false for recording rules, which have nothing of the rest.
	Name     string
	Alert    bool
	Severity string
	// For is how long the condition must hold, KeepFiringFor how long the alert outlives it.
	For, KeepFiringFor time.Duration
	// Runbook is where it stands what to do, as the rule says it.
	Runbook string
	// Policy says in a few words what differs from Prometheus, such as "no data: keep"; "" when nothing does.
	Policy string
}

// List returns all rules, in the order of the files, or every mistake in them.
func (s Sources) List() ([]Rule, error) {
	files, err := s.Find()
	if err != nil {
		return nil, err
	}
	var all []Rule
	l := s.Loader()
	for _, file := range files {
		found, errs := l.Load(file, false, model.UTF8Validation)
		if len(errs) > 0 {
			return nil, errs[0]
		}
		for _, g := range found.Groups {
			for _, r := range g.Rules {
				p, _ := states.ReadPolicy(r.Expr, r.Annotations, l.parser)
				all = append(all, Rule{
					File: file, Group: g.Name, Interval: cmp.Or(time.Duration(g.Interval), DefaultInterval),
					Name: cmp.Or(r.Alert, r.Record), Alert: r.Alert != "", Severity: r.Labels["severity"],
					For: time.Duration(r.For), KeepFiringFor: time.Duration(r.KeepFiringFor),
					Runbook: strings.TrimSpace(r.Annotations["runbook_url"]), Policy: p.String(),
				})
			}
		}
	}
	return all, nil
}
