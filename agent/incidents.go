package main

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"gatewatch/alerting"
	"gatewatch/web"
)

// keptIncidents is how many ended incidents the page can show.
const keptIncidents = 50

// incidents remembers the alerts that ended lately.
type incidents struct {
	engine *alerting.Engine

	mu    sync.Mutex
	ended []web.Incident // oldest first
}

func newIncidents(engine *alerting.Engine) *incidents {
	in := &incidents{engine: engine}
	engine.Subscribe(in.changed)
	return in
}

func (in *incidents) changed(c alerting.Change) {
	if c.Fired {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.ended) == keptIncidents {
		in.ended = append(in.ended[:0], in.ended[1:]...)
	}
	in.ended = append(in.ended, incident(c.Alert, c.At))
}

// all returns the firing alerts and those that ended lately.
func (in *incidents) all() []web.Incident {
	in.mu.Lock()
	all := append([]web.Incident(nil), in.ended...)
	in.mu.Unlock()
	for _, a := range in.engine.Alerts() {
		if a.State == "firing" {
			one := incident(a, time.Time{})
			in.handled(&one, a.Labels)
			one.Silences = in.silences(a.Labels)
			all = append(all, one)
		}
	}
	return all
}

// handled puts in who takes care of the incident.
func (in *incidents) handled(one *web.Incident, labels map[string]string) {
	if h := in.engine.Handling(context.Background(), labels); h.Acknowledged != nil {
		one.AcknowledgedBy = cmp.Or(h.Acknowledged.By.Name, h.Acknowledged.By.ID)
	}
}

func (in *incidents) silences(labels map[string]string) []web.Silence {
	var all []web.Silence
	for _, s := range in.engine.Silences(context.Background(), labels) {
		all = append(all, web.Silence{ID: s.ID, By: s.By, Comment: s.Comment, Until: s.Ends})
	}
	return all
}

func incident(a alerting.Alert, until time.Time) web.Incident {
	side := a.Verdict
	if side == "unknown" {
		side = ""
	}
	return web.Incident{
		ID:   fmt.Sprintf("%x", xxhash.Sum64String(fmt.Sprint(a.Labels, a.Since.UnixMilli()))),
		Name: a.Name, Severity: a.Severity, Provider: a.Labels["provider"], Side: side,
		Reasons: reasons(a), Orders: a.Labels["about"] == "orders",
		Summary: texts(a, "summary"), Description: texts(a, "description"),
		Since: a.Since, Until: until, Labels: a.Labels, Maintenance: a.Muted,
	}
}

// texts returns an annotation by language.
func texts(a alerting.Alert, annotation string) map[string]string {
	t := map[string]string{}
	for _, lang := range []string{"en", "zh"} {
		if text := a.Text(annotation, lang); text != "" {
			t[lang] = text
		}
	}
	return t
}

// reasons returns what the alert's verdict rests on, for the page.
func reasons(a alerting.Alert) []web.Reason {
	var all []web.Reason
	for _, id := range a.Reasons() {
		all = append(all, web.Reason{ID: id, Text: map[string]string{"en": a.ReasonText(id, "en"), "zh": a.ReasonText(id, "zh")}})
	}
	return all
}
