package collect

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// maxClashes is how many names of one source are counted by themselves when they clash; the others count as "other".
const maxClashes = 50

// claims are the names that sources give, each with who gave it first: one name has one type.
type claims map[string]*claim

// claim is who has a name.
type claim struct {
	by   string
	name string // of the family; another one when the name is that of a part of it, as took_sum is of took
	kind dto.MetricType
	// open are the families of by whose labels others may have as well, and keys their series, once others came.
	open []Family
	keys map[string]bool
}

// settle decides what is served of the families that the collectors hold now. In the order of the configuration, the first that
// gives a name decides its type; who gives it another one after that is left out. What by loses is counted, and told once.
func (s *Set) settle(by *runner) {
	s.settling.Lock()
	defer s.settling.Unlock()
	names := claims{}
	for _, r := range s.present() {
		r.agree(names, func(f Family, first *claim) {
			if r == by {
				s.leftOut(r, f, first)
			}
		})
	}
}

// agree decides what is served of r's families, after those before it have made their claims.
func (r *runner) agree(names claims, leftOut func(Family, *claim)) {
	r.mu.Lock()
	families := r.last.families
	r.mu.Unlock()
	agreed := make([]*served, 0, len(families))
	for _, f := range families {
		first, fits := names.take(f.Family, r.Name)
		if !fits {
			leftOut(f.Family, first)
			continue
		}
		if fewer := first.without(f.Family, r.Name); len(fewer.Samples) < len(f.Samples) {
			leftOut(Family{Name: f.Name, Type: f.Type, Samples: f.Samples[len(fewer.Samples):]}, first)
			f = fewer.as(f.Type)
		}
		if first.kind != f.Type {
			f = f.as(first.kind)
		}
		agreed = append(agreed, f)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served = agreed
}

// take lets by have f's name, if it is free or f can be of the type that the name has. It returns who has the name, or one of
// those that f needs beside it.
func (names claims) take(f Family, by string) (first *claim, fits bool) {
	if first = names[f.Name]; first != nil {
		fits = first.name == f.Name && first.takes(f)
	} else {
		for _, part := range PartsOf(f.Type) {
			if other := names[f.Name+part]; other != nil {
				return other, false
			}
		}
		first, fits = &claim{by: by, name: f.Name, kind: f.Type}, true
		names[f.Name] = first
		for _, part := range PartsOf(f.Type) {
			names[f.Name+part] = first
		}
	}
	if fits && !f.Unique && first.by == by {
		first.open = append(first.open, f)
	}
	return first, fits
}

// without returns f, of by, without the samples whose series the one that has the name gives.
func (c *claim) without(f Family, by string) Family {
	if c.by == by || len(c.open) == 0 {
		return f
	}
	if c.keys == nil {
		c.keys = map[string]bool{}
		for _, own := range c.open {
			for _, m := range own.Samples {
				c.keys[SeriesKey(f.Name, m)] = true
			}
		}
	}
	f.Samples = slices.DeleteFunc(slices.Clone(f.Samples), func(m *dto.Metric) bool { return c.keys[SeriesKey(f.Name, m)] })
	return f
}

// takes tells whether f can be served with the type of the one that has the name already. What has no type is served with
// that of the other, unless its source says another.
func (c *claim) takes(f Family) bool {
	simple := func(kind dto.MetricType) bool {
		return kind == dto.MetricType_COUNTER || kind == dto.MetricType_GAUGE || kind == dto.MetricType_UNTYPED
	}
	switch {
	case f.Type == c.kind:
		return true
	case !simple(f.Type) || !simple(c.kind):
		return false
	case c.kind == dto.MetricType_UNTYPED:
		return true
	}
	return f.Type == dto.MetricType_UNTYPED && (f.Says == dto.MetricType_UNTYPED || f.Says == c.kind)
}

// PartsOf returns how the names end that a family of the type has beside its own, such as _sum.
func PartsOf(kind dto.MetricType) []string {
	switch kind {
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		return []string{"_bucket", "_count", "_sum"}
	case dto.MetricType_SUMMARY:
		return []string{"_count", "_sum"}
	}
	return nil
}

// leftOut counts what of r is not served, and tells of each name once.
func (s *Set) leftOut(r *runner, f Family, first *claim) {
	name := f.Name
	if !r.clashed[name] && len(r.clashed) >= maxClashes {
		name = "other"
	}
	s.clashing.WithLabelValues(r.Name, name).Add(float64(len(f.Samples)))
	if r.clashed[name] {
		return
	}
	if r.clashed == nil {
		r.clashed = map[string]bool{}
	}
	r.clashed[name] = true
	says := f.Type
	if says == dto.MetricType_UNTYPED {
		says = f.Says
	}
	r.log.Warn("metric left out: another source gives the name another type, or the same series", "metric", f.Name, "type", typeName(says),
		"other_source", first.by, "other_metric", first.name, "other_type", typeName(first.kind))
}

func typeName(kind dto.MetricType) string { return strings.ToLower(kind.String()) }
