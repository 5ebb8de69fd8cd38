package states

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

// The annotations that say in which state an alert is, in words. People read them before the description.
const (
	annotationNote   = "gatewatch_note"
	annotationNoteZH = "gatewatch_note_zh"
)

// tell puts what is known of the rule's alerts into them, and the rule's error into the rule.
func (m *memory) tell(r *rules.AlertingRule) {
	if m.err != nil {
		r.SetHealth(rules.HealthBad)
		r.SetLastError(m.err)
	}
	r.ForEachActiveAlert(func(a *rules.Alert) {
		if !a.ResolvedAt.IsZero() {
			return
		}
		known := m.find(a.Labels)
		if known != nil && !a.KeepFiringSince.IsZero() && !known.Absent.IsZero() && known.Absent.Before(a.KeepFiringSince) {
			a.KeepFiringSince = known.Absent // since before a restart
		}
		b := labels.NewBuilder(m.settled(known, a.Annotations)).Del(annotationNote, annotationNoteZH)
		en, zh := m.note(known)
		b.Set(annotationNote, en).Set(annotationNoteZH, zh)
		if known != nil && known.Raised {
			m.headline(b, a.Annotations)
		}
		a.Annotations = b.Labels()
	})
}

// settled returns the annotations of when the condition was last seen to hold: what templates find without data, or after
// the end, says nothing about the alert.
func (m *memory) settled(a *trackedAlert, now labels.Labels) labels.Labels {
	switch {
	case a == nil || a.Raised:
	case a.NoDataSince.IsZero() && !a.Last.Before(m.at):
		a.Annotations = now
	case !a.Annotations.IsEmpty():
		return a.Annotations
	}
	return now
}

// headline says first that the alert is not about what its summary says.
func (m *memory) headline(b *labels.Builder, annotations labels.Labels) {
	en, zh := "No data: ", "无数据："
	if m.err != nil {
		en, zh = "Cannot be evaluated: ", "无法执行："
	}
	for name, first := range map[string]string{"summary": en, "summary_zh": zh} {
		if text := annotations.Get(name); text != "" && !strings.HasPrefix(text, first) {
			b.Set(name, first+text)
		}
	}
}

// find returns what is known of the alert with these labels. What the rule's own labels hide cannot be compared.
func (m *memory) find(of labels.Labels) *trackedAlert {
	own := []string{labels.AlertName}
	m.own.Range(func(l labels.Label) { own = append(own, l.Name) })
	if a := m.alerts[labels.NewBuilder(of).Del(own...).Labels().String()]; a != nil {
		return a
	}
	for _, a := range m.alerts {
		if labels.Equal(labels.NewBuilder(a.Metric).Del(own...).Labels(), labels.NewBuilder(of).Del(own...).Labels()) {
			return a
		}
	}
	return nil
}

// note writes what people must know of the alert a, which may be nil, in English and Chinese; "" when it is as usual.
func (m *memory) note(a *trackedAlert) (en, zh string) {
	var e, z []string
	if a != nil && m.silentFor(a) > 0 {
		since := clock(a.NoDataSince)
		if a.Raised {
			e = append(e, fmt.Sprintf("No data since %s: this rule sees nothing.", since))
			z = append(z, fmt.Sprintf("自 %s 起没有数据：该规则无从判断。", since))
		} else {
			e = append(e, fmt.Sprintf("No data since %s: nobody can see whether it is over. The figures are the last ones known.", since))
			z = append(z, fmt.Sprintf("自 %s 起没有数据，无法判断是否已恢复。以下为最后已知的数值。", since))
		}
	}
	switch since := clock(m.failingSince); {
	case m.err != nil && a != nil && a.Raised:
		e = append(e, fmt.Sprintf("The rule cannot be evaluated since %s: it sees nothing.", since))
		z = append(z, fmt.Sprintf("自 %s 起无法执行该规则。", since))
	case m.err != nil:
		e = append(e, fmt.Sprintf("The rule cannot be evaluated since %s: this is what it said before.", since))
		z = append(z, fmt.Sprintf("自 %s 起无法执行该规则，以下为此前的结果。", since))
	}
	if a != nil && a.Flapping {
		first, last := a.Starts[0], a.Starts[len(a.Starts)-1]
		span := max(time.Minute, last.Sub(first).Round(time.Minute))
		e = append(e, fmt.Sprintf("Flapping: %d times in %v. It counts as over when it has been quiet for a while.", len(a.Starts), model.Duration(span)))
		z = append(z, fmt.Sprintf("反复触发：%[2]v 内 %[1]d 次。安静一段时间后才视为恢复。", len(a.Starts), model.Duration(span)))
		if a.Last.Before(m.at) {
			e = append(e, fmt.Sprintf("Quiet since %s.", clock(a.Last)))
			z = append(z, fmt.Sprintf("自 %s 起已安静。", clock(a.Last)))
		}
	}
	return strings.Join(e, " "), strings.Join(z, "")
}

// clock writes when something was. It does not change while the alert lasts.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// Told returns the annotations of an alert as people see them: the note stands before the description, and
// what only concerns the rule is left out.
func Told(a *rules.Alert) map[string]string {
	all := a.Annotations.Map()
	for note, description := range map[string]string{annotationNote: "description", annotationNoteZH: "description_zh"} {
		text := all[note]
		if text == "" {
			continue
		}
		if description == "description" || all[description] != "" {
			all[description] = strings.TrimSpace(text + " " + all[description])
		}
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return strings.HasPrefix(name, policyPrefix) })
	return all
}
