package main

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// targets are the exporters, as the collection of rules names them, whose work the collectors do.
var targets = []string{
	"node-exporter", "prometheus/blackbox_exporter", "ncabatoff/process-exporter", "prometheus-community/systemd_exporter",
	"prometheus-community/postgres_exporter", "prometheus/mysqld_exporter", "oliver006/redis_exporter",
	"percona/mongodb_exporter", "Embedded exporter (HAProxy >= v2)", "ssl_exporter", "smartctl-exporter", "java-client",
}

// group are the rules for one exporter, or those of one group of a Prometheus rule file.
type group struct {
	name  string
	rules []rule
}

type rule struct{ name, expr string }

// ruleFile is either form: that of the collection has services below its groups, that of Prometheus has rules.
type ruleFile struct {
	Groups []struct {
		Name     string
		Services []struct {
			Name      string
			Exporters []struct {
				Name  string
				Rules []struct{ Name, Query string }
			}
		}
		Rules []struct{ Alert, Record, Expr string }
	}
}

// readRules returns the rules of text, of a collection only those for the exporters in targets.
func readRules(text []byte) ([]group, error) {
	var file ruleFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	var all []group
	for _, g := range file.Groups {
		own := group{name: g.Name}
		for _, r := range g.Rules {
			own.rules = append(own.rules, rule{r.Alert + r.Record, r.Expr})
		}
		all = append(all, own)
		for _, s := range g.Services {
			for _, e := range s.Exporters {
				if !slices.Contains(targets, e.Name) {
					continue
				}
				of := group{name: s.Name}
				for _, r := range e.Rules {
					of.rules = append(of.rules, rule{r.Name, r.Query})
				}
				all = append(all, of)
			}
		}
	}
	all = slices.DeleteFunc(all, func(g group) bool { return len(g.rules) == 0 })
	if len(all) == 0 {
		return nil, errors.New("no rules for what the collectors watch; groups: with rules: or services: are read")
	}
	return all, nil
}
