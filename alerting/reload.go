package alerting

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/alerting/outbox"
)

// Reload puts cfg into effect: rules, who is told of which alerts and when, and the receivers themselves. On a mistake
// all stays as it was and the error (invalid.Mistakes) says what is wrong. Alerts of rules that are gone end; nothing
// that was told is told again, and what is unsent stays. The other keys of cfg are those of New.
func (e *Engine) Reload(ctx context.Context, cfg Config) error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	cfg.SetDefaults()
	planned, plan, err := cfg.planned()
	if err != nil {
		return err
	}
	// Files are read once: what is wrong with them is known before anything is exchanged.
	loaded, err := e.read(cfg)
	if err != nil {
		return err
	}
	before, routes := e.mail.Stations(), e.dispatch.live().plan
	if err := e.exchangeReceivers(e.stations(planned)); err != nil {
		return err
	}
	if err := e.dispatch.exchange(plan, e.mail.All()); err != nil {
		return errors.Join(err, e.exchangeReceivers(before), e.dispatch.exchange(routes, e.mail.All()))
	}
	e.logWarnings(plan.Warnings)
	e.exchangeRules(ctx, loaded, cfg)
	return nil
}

// exchangeReceivers makes the receivers those that are wanted, or leaves those that there are. Buttons wait meanwhile.
func (e *Engine) exchangeReceivers(wanted []outbox.Station) error {
	if !e.mail.Differs(wanted) {
		return nil
	}
	before := e.mail.Stations()
	e.sockets.pause()
	err := e.mail.Exchange(wanted)
	if err == nil {
		if err = e.sockets.serve(e.mail.All()); err == nil {
			return nil
		}
		// Receivers without their buttons would stay so: the next reload would find nothing to exchange.
		err = errors.Join(err, e.mail.Exchange(before), e.dispatch.exchange(e.dispatch.live().plan, e.mail.All()))
	}
	return errors.Join(err, e.sockets.serve(e.mail.All()))
}

func (e *Engine) logWarnings(warnings []string) {
	for _, w := range warnings {
		e.log.Warn("routing of alerts", "what", w)
	}
}

func (e *Engine) exchangeRules(ctx context.Context, loaded map[string]*rules.Group, cfg Config) {
	e.evaluating.Lock()
	defer e.evaluating.Unlock()
	before := e.activeIn(e.groups)
	e.use(e.adopt(loaded, cfg), cfg)
	kept := map[string]bool{}
	for _, a := range e.activeIn(e.groups) {
		kept[a.key()] = true
	}
	now := time.Now()
	for _, a := range before {
		if !kept[a.key()] {
			e.end(ctx, saved(a), now)
		}
	}
}

// withExternal returns the labels of an alert with external ones, over which its own go.
func withExternal(own labels.Labels, external map[string]string) map[string]string {
	all := make(map[string]string, own.Len()+len(external))
	maps.Copy(all, external)
	own.Range(func(l labels.Label) { all[l.Name] = l.Value })
	return all
}
