package alerting

import "gatewatch/alerting/rules"

// defaultInterval is how often groups without an interval of their own are evaluated.
const defaultInterval = rules.DefaultInterval

// sources are where the rules of c come from.
func (c *Config) sources() rules.Sources {
	return rules.Sources{Packs: c.Packs, Files: c.Rules, Objectives: c.SLO}
}

// CheckRules reads all rule files of cfg and returns every mistake as invalid.Mistakes, or nil.
func CheckRules(cfg Config) error {
	_, err := cfg.sources().Find()
	return err
}

// Rules returns the rules that cfg loads, in the order of the files, or every mistake in them.
func Rules(cfg Config) ([]rules.Rule, error) { return cfg.sources().List() }
