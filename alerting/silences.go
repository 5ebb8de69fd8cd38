package alerting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Silence is a silence that is in effect: it keeps alerts from being told.
type Silence struct {
	// ID names it for Expire and in Alertmanager's API.
	ID string
	// By and Comment are who made it, and why, in that person's words.
	By, Comment  string
	Starts, Ends time.Time
}

// Silence keeps the alert with these labels, and no other, from being told until ends. by and comment are shown to
// people; by must not be empty. It returns the id of the silence.
func (e *Engine) Silence(ctx context.Context, labels map[string]string, by, comment string, ends time.Time) (id string, err error) {
	if err := e.toldElsewhere(); err != nil {
		return "", err
	}
	set := &silencepb.MatcherSet{}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		set.Matchers = append(set.Matchers, &silencepb.Matcher{Type: silencepb.Matcher_EQUAL, Name: name, Pattern: labels[name]})
	}
	one := &silencepb.Silence{
		MatcherSets: []*silencepb.MatcherSet{set}, StartsAt: timestamppb.Now(), EndsAt: timestamppb.New(ends),
		CreatedBy: by, Comment: comment,
	}
	if by == "" {
		return "", errors.New("silence: who makes it is missing")
	}
	if err := e.dispatch.silences.Set(ctx, one); err != nil {
		return "", fmt.Errorf("silence: %w", err)
	}
	e.dispatch.silences.Note(ctx, one.Id, "silence made")
	return one.Id, nil
}

// Expire ends the silence with id now. One that is over already is no error.
func (e *Engine) Expire(ctx context.Context, id string) error {
	if err := e.dispatch.silences.Expire(ctx, id); err != nil {
		return fmt.Errorf("expire silence %s: %w", id, err)
	}
	e.dispatch.silences.Note(ctx, id, "silence ended")
	return nil
}

// Silences returns the silences in effect for an alert with these labels, the one that lasts longest first.
func (e *Engine) Silences(ctx context.Context, labels map[string]string) []Silence {
	found, _, err := e.dispatch.silences.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(labelSet(labels)))
	if err != nil {
		e.log.Error("looking for silences", "err", err)
		return nil
	}
	all := make([]Silence, 0, len(found))
	for _, one := range found {
		all = append(all, Silence{
			ID: one.Id, By: one.CreatedBy, Comment: one.Comment, Starts: one.StartsAt.AsTime(), Ends: one.EndsAt.AsTime(),
		})
	}
	slices.SortFunc(all, func(a, b Silence) int { return b.Ends.Compare(a.Ends) })
	return all
}

// errToldElsewhere is wrapped by the errors of what has no effect here, because Alertmanagers tell people.
var errToldElsewhere = errors.New("alerting.alertmanagers tell people of this agent's alerts, not the agent")

// toldElsewhere says that a silence would have no effect here, and where it has one.
func (e *Engine) toldElsewhere() error {
	if e.relay == nil {
		return nil
	}
	return fmt.Errorf("%w: do it at %s", errToldElsewhere, e.relay.Names())
}
