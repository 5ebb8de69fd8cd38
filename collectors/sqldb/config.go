// Package sqldb asks PostgreSQL, MySQL and MariaDB over one connection each, under the names of their exporters, and never waits
// for a lock.
package sqldb

import (
	"fmt"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// DatabaseConfig is what the entries of collectors.postgres and collectors.mysql have.
type DatabaseConfig struct {
	collect.DSNConfig `yaml:",inline"`
	// How many statements are told as documents every five minutes, those that took most time in all; -1: none.
	Statements int `yaml:"statements"`
	// Whether, and when, data are read to find what is broken; null: never.
	Integrity *IntegrityConfig `yaml:"integrity"`
}

const (
	defaultStatements = 20
	mostStatements    = 100
)

// SetDefaults fills what is left out.
func (d *DatabaseConfig) SetDefaults() {
	d.DSNConfig.SetDefaults()
	collect.SetDefault(&d.Statements, defaultStatements)
	d.Integrity.SetDefaults()
}

// mistakes returns what is wrong as invalid.Mistakes. check says what is wrong with a DSN, without repeating it.
func (d *DatabaseConfig) mistakes(check func(dsn string) error) error {
	var m invalid.Mistakes
	m.AddIn("", d.DSNConfig.Mistakes(check))
	if d.Statements < -1 || d.Statements > mostStatements {
		m.Add("statements", "must be at most %d, or -1 for none, is %d", mostStatements, d.Statements)
	}
	m.AddIn("integrity", d.Integrity.mistakes(check))
	return m.Err()
}

// withIntegrity returns the collector of a server, and the one that check makes when its data are to be read. A reload that
// changes only what is read leaves the first one going.
func (d DatabaseConfig) withIntegrity(server collect.Collector, check func(DatabaseConfig, collect.Env) (collect.Collector, error), e collect.Env) ([]collect.Collector, error) {
	alone := d
	alone.Integrity = nil
	server.MadeOf = alone
	if d.Integrity == nil {
		return []collect.Collector{server}, nil
	}
	checks, err := check(d, e)
	if err != nil {
		return nil, fmt.Errorf("integrity: %w", err)
	}
	checks.MadeOf = []any{d.DSN, *d.Integrity}
	return []collect.Collector{server, checks}, nil
}
