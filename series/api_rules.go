package series

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

// The objects of Prometheus' API, their fields in its order.
type (
	groupObject struct {
		Name           string    `json:"name"`
		File           string    `json:"file"`
		Rules          []any     `json:"rules"` // alertingObject and recordingObject
		Interval       float64   `json:"interval"`
		Limit          int       `json:"limit"`
		EvaluationTime float64   `json:"evaluationTime"`
		LastEvaluation time.Time `json:"lastEvaluation"`
	}
	alertingObject struct {
		State          string           `json:"state"`
		Name           string           `json:"name"`
		Query          string           `json:"query"`
		Duration       float64          `json:"duration"`
		KeepFiringFor  float64          `json:"keepFiringFor"`
		Labels         labelSet         `json:"labels"`
		Annotations    labelSet         `json:"annotations"`
		Alerts         []alertObject    `json:"alerts"`
		Health         rules.RuleHealth `json:"health"`
		LastError      string           `json:"lastError,omitempty"`
		EvaluationTime float64          `json:"evaluationTime"`
		LastEvaluation time.Time        `json:"lastEvaluation"`
		Type           string           `json:"type"`
	}
	recordingObject struct {
		Name           string           `json:"name"`
		Query          string           `json:"query"`
		Labels         labelSet         `json:"labels"`
		Health         rules.RuleHealth `json:"health"`
		LastError      string           `json:"lastError,omitempty"`
		EvaluationTime float64          `json:"evaluationTime"`
		LastEvaluation time.Time        `json:"lastEvaluation"`
		Type           string           `json:"type"`
	}
	alertObject struct {
		Labels          labelSet   `json:"labels"`
		Annotations     labelSet   `json:"annotations"`
		State           string     `json:"state"`
		ActiveAt        time.Time  `json:"activeAt"`
		KeepFiringSince *time.Time `json:"keepFiringSince,omitempty"`
		Value           string     `json:"value"`
	}
)

func (a *api) alerts(*http.Request) ([]byte, error) {
	all := []alertObject{}
	for _, rule := range a.rules.AlertingRules() {
		all = append(all, activeAlerts(rule)...)
	}
	return success(map[string]any{"alerts": all})
}

func activeAlerts(rule *rules.AlertingRule) []alertObject {
	all := []alertObject{}
	for _, alert := range rule.ActiveAlerts() {
		o := alertObject{
			Labels: labelSet{alert.Labels}, Annotations: labelSet{alert.Annotations}, State: alert.State.String(),
			ActiveAt: alert.ActiveAt, Value: strconv.FormatFloat(alert.Value, 'e', -1, 64),
		}
		if !alert.KeepFiringSince.IsZero() {
			o.KeepFiringSince = &alert.KeepFiringSince
		}
		all = append(all, o)
	}
	return all
}

// ruleFilter is which rules a request asks for, and how many groups at a time.
type ruleFilter struct {
	names, groups, files []string
	matchers             [][]*labels.Matcher
	kind                 string // "alert", "record" or "" for both
	withoutAlerts        bool
	maxGroups            int // 0 for all
	next                 string
}

func (a *api) ruleFilter(r *http.Request) (ruleFilter, error) {
	f := ruleFilter{names: r.Form["rule_name[]"], groups: r.Form["rule_group[]"], files: r.Form["file[]"]}
	var err error
	if f.matchers, err = a.matchers(r); err != nil {
		return f, failure(badData, err)
	}
	asked := r.URL.Query()
	f.kind = strings.ToLower(asked.Get("type"))
	if !slices.Contains([]string{"", "alert", "record"}, f.kind) {
		return f, wrong("type", fmt.Errorf("not supported value %q", f.kind))
	}
	if text := strings.ToLower(asked.Get("exclude_alerts")); text != "" {
		if f.withoutAlerts, err = strconv.ParseBool(text); err != nil {
			return f, wrong("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err))
		}
	}
	return f, f.page(asked)
}

// page reads which groups were shown before.
func (f *ruleFilter) page(asked url.Values) error {
	f.next = asked.Get("group_next_token")
	limit := asked.Get("group_limit")
	if limit == "" {
		if f.next != "" {
			return wrong("group_next_token", errors.New("group_limit needs to be present in order to paginate over the groups"))
		}
		return nil
	}
	n, err := strconv.ParseInt(limit, 10, 32)
	if err != nil {
		return wrong("group_limit", fmt.Errorf("group_limit needs to be a valid number: %w", err))
	}
	if n <= 0 {
		return wrong("group_limit", errors.New("group_limit needs to be greater than 0"))
	}
	f.maxGroups = int(n)
	return nil
}

func (a *api) ruleGroups(r *http.Request) ([]byte, error) {
	f, err := a.ruleFilter(r)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Groups []groupObject `json:"groups"`
		Next   string        `json:"groupNextToken,omitempty"`
	}{Groups: []groupObject{}}
	groups := a.rules.RuleGroups()
	if f.next != "" {
		from := slices.IndexFunc(groups, func(g *rules.Group) bool { return groupToken(g) == f.next })
		if from < 0 {
			return nil, wrong("group_next_token", fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", f.next))
		}
		groups = groups[from:]
	}
	for _, g := range groups {
		if !among(f.groups, g.Name()) || !among(f.files, g.File()) {
			continue
		}
		o := f.group(g)
		if len(o.Rules) == 0 {
			continue
		}
		if f.maxGroups > 0 && len(answer.Groups) == f.maxGroups {
			answer.Next = groupToken(g)
			break
		}
		answer.Groups = append(answer.Groups, o)
	}
	return success(answer)
}

// groupToken names a group in Prometheus' way.
func groupToken(g *rules.Group) string {
	sum := sha256.Sum256([]byte(g.File() + ";" + g.Name()))
	return hex.EncodeToString(sum[:])
}

// among tells whether one of the wanted is meant; none wanted means all.
func among(wanted []string, name string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, name)
}

func (f ruleFilter) group(g *rules.Group) groupObject {
	o := groupObject{
		Name: g.Name(), File: g.File(), Rules: []any{}, Interval: g.Interval().Seconds(), Limit: g.Limit(),
		EvaluationTime: g.GetEvaluationTime().Seconds(), LastEvaluation: g.GetLastEvaluation(),
	}
	for _, rule := range g.Rules(f.matchers...) {
		if !among(f.names, rule.Name()) {
			continue
		}
		switch rule := rule.(type) {
		case *rules.AlertingRule:
			if f.kind != "record" {
				o.Rules = append(o.Rules, f.alerting(rule))
			}
		case *rules.RecordingRule:
			if f.kind != "alert" {
				o.Rules = append(o.Rules, recording(rule))
			}
		}
	}
	return o
}

func (f ruleFilter) alerting(rule *rules.AlertingRule) alertingObject {
	o := alertingObject{
		State: rule.State().String(), Name: rule.Name(), Query: rule.Query().String(),
		Duration: rule.HoldDuration().Seconds(), KeepFiringFor: rule.KeepFiringFor().Seconds(),
		Labels: labelSet{rule.Labels()}, Annotations: labelSet{rule.Annotations()},
		Health: rule.Health(), LastError: errorText(rule.LastError()),
		EvaluationTime: rule.GetEvaluationDuration().Seconds(), LastEvaluation: rule.GetEvaluationTimestamp(), Type: "alerting",
	}
	if !f.withoutAlerts {
		o.Alerts = activeAlerts(rule)
	}
	return o
}

func recording(rule *rules.RecordingRule) recordingObject {
	return recordingObject{
		Name: rule.Name(), Query: rule.Query().String(), Labels: labelSet{rule.Labels()},
		Health: rule.Health(), LastError: errorText(rule.LastError()),
		EvaluationTime: rule.GetEvaluationDuration().Seconds(), LastEvaluation: rule.GetEvaluationTimestamp(), Type: "recording",
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
