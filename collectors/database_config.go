package collectors

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// DatabaseConfig is an entry of collectors.postgres or collectors.mysql in the configuration.
type DatabaseConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Where the database is and who asks it.
	DSN secret.Secret `yaml:"dsn"`
	// How often; at least a second.
	Interval model.Duration `yaml:"interval"`
	// How long one collection may take in all.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	defaultDatabaseInterval = model.Duration(15 * time.Second)
	defaultDatabaseTimeout  = model.Duration(5 * time.Second)
	// maxDatabases is how many servers of one kind an agent asks: each is a connection that stays open.
	maxDatabases = 20
)

func (d *DatabaseConfig) setDefaults() {
	setDefault(&d.Interval, defaultDatabaseInterval)
	setDefault(&d.Timeout, defaultDatabaseTimeout)
}

// validateDatabases notes every mistake in the entries at path. check says what is wrong with a DSN, without
// repeating it.
func validateDatabases(m *invalid.Mistakes, path string, all []DatabaseConfig, check func(dsn string) string) {
	if len(all) > maxDatabases {
		m.Add(path, "has %d entries, at most %d are possible", len(all), maxDatabases)
	}
	seen := map[string]bool{}
	for i, d := range all {
		var own invalid.Mistakes
		switch {
		case d.Name == "":
			own.Add("name", "is missing")
		case seen[d.Name]:
			own.Add("name", "%q is used by another entry", d.Name)
		}
		seen[d.Name] = true
		if d.DSN == "" {
			own.Add("dsn", "is missing")
		} else if wrong := check(d.DSN.Reveal()); wrong != "" {
			own.Add("dsn", "%s", wrong)
		}
		if d.Interval < minProbeInterval {
			own.Add("interval", "must be at least %s, is %s", minProbeInterval, d.Interval)
		}
		if d.Timeout < minProbeInterval {
			own.Add("timeout", "must be at least %s, is %s", minProbeInterval, d.Timeout)
		}
		m.AddIn(fmt.Sprintf("%s[%d]", path, i), own.Err())
	}
}
