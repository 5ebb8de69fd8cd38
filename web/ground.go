package web

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	// groundFresh is how long what payments stand on serves all pages: it is collected every few seconds at most.
	groundFresh = 5 * time.Second
	// maxGroundNames bounds the names of what does not answer.
	maxGroundNames = 3
)

// ground is one thing that payments stand on: the host, the databases, the certificates.
type ground struct {
	Kind  string
	Parts []phrase
	State state
	// Incident is the worst active one about it, or nil.
	Incident *Incident
}

// phrase is a text of the page with what goes into it: words, and durations, which each language writes its own way.
type phrase struct {
	Key  string
	Args []any
	// Names are listed after Args.
	Names []string
}

// groundKind says how one kind of ground is asked for.
type groundKind struct {
	kind string
	// needs is a metric without whose samples nobody watches such a thing, and nothing else is asked; "" for none.
	needs string
	// name is the label that tells them apart when needs is 1 for each that answers and 0 for each that does not; "" when
	// it is no such metric.
	name string
	// alerts are how the names of the alerts about it begin.
	alerts []string
	parts  []groundPart
}

// groundPart is a phrase about a kind of ground. It is left out when one of its numbers is not there.
type groundPart struct {
	key string
	// label is the one of the first number's labels that stands before the numbers; "" for none.
	label string
	// names is the label whose values are listed of all samples of list, which selects what is as bad as bad. "": numbers
	// are written.
	names, list string
	bad         state
	numbers     []groundNumber
	// The first number is worse or failing above these limits; 0 for none.
	worse, failing float64
}

type groundNumber struct {
	expr  string
	write func(float64) any
}

// groundOf returns what is measured about what payments stand on, and what alerts say of it. What nobody measures is left
// out.
func (s *source) groundOf(ctx context.Context, at time.Time, active []Incident) []ground {
	all, _ := s.grounds.get(ctx, "", groundFresh, func(ctx context.Context) ([]ground, error) {
		there, err := s.presence(ctx, at)
		if err != nil {
			return nil, err
		}
		var all []ground
		for _, k := range groundKinds() {
			all = append(all, s.askGround(ctx, k, there, at))
		}
		return all, nil
	})
	var shown []ground
	for i, k := range groundKinds() {
		if i >= len(all) {
			break
		}
		g := all[i]
		for j := range active {
			one := &active[j]
			about := slices.ContainsFunc(k.alerts, func(a string) bool { return strings.HasPrefix(one.Name, a) })
			if grade := severityState(one.Severity); about && grade > well {
				g.State = max(g.State, grade)
				if g.Incident == nil { // active begins with the worst
					g.Incident = one
				}
			}
		}
		if len(g.Parts) > 0 || g.Incident != nil {
			shown = append(shown, g)
		}
	}
	return shown
}

// presence returns the samples of the metrics that kinds of ground need, by name; of one that tells who answers all of them,
// of another one any.
func (s *source) presence(ctx context.Context, at time.Time) (map[string][]Sample, error) {
	var ups, others []string
	for _, k := range groundKinds() {
		switch {
		case k.name != "":
			ups = append(ups, k.needs)
		case k.needs != "":
			others = append(others, k.needs)
		}
	}
	there := map[string][]Sample{}
	for _, expr := range []string{`{__name__=~"` + strings.Join(ups, "|") + `"}`, `count by (__name__) ({__name__=~"` + strings.Join(others, "|") + `"})`} {
		samples, err := s.series.Query(ctx, expr, at)
		if err != nil {
			return nil, fmt.Errorf("query what is watched: %w", err)
		}
		for _, one := range samples {
			there[one.Labels["__name__"]] = append(there[one.Labels["__name__"]], one)
		}
	}
	return there, nil
}

func (s *source) askGround(ctx context.Context, k groundKind, there map[string][]Sample, at time.Time) ground {
	g := ground{Kind: k.kind}
	found := there[k.needs]
	if k.needs != "" && len(found) == 0 {
		return g
	}
	if k.name != "" {
		p, down := answering(found, k.name)
		if down {
			g.State = failing
		}
		// That the only one answers is said by its numbers.
		if down || len(found) > 1 {
			g.Parts = append(g.Parts, p)
		}
	}
	for _, p := range k.parts {
		one, grade, ok := s.askPart(ctx, p, at)
		if ok {
			g.Parts, g.State = append(g.Parts, one), max(g.State, grade)
		}
	}
	if k.name != "" && len(g.Parts) == 0 {
		p, _ := answering(found, k.name)
		g.Parts = []phrase{p}
	}
	return g
}

// answering says how many answer, or which do not.
func answering(samples []Sample, label string) (p phrase, down bool) {
	var names []string
	for _, one := range samples {
		if one.Value == 0 {
			names = append(names, one.Labels[label])
		}
	}
	if len(names) > 0 {
		return phrase{Key: "ground.down", Names: firstNames(names)}, true
	}
	n := number(float64(len(samples)))
	return phrase{Key: "ground.up", Args: []any{n, n}}, false
}

func (s *source) askPart(ctx context.Context, p groundPart, at time.Time) (phrase, state, bool) {
	said, worst := phrase{Key: p.key}, well
	if p.names != "" {
		samples, err := s.series.Query(ctx, p.list, at)
		for _, one := range samples {
			said.Names = append(said.Names, one.Labels[p.names])
		}
		said.Names = firstNames(said.Names)
		return said, p.bad, err == nil && len(samples) > 0
	}
	for i, n := range p.numbers {
		samples, err := s.series.Query(ctx, n.expr, at)
		if err != nil || len(samples) == 0 || math.IsNaN(samples[0].Value) {
			return phrase{}, well, false
		}
		if i == 0 && p.failing > 0 {
			worst = grade(samples[0].Value, p.worse, p.failing)
		}
		if i == 0 && p.label != "" {
			said.Args = append(said.Args, samples[0].Labels[p.label])
		}
		said.Args = append(said.Args, n.write(samples[0].Value))
	}
	return said, worst, true
}

// firstNames returns the names, each once and in order, and an ellipsis for those that are too many.
func firstNames(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxGroundNames {
		names = append(names[:maxGroundNames:maxGroundNames], "…")
	}
	return names
}
