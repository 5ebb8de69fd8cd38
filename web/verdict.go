package web

import (
	"math"
	"slices"
	"strings"
	"time"
)

// verdict is the sentence at the top: what is wrong, whose fault, since when, how much.
type verdict struct {
	State state
	// Title is the sentence, Details are the halves of the line below it.
	Title   string
	Details []string
	// Incident is the worst active one, or nil.
	Incident *Incident
}

// wideShare is the share of providers that must fail together, at least minTogether of them, before the cause is
// looked for on our side: independent providers seldom fail in the same minute.
const (
	wideShare   = 0.6
	minTogether = 3
)

// verdict puts the overview into words.
func (l *language) verdict(o *overview, clock func(time.Time) string) verdict {
	v := verdict{}
	var bad []row
	for _, w := range o.Rows {
		v.State = max(v.State, w.State)
	}
	for _, w := range o.Rows {
		if w.State == v.State && v.State > well {
			bad = append(bad, w)
		}
	}
	other := otherIncident(o.Active)
	if other != nil && severityState(other.Severity) > v.State {
		v.State, bad = severityState(other.Severity), nil
	}
	switch {
	case len(bad) > 0:
		l.wrong(&v, o, bad, clock)
	case v.State == failing:
		v.Incident = other
		v.Title = l.text("verdict.alert", l.summary(other), clock(other.Since))
		v.Details = l.wellOnes(o, 0)
	case o.Usual.all() == 0 && o.All.all() == 0:
		v.Title = l.text("verdict.none")
		v.Details = []string{l.text("verdict.none.detail")}
	case o.All.all() < 0.5:
		v.Title = l.text("verdict.quiet", l.lasting(o.Range.Window))
	default:
		v.Title = l.text("verdict.well")
		v.Details = []string{l.text("verdict.well.detail", percent(o.All.success()), number(o.PerMin), l.usualText(&o.Usual))}
	}
	if other != nil && v.Incident == nil {
		v.Incident = other
		v.Details = append([]string{l.text("verdict.also", l.summary(other), clock(other.Since))}, v.Details...)
	}
	return v
}

// otherIncident returns the worst active incident that concerns no provider's success, or nil.
func otherIncident(active []Incident) *Incident {
	for i := range active {
		if (active[i].Provider == "" || active[i].Orders) && severityState(active[i].Severity) > well {
			return &active[i]
		}
	}
	return nil
}

// wrong says which providers are not well.
func (l *language) wrong(v *verdict, o *overview, bad []row, clock func(time.Time) string) {
	since, lost := bad[0].Since, 0.0
	for _, w := range bad {
		if !w.Since.IsZero() && w.Since.Before(since) {
			since = w.Since
		}
		if !math.IsNaN(w.Lost) {
			lost += w.Lost
		}
		if v.Incident == nil && len(w.Incidents) > 0 {
			v.Incident = &w.Incidents[0]
		}
	}
	parts := []string{l.subject(bad, len(o.Rows), v.State)}
	if !since.IsZero() {
		parts[0] += l.text("verdict.since", clock(since))
	}
	if fault := l.fault(bad, len(o.Rows)); fault != "" {
		parts[0] += fault
	}
	parts[0] += l.text("verdict.stop")
	if lost >= 1 {
		parts = append(parts, l.text("verdict.lost", number(about(lost))))
	}
	v.Title = strings.Join(parts, l.text("verdict.between"))
	if v.Incident != nil && v.State < failing || len(bad[0].Reasons) == 0 && v.Incident != nil {
		v.Details = append(v.Details, l.summary(v.Incident))
	}
	if len(bad[0].Reasons) > 0 {
		v.Details = append(v.Details, l.reasons(bad[0].Reasons[:min(len(bad[0].Reasons), 2)]))
	}
	if why := l.because(bad); why != "" {
		v.Details = append(v.Details, why)
	}
	v.Details = append(v.Details, l.lesser(o, v.State)...)
	v.Details = append(v.Details, l.wellOnes(o, len(bad))...)
}

// because says what the alert of the first bad provider rests on, in short. That others are well is said anyway.
func (l *language) because(bad []row) string {
	if len(bad[0].Incidents) == 0 {
		return ""
	}
	for _, r := range bad[0].Incidents[0].Reasons {
		if text := l.pick(r.Text); text != "" && r.ID != "others_well" {
			return text
		}
	}
	return ""
}

// lesser names the providers that are not well either, but less bad than what the title is about.
func (l *language) lesser(o *overview, worst state) []string {
	var also []row
	for _, w := range o.Rows {
		if w.State > well && w.State < worst {
			also = append(also, w)
		}
	}
	if len(also) == 0 {
		return nil
	}
	return []string{l.subject(also, len(o.Rows), worse) + l.fault(also, len(o.Rows))}
}

func (l *language) subject(bad []row, of int, s state) string {
	key := "verdict.failing"
	if s < failing {
		key = "verdict.worse"
	}
	if len(bad) > 3 {
		return l.text(key+".many", len(bad), of)
	}
	names := make([]string, len(bad))
	for i, w := range bad {
		names[i] = l.provider(w.Provider)
	}
	if len(bad) > 1 {
		key += ".some"
	}
	return l.text(key, l.list(names))
}

// fault says on whose side it is, as far as the rows agree.
func (l *language) fault(bad []row, of int) string {
	if together(bad, of) {
		return l.text("verdict.probably.ours")
	}
	fault := bad[0].Side
	for _, w := range bad {
		if w.Side != fault {
			return ""
		}
	}
	if fault == "" {
		return ""
	}
	return l.text("verdict." + fault)
}

// together tells whether so many providers fail that the cause is hardly with each of them.
func together(bad []row, of int) bool {
	return len(bad) >= minTogether && float64(len(bad)) >= wideShare*float64(of)
}

// wellOnes says what is well beside bad providers.
func (l *language) wellOnes(o *overview, bad int) []string {
	var texts []string
	others := 0
	for _, w := range o.Rows {
		if w.State == well {
			others++
		}
	}
	switch {
	case bad == 0 && others == len(o.Rows) && others > 0:
		texts = append(texts, l.text("verdict.providers.well"))
	case others == 1:
		texts = append(texts, l.text("verdict.other.well"))
	case others > 1:
		texts = append(texts, l.text("verdict.others.well", others))
	}
	for _, g := range o.Ground {
		if g.Kind != "host" {
			continue
		}
		if g.State == well {
			texts = append(texts, l.text("verdict.host.well"))
		} else {
			texts = append(texts, l.text("verdict.host.short"))
		}
	}
	return append(texts, l.databases(o)...)
}

// databases says whether those that are watched are well, or which are not.
func (l *language) databases(o *overview) []string {
	watched, bad := false, []string(nil)
	for _, g := range o.Ground {
		if !slices.Contains(databaseKinds, g.Kind) {
			continue
		}
		watched = true
		if g.State > well {
			bad = append(bad, l.text("ground."+g.Kind))
		}
	}
	switch {
	case len(bad) > 0:
		return []string{l.text("verdict.databases.bad", l.list(bad))}
	case watched:
		return []string{l.text("verdict.databases.well")}
	}
	return nil
}

// reasons lists the causes with their shares: SYSTEM_ERROR 58 %, time-out 31 %.
func (l *language) reasons(rs []reason) string {
	texts := make([]string, len(rs))
	for i, r := range rs {
		texts[i] = l.reasonName(r) + " " + wholePercent(r.Share)
	}
	return strings.Join(texts, l.text("list.comma"))
}

func (l *language) reasonName(r reason) string {
	if r.Code != "" && strings.Trim(r.Code, "0123456789") == "" {
		return l.text("reason.code", r.Code)
	}
	if r.Code != "" {
		return r.Code
	}
	return l.outcome(r.Outcome)
}

func (l *language) summary(i *Incident) string {
	if s := l.pick(i.Summary); s != "" {
		return strings.TrimRight(s, ".。")
	}
	return i.Name
}

func (l *language) usualText(usual *counts) string {
	if usual.decided() == 0 {
		return absent
	}
	return percent(usual.success())
}

// about rounds an estimate to what it is worth.
func about(v float64) float64 {
	switch {
	case v < 1000:
		return math.Round(v)
	case v < 10000:
		return math.Round(v/10) * 10
	}
	return math.Round(v/100) * 100
}

func wholePercent(v float64) string { return number(v*100) + nbsp + "%" }
