package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"gatewatch/alerting/receivers"
)

// scopes are the labels whose silences silence the incident of n and nothing else: those that its alerts are grouped by,
// or without such the labels of each alert that fires. A label that its alerts are grouped by and do not have is there with
// the value "": without it, the silence of an incident of no provider would be one of all providers.
func (d *Desk) scopes(n *receivers.Notice) []map[string]string {
	if len(n.GroupLabels) > 0 {
		scope := maps.Clone(n.GroupLabels)
		for _, name := range d.groupedBy(n) {
			if _, there := scope[name]; !there {
				scope[name] = ""
			}
		}
		return []map[string]string{scope}
	}
	var all []map[string]string
	for i := range n.Alerts {
		if n.Alerts[i].Ended.IsZero() {
			all = append(all, n.Alerts[i].Labels)
		}
	}
	return all
}

// silence silences the incident until a.Until: a silence of just this incident that is active is moved, otherwise there
// is a new one. The caller holds mu.
func (d *Desk) silence(ctx context.Context, n *receivers.Notice, a receivers.Deed) error {
	who := cmp.Or(a.By.Name, a.By.ID)
	if a.By.ID != "" && a.By.Name != "" {
		who += " (" + a.By.ID + ")"
	}
	for _, scope := range d.scopes(n) {
		s := &silencepb.Silence{StartsAt: timestamppb.Now()}
		if old := d.own(ctx, scope); len(old) > 0 {
			s.Id, s.StartsAt = old[0].Id, old[0].StartsAt
		}
		set := &silencepb.MatcherSet{}
		for _, name := range slices.Sorted(maps.Keys(scope)) {
			set.Matchers = append(set.Matchers, &silencepb.Matcher{Type: silencepb.Matcher_EQUAL, Name: name, Pattern: scope[name]})
		}
		s.MatcherSets = []*silencepb.MatcherSet{set}
		s.EndsAt, s.CreatedBy, s.Comment = timestamppb.New(a.Until), who, "silenced by a button in Slack"
		if err := d.silences.Set(ctx, s); err != nil {
			return err
		}
	}
	d.silences.Save()
	return nil
}

// unsilence ends the silences of just this incident, and says whether there were any. The caller holds mu.
func (d *Desk) unsilence(ctx context.Context, n *receivers.Notice) (fresh bool, err error) {
	for _, scope := range d.scopes(n) {
		for _, s := range d.own(ctx, scope) {
			if err := d.silences.Expire(ctx, s.Id); err != nil {
				return false, err
			}
			fresh = true
		}
	}
	d.silences.Save()
	return fresh, nil
}

// own returns the active silences of exactly these labels.
func (d *Desk) own(ctx context.Context, scope map[string]string) []*silencepb.Silence {
	found, _, err := d.silences.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(labelSet(scope)))
	if err != nil {
		d.log.Warn("looking for silences", "err", err)
		return nil
	}
	return slices.DeleteFunc(found, func(s *silencepb.Silence) bool { return !exactly(s, scope) })
}

func exactly(s *silencepb.Silence, scope map[string]string) bool {
	if len(s.MatcherSets) != 1 || len(s.ReceiverMatcherSets) > 0 || len(s.MatcherSets[0].Matchers) != len(scope) {
		return false
	}
	for _, m := range s.MatcherSets[0].Matchers {
		if value, ok := scope[m.Name]; !ok || m.Type != silencepb.Matcher_EQUAL || m.Pattern != value {
			return false
		}
	}
	return true
}

// silenced returns the silence of an incident, of which every alert that fires has to be silenced.
func (d *Desk) silenced(ctx context.Context, n *receivers.Notice) *receivers.Silence {
	var first *receivers.Silence
	for i := range n.Alerts {
		if !n.Alerts[i].Ended.IsZero() {
			continue
		}
		s := d.muting(ctx, n.Alerts[i].Labels)
		if s == nil {
			return nil
		}
		if first == nil || s.Until.Before(first.Until) {
			first = s
		}
	}
	if first != nil {
		first.Own = false
		for _, scope := range d.scopes(n) {
			first.Own = first.Own || len(d.own(ctx, scope)) > 0
		}
	}
	return first
}

// muting returns the silence that silences an alert for longest, or nil.
func (d *Desk) muting(ctx context.Context, labels map[string]string) *receivers.Silence {
	found, _, err := d.silences.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(labelSet(labels)))
	if err != nil || len(found) == 0 {
		return nil
	}
	last := slices.MaxFunc(found, func(a, b *silencepb.Silence) int { return a.EndsAt.AsTime().Compare(b.EndsAt.AsTime()) })
	one := toSilence(last)
	return &one
}

// Active returns all silences that are active, the one that ends first in front.
func (d *Desk) Active(ctx context.Context) []receivers.Silence {
	found, _, err := d.silences.Query(ctx, silence.QState(silence.SilenceStateActive))
	if err != nil {
		return nil
	}
	all := make([]receivers.Silence, len(found))
	for i, s := range found {
		all[i] = toSilence(s)
	}
	slices.SortFunc(all, func(a, b receivers.Silence) int { return a.Until.Compare(b.Until) })
	return all
}

func toSilence(s *silencepb.Silence) receivers.Silence {
	var sets []string
	for _, set := range s.MatcherSets {
		var parts []string
		for _, m := range set.Matchers {
			pattern := m.Pattern
			if pattern == "" {
				pattern = `""`
			}
			parts = append(parts, m.Name+matchSign(m.Type)+pattern)
		}
		sets = append(sets, strings.Join(parts, " "))
	}
	return receivers.Silence{By: s.CreatedBy, What: strings.Join(sets, " | "), Until: s.EndsAt.AsTime().Truncate(time.Second)}
}

func matchSign(t silencepb.Matcher_Type) string {
	switch t {
	case silencepb.Matcher_NOT_EQUAL:
		return "!="
	case silencepb.Matcher_REGEXP:
		return "=~"
	case silencepb.Matcher_NOT_REGEXP:
		return "!~"
	}
	return "="
}

func labelSet(in map[string]string) model.LabelSet {
	out := make(model.LabelSet, len(in))
	for name, value := range in {
		out[model.LabelName(name)] = model.LabelValue(value)
	}
	return out
}
