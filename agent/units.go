package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/configs"
	"gatewatch/outputs"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/tail"
)

// unit is a part that a reload may exchange: an output, or a group of log files.
type unit struct {
	part
	// settings are what it was made of. A unit with the same settings need not be exchanged.
	settings any
	worker   *worker // nil while it does not work
	close    func() error

	elastic *outputs.Elasticsearch // of an output, else nil
	group   *tail.Group            // of log files, else nil
}

// live is what the configuration in effect is made into.
type live struct {
	cfg        *configs.Config
	classifier *payment.Classifier
	elastic    *outputs.Elasticsearch // nil when none is configured
	groups     tail.Groups
}

// logSettings are those of a group of log files.
type logSettings struct {
	pipeline.GroupConfig
	outcomes string // what stood in the file of outcomes
}

// settings returns those of all units that cfg describes, in the order in which they are started.
func settings(cfg *configs.Config, classifier *payment.Classifier) []any {
	var all []any
	if es := cfg.Outputs.Elasticsearch; es != nil {
		all = append(all, *es)
	}
	for _, logs := range cfg.Logs {
		all = append(all, logSettings{logs, classifier.Overrides()})
	}
	return all
}

func (a *agent) addUnits() error {
	a.closes = append(a.closes, func() error {
		var errs []error
		for _, u := range a.units {
			errs = append(errs, u.close())
		}
		return errors.Join(errs...)
	})
	if err := a.exchange(context.Background(), a.cfg, a.pipeline.Classifier); err != nil {
		return err
	}
	a.registry.MustRegister(liveGroups{a})
	return nil
}

// exchange makes the units those that cfg describes. What did not change goes on undisturbed. What did is stopped
// before anything new is opened: a new unit begins where the one before it has come to, in a file or in the journal.
func (a *agent) exchange(ctx context.Context, cfg *configs.Config, classifier *payment.Classifier) error {
	if classifier.Overrides() == a.pipeline.Classifier.Overrides() {
		classifier = a.pipeline.Classifier // new groups share what those that go on have learnt of unknown names
	}
	a.pipeline.Classifier = classifier
	wanted := settings(cfg, classifier)
	units := make([]*unit, len(wanted))
	var gone []*unit
	for _, u := range a.units {
		i := 0
		for i < len(wanted) && (units[i] != nil || !reflect.DeepEqual(wanted[i], u.settings)) {
			i++
		}
		if i < len(wanted) {
			units[i] = u
		} else {
			gone = append(gone, u)
		}
	}
	for _, u := range slices.Backward(gone) {
		if err := a.retire(ctx, u); err != nil {
			return err
		}
	}
	for i, u := range units {
		if u != nil {
			continue
		}
		u, err := a.open(wanted[i])
		if err != nil {
			return err
		}
		a.units = append(a.units, u)
		units[i] = u
	}
	a.units = units
	a.live.Store(newLive(cfg, classifier, units))
	return nil
}

// retire stops and closes a unit.
func (a *agent) retire(ctx context.Context, u *unit) error {
	if u.worker != nil {
		if err := a.crew.stop(ctx, u.worker); err != nil {
			return err
		}
	}
	a.units = slices.DeleteFunc(a.units, func(other *unit) bool { return other == u })
	if err := u.close(); err != nil {
		return fmt.Errorf("close %s: %w", u.name, err)
	}
	return nil
}

// startUnits lets those work that do not yet.
func (a *agent) startUnits() {
	for _, u := range a.units {
		if u.worker == nil {
			u.worker = a.crew.start(u.part)
		}
	}
}

func (a *agent) open(settings any) (*unit, error) {
	switch s := settings.(type) {
	case outputs.ElasticsearchConfig:
		return a.openElasticsearch(s)
	case logSettings:
		return a.openLogs(s)
	}
	return nil, fmt.Errorf("nothing is made of %T", settings)
}

func (a *agent) openElasticsearch(cfg outputs.ElasticsearchConfig) (*unit, error) {
	feed, err := a.journal.Consumer("elasticsearch")
	if err != nil {
		return nil, err
	}
	metrics := &registrations{reg: a.registry}
	deadLetters := filepath.Join(a.cfg.DataDir, "elasticsearch-dead-letters.jsonl")
	elastic, err := outputs.NewElasticsearch(cfg, feed, deadLetters, a.log, metrics)
	if err != nil {
		metrics.undo()
		return nil, errors.Join(err, feed.Close())
	}
	return &unit{part: part{"elasticsearch", elastic.Run}, settings: cfg, elastic: elastic, close: func() error {
		metrics.undo()
		return feed.Close()
	}}, nil
}

func (a *agent) openLogs(cfg logSettings) (*unit, error) {
	p, err := pipeline.New(cfg.GroupConfig, a.pipeline)
	if err != nil {
		return nil, err
	}
	g, err := tail.New(tail.Config{
		Globs: cfg.Paths, FromEnd: cfg.Start == pipeline.StartEnd, MaxLine: cfg.MaxLine,
		MaxOpen: cfg.MaxOpenFiles, Host: a.pipeline.Host,
	}, a.journal.Marks(), a.log, a.tail)
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context) error { return g.Run(ctx, p.Handle) }
	return &unit{part: part{"logs " + cfg.Paths[0], run}, settings: cfg, group: g, close: func() error { return nil }}, nil
}

func newLive(cfg *configs.Config, classifier *payment.Classifier, units []*unit) *live {
	l := &live{cfg: cfg, classifier: classifier}
	for _, u := range units {
		if u.group != nil {
			l.groups = append(l.groups, u.group)
		}
		if u.elastic != nil {
			l.elastic = u.elastic
		}
	}
	return l
}

// liveGroups exports the state of the groups that follow files at present.
type liveGroups struct{ a *agent }

func (liveGroups) Describe(ch chan<- *prometheus.Desc)   { tail.Groups(nil).Describe(ch) }
func (l liveGroups) Collect(ch chan<- prometheus.Metric) { l.a.live.Load().groups.Collect(ch) }

// registrations registers metrics that can be taken back together.
type registrations struct {
	reg prometheus.Registerer
	all []prometheus.Collector
}

func (r *registrations) Register(c prometheus.Collector) error {
	err := r.reg.Register(c)
	if err == nil {
		r.all = append(r.all, c)
	}
	return err
}

func (r *registrations) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err) // as a Registerer's MustRegister does; the names are constants
		}
	}
}

func (r *registrations) Unregister(c prometheus.Collector) bool { return r.reg.Unregister(c) }

func (r *registrations) undo() {
	for _, c := range r.all {
		r.reg.Unregister(c)
	}
}
