package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/configs"
	"gatewatch/web"
)

// reloads is how the agent is asked to read its configuration again, and what came of it last.
type reloads struct {
	// read returns the configuration as it is written now; nil when there is no file.
	read  func() (*configs.Config, error)
	asked chan chan<- error

	successful, at prometheus.Gauge
}

// newReloads counts the start as a successful reload.
func newReloads(reg prometheus.Registerer) *reloads {
	r := &reloads{
		asked: make(chan chan<- error),
		successful: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_config_last_reload_successful", Help: "Whether the last attempt to read the configuration succeeded.",
		}),
		at: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_config_last_reload_success_timestamp_seconds", Help: "When the configuration in effect was read.",
		}),
	}
	reg.MustRegister(r.successful, r.at)
	r.note(nil)
	return r
}

func (r *reloads) note(err error) {
	if err != nil {
		r.successful.Set(0)
		return
	}
	r.successful.Set(1)
	r.at.SetToCurrentTime()
}

// ask makes the agent reload its configuration and returns what came of it. It is safe for concurrent use.
func (r *reloads) ask(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case r.asked <- answer:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// onHangup reloads the configuration on each signal.
func (r *reloads) onHangup(hangups <-chan os.Signal) part {
	return part{"hangup", func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-hangups:
				r.ask(ctx) // the agent logs what came of it
			}
		}
	}}
}

// errNothingRuns says that neither the new configuration nor the one before could be put into effect.
var errNothingRuns = errors.New("the configuration before cannot be restored")

// reload puts the configuration into effect as it is written now, or keeps the one in effect and returns why.
func (a *agent) reload(ctx context.Context) error {
	began := time.Now()
	err := a.tryReload(ctx)
	a.reloads.note(err)
	if err != nil {
		a.log.Error("configuration not reloaded", "err", err)
	} else {
		a.log.Info("configuration reloaded", "took", time.Since(began))
	}
	return err
}

func (a *agent) tryReload(ctx context.Context) error {
	before := a.live.Load().cfg
	cfg, err := a.readAgain(before)
	if err != nil {
		return fmt.Errorf("%w:\n%w", web.ErrRefused, err)
	}
	err = a.apply(ctx, cfg)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The rules are as they were: nothing but the units has to go back.
	if back := a.exchange(ctx, before); back != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errNothingRuns, errors.Join(back, err))
	}
	a.startUnits()
	return err
}

// apply puts cfg into effect. On error the rules are as they were, and the units may be those of either configuration.
func (a *agent) apply(ctx context.Context, cfg *configs.Config) error {
	if err := a.exchange(ctx, cfg); err != nil {
		return err
	}
	a.startUnits()
	return a.alerts.Reload(ctx, a.alerting(cfg))
}

// readAgain returns the configuration as it is written now, when it can take the place of before.
func (a *agent) readAgain(before *configs.Config) (*configs.Config, error) {
	if a.reloads.read == nil {
		return nil, errors.New("there is no file to read: the agent was started without -config")
	}
	cfg, err := a.reloads.read()
	if err != nil {
		return nil, err
	}
	if keys := needRestart(before, cfg); len(keys) > 0 {
		return nil, fmt.Errorf("needs a restart: %s", strings.Join(keys, ", "))
	}
	return cfg, alerting.CheckRules(cfg.Alerting)
}

// needRestart returns the keys that differ and that only a restart puts into effect.
func needRestart(before, after *configs.Config) []string {
	a, b := before.Alerting, after.Alerting
	var differ []string
	for _, k := range []struct {
		key           string
		before, after any
	}{
		{"data_dir", before.DataDir, after.DataDir},
		{"http", before.HTTP, after.HTTP},
		{"redact", before.Redact, after.Redact},
		{"patterns", before.Patterns, after.Patterns},
		{"payments", before.Payments, after.Payments},
		{"journal", before.Journal, after.Journal},
		{"series", before.Series, after.Series},
		{"collectors", before.Collectors, after.Collectors},
		{"alerting.slack", a.Slack, b.Slack},
		{"alerting's receivers", a.Receivers, b.Receivers},
		{"alerting.alertmanagers", a.Alertmanagers, b.Alertmanagers},
		{"alerting.heartbeat", a.Heartbeat, b.Heartbeat},
		{"alerting.external_url", a.ExternalURL, b.ExternalURL},
		{"alerting.links", a.Links, b.Links},
		{"alerting.runbook_url", a.RunbookURL, b.RunbookURL},
		{"alerting.group_wait", a.GroupWait, b.GroupWait},
		{"alerting.group_interval", a.GroupInterval, b.GroupInterval},
		{"alerting.repeat_interval", a.RepeatInterval, b.RepeatInterval},
	} {
		if !reflect.DeepEqual(k.before, k.after) {
			differ = append(differ, k.key)
		}
	}
	return differ
}
