package sqldb

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// IntegrityConfig is collectors.postgres[].integrity or collectors.mysql[].integrity in the configuration: data are read
// to find what is broken before it is needed.
type IntegrityConfig struct {
	// When data may be checked, by this host's clock, as in 01:30-05:00.
	Window string `yaml:"window"`
	// As which user, in the form of dsn above; "": as that one. MySQL's has to read the tables.
	DSN secret.Secret `yaml:"dsn"`
	// What is larger is left out.
	MaxSize units.Base2Bytes `yaml:"max_size"`
	// How long the check of one index or table may take.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	defaultIntegritySize    = 4 * units.GiB
	defaultIntegrityTimeout = model.Duration(time.Minute)
	maxIntegrityTimeout     = model.Duration(30 * time.Minute)
)

// SetDefaults fills what is left out.
func (c *IntegrityConfig) SetDefaults() {
	if c == nil {
		return
	}
	collect.SetDefault(&c.MaxSize, defaultIntegritySize)
	collect.SetDefault(&c.Timeout, defaultIntegrityTimeout)
}

func (c *IntegrityConfig) mistakes(check func(dsn string) error) error {
	if c == nil {
		return nil
	}
	var m invalid.Mistakes
	if _, err := parseWindow(c.Window); err != nil {
		m.Add("window", "%v", err)
	}
	if c.DSN != "" {
		if err := check(c.DSN.Reveal()); err != nil {
			m.Add("dsn", "%v", err)
		}
	}
	if c.MaxSize < 0 {
		m.Add("max_size", "must not be negative")
	}
	if c.Timeout < collect.MinInterval || c.Timeout > maxIntegrityTimeout {
		m.Add("timeout", "must be from %s to %s, is %s", collect.MinInterval, maxIntegrityTimeout, c.Timeout)
	}
	return m.Err()
}

// window is a time of the day, which may go over midnight.
type window struct{ from, to time.Duration }

// parseWindow reads 01:30-05:00.
func parseWindow(text string) (window, error) {
	wrong := fmt.Errorf("must be two different times of the day, as in 01:30-05:00, is %q", text)
	first, last, ok := strings.Cut(text, "-")
	from, err1 := time.Parse("15:04", strings.TrimSpace(first))
	to, err2 := time.Parse("15:04", strings.TrimSpace(last))
	if !ok || err1 != nil || err2 != nil || from.Equal(to) {
		return window{}, wrong
	}
	return window{sinceMidnight(from), sinceMidnight(to)}, nil
}

func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// holds tells whether t is in w.
func (w window) holds(t time.Time) bool {
	at := sinceMidnight(t)
	if w.from < w.to {
		return w.from <= at && at < w.to
	}
	return at >= w.from || at < w.to
}

// began returns when the window began that holds t.
func (w window) began(t time.Time) time.Time {
	days := 0
	if sinceMidnight(t) < w.from {
		days = -1 // before midnight
	}
	return time.Date(t.Year(), t.Month(), t.Day()+days, int(w.from/time.Hour), int(w.from%time.Hour/time.Minute), 0, 0, t.Location())
}
