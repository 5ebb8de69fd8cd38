package collect

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

const (
	defaultDatabaseInterval = model.Duration(15 * time.Second)
	defaultDatabaseTimeout  = model.Duration(5 * time.Second)
	// minDatabaseTimeout leaves time to ask at least one part.
	minDatabaseTimeout = model.Duration(time.Second)
)

// DatabaseLabels are on each metric of a database.
func DatabaseLabels() []string { return []string{"name", "instance"} }

// DSNConfig is what the entries of all databases have.
type DSNConfig struct {
	ServerConfig `yaml:",inline"`
	// Where the database is and who asks it.
	DSN secret.Secret `yaml:"dsn"`
}

// SetDefaults fills what is left out.
func (d *DSNConfig) SetDefaults() {
	SetDefault(&d.Interval, defaultDatabaseInterval)
	SetDefault(&d.Timeout, defaultDatabaseTimeout)
}

// Mistakes returns what is wrong as invalid.Mistakes. check says what is wrong with a DSN, without repeating it.
func (d *DSNConfig) Mistakes(check func(dsn string) error) error {
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

// ApplicationName is who we are in pg_stat_activity.
const ApplicationName = "gatewatch"

// WithoutSecret returns text without the secret, should a message ever repeat it.
func WithoutSecret(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "<redacted>")
}

// ParseNumber reads a number or a truth value as databases write them.
func ParseNumber(text string) (float64, bool) {
	switch text {
	case "t", "true":
		return 1, true
	case "f", "false":
		return 0, true
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}
