package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// askTimeout bounds one question to the agent.
const askTimeout = 10 * time.Second

// answer is what a running agent, or a Prometheus, makes of a rule.
type answer struct {
	// failure is what it says against the rule.
	failure string
	// series are those that the rule has there without its thresholds, sorted, without the labels that say which server
	// is meant: an agent and an exporter name those in their own ways.
	series []string
	// silent are the selectors of the rule that find no series there.
	silent []string
	others bool // as in place
}

// place is who is asked, at an address without a slash at the end, under a name for the table.
type place struct {
	name, address string
	others        bool // it has the series of exporters, which the catalogue does not know
}

// askAll asks every place each rule.
func askAll(places []place, all []verdict) error {
	for _, p := range places {
		s := newSource(p.address)
		for i := range all {
			a, err := s.judge(all[i].rule)
			if err != nil {
				return err
			}
			a.others = p.others
			all[i].answers = append(all[i].answers, a)
		}
	}
	return nil
}

// source is what answers at an address, and what it found for selectors.
type source struct {
	client  *http.Client
	address string
	seen    map[string]bool // selectors that were asked, and whether they have series
}

func newSource(address string) *source {
	return &source{client: &http.Client{Timeout: askTimeout}, address: address, seen: map[string]bool{}}
}

// judge asks a rule as it is, without its thresholds, and each of its selectors.
func (s *source) judge(r rule) (a answer, err error) {
	if a.failure, _, err = s.ask(r.expr); err != nil || a.failure != "" {
		return a, err
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.expr)
	if err != nil {
		return a, err
	}
	expr = loosen(expr)
	var found []map[string]string
	if a.failure, found, err = s.ask(expr.String()); err != nil {
		return a, err
	}
	a.series = anonymous(r.expr, found)
	for _, selector := range selectors(expr) {
		text := selector.String()
		found, known := s.seen[text]
		if !known {
			_, has, err := s.ask(text)
			if err != nil {
				return a, err
			}
			found = len(has) > 0
			s.seen[text] = found
		}
		if !found {
			add(&a.silent, text)
		}
	}
	return a, nil
}

// anonymous returns the labels of each of the series of a rule but those that say which server is meant.
func anonymous(expr string, series []map[string]string) (all []string) {
	which := []string{"__name__", "instance", "job", "name", "server", "application"}
	for prefix, own := range map[string]string{"node_systemd": "name", "haproxy_": "server"} {
		if strings.Contains(expr, prefix) {
			which = slices.DeleteFunc(which, func(label string) bool { return label == own })
		}
	}
	for _, labels := range series {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			if !slices.Contains(which, name) {
				fmt.Fprintf(&b, "%s=%q,", name, labels[name])
			}
		}
		all = append(all, "{"+strings.TrimSuffix(b.String(), ",")+"}")
	}
	slices.Sort(all)
	return all
}

// ask evaluates expr. failure is what is said against it, series are the labels of what it finds.
func (s *source) ask(expr string) (failure string, series []map[string]string, err error) {
	reply, err := s.client.PostForm(s.address+"/api/v1/query", url.Values{"query": {expr}})
	if err != nil {
		return "", nil, fmt.Errorf("ask the agent: %w", err)
	}
	defer reply.Body.Close()
	var told struct {
		Status, Error string
		Data          struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.NewDecoder(reply.Body).Decode(&told); err != nil {
		return "", nil, fmt.Errorf("%s is no answer of Prometheus' API: %w", s.address, err)
	}
	if told.Status != "success" {
		return told.Error, nil, nil
	}
	for _, r := range told.Data.Result {
		series = append(series, r.Metric)
	}
	return "", series, nil
}
