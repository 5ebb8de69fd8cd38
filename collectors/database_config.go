package collectors

import (
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// DSNConfig is what the entries of all databases have.
type DSNConfig struct {
	ServerConfig `yaml:",inline"`
	// Where the database is and who asks it.
	DSN secret.Secret `yaml:"dsn"`
}

// DatabaseConfig is what the entries of collectors.postgres and collectors.mysql have.
type DatabaseConfig struct {
	DSNConfig `yaml:",inline"`
	// How many statements are told as documents every five minutes, those that took most time in all; -1: none.
	Statements int `yaml:"statements"`
	// Whether, and when, data are read to find what is broken; null: never.
	Integrity *IntegrityConfig `yaml:"integrity"`
}

const (
	defaultDatabaseInterval = model.Duration(15 * time.Second)
	defaultDatabaseTimeout  = model.Duration(5 * time.Second)
	defaultStatements       = 20
	mostStatements          = 100
	// minDatabaseTimeout leaves time to ask at least one part.
	minDatabaseTimeout = model.Duration(time.Second)
)

func (d *DSNConfig) setDefaults() {
	setDefault(&d.Interval, defaultDatabaseInterval)
	setDefault(&d.Timeout, defaultDatabaseTimeout)
}

func (d *DatabaseConfig) setDefaults() {
	d.DSNConfig.setDefaults()
	setDefault(&d.Statements, defaultStatements)
	d.Integrity.setDefaults()
}

// mistakes returns what is wrong as invalid.Mistakes. check says what is wrong with a DSN, without repeating it.
func (d *DSNConfig) mistakes(check func(dsn string) error) error {
	var m invalid.Mistakes
	if d.DSN == "" {
		m.Add("dsn", "is missing")
	} else if err := check(d.DSN.Reveal()); err != nil {
		m.Add("dsn", "%v", err)
	}
	m.AddIn("", d.ServerConfig.Validate())
	if d.Timeout > 0 && d.Timeout < minDatabaseTimeout {
		m.Add("timeout", "must be at least %s, is %s", minDatabaseTimeout, d.Timeout)
	}
	return m.Err()
}

// mistakes returns what is wrong as invalid.Mistakes. check says what is wrong with a DSN, without repeating it.
func (d *DatabaseConfig) mistakes(check func(dsn string) error) error {
	var m invalid.Mistakes
	m.AddIn("", d.DSNConfig.mistakes(check))
	if d.Statements < -1 || d.Statements > mostStatements {
		m.Add("statements", "must be at most %d, or -1 for none, is %d", mostStatements, d.Statements)
	}
	m.AddIn("integrity", d.Integrity.mistakes(check))
	return m.Err()
}
