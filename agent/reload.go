package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/configs"
	"gatewatch/payment"
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
	before := a.live.Load()
	cfg, err := a.readAgain(before.cfg)
	if err != nil {
		return fmt.Errorf("%w:\n%w", web.ErrRefused, err)
	}
	classifier, err := payment.New(cfg.Payments.Outcomes)
	if err != nil {
		return fmt.Errorf("%w:\npayments.outcomes: %w", web.ErrRefused, err)
	}
	watched, err := a.collectors.Make(cfg.Collectors)
	if err != nil {
		return fmt.Errorf("%w:\ncollectors.%w", web.ErrRefused, err)
	}
	err = a.apply(ctx, cfg, classifier)
	if err == nil {
		a.collectors.Exchange(ctx, watched) // last, because nothing in it can fail
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The rules are as they were: nothing but the units has to go back.
	if back := a.exchange(ctx, before.cfg, before.classifier); back != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errNothingRuns, errors.Join(back, err))
	}
	a.startUnits()
	return err
}

// apply puts cfg into effect. On error the rules are as they were, and the units may be those of either configuration.
func (a *agent) apply(ctx context.Context, cfg *configs.Config, classifier *payment.Classifier) error {
	if err := a.exchange(ctx, cfg, classifier); err != nil {
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
