package detect

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config says which series are watched for anomalies (detect: in the configuration).
type Config struct {
	// How often each series is looked at.
	Interval model.Duration `yaml:"interval"`
	// Most series; what is beyond is not watched, and counted. One takes up to 20 KiB of memory.
	MaxSeries int `yaml:"max_series"`
	// How improbable an observation must be to have a score of 1: 6 is one in a million.
	Limit float64 `yaml:"limit"`
	// What is watched.
	Watches []Watch `yaml:"watches"`
}

// Watch is a group of series of one kind.
type Watch struct {
	// Name in the label "watch" of the metrics.
	Name string `yaml:"name"`
	// What the numbers are: rate (successes of attempts), count (events in a span of time) or gauge (anything else).
	Kind Kind `yaml:"kind"`
	// PromQL expression, each series of whose result is watched. Of rates, the number of successes.
	Query string `yaml:"query"`
	// Of rates: the number of attempts, for each series or with fewer labels for several of them together.
	Total string `yaml:"total"`
}

// DefaultConfig returns what is used where the configuration says nothing.
func DefaultConfig() Config {
	const (
		attempts = `sum by (provider) (increase(payment_attempts_total[5m]))`
		decided  = `sum by (provider) (increase(payment_attempts_total{outcome!~"pending|duplicate"}[5m]))`
		approved = `sum by (provider) (increase(payment_attempts_total{outcome="approved"}[5m]))`
		codes    = `sum by (provider, code) (increase(payment_codes_total{outcome!="approved"}[5m]))`
		quantile = `histogram_quantile(%s, sum by (provider, le) (rate(payment_attempt_duration_seconds_bucket[5m])))` +
			` and on (provider) sum by (provider) (increase(payment_attempt_duration_seconds_count[5m])) >= 20`
	)
	return Config{
		Interval:  model.Duration(time.Minute),
		MaxSeries: 500,
		Limit:     DefaultLimit,
		Watches: []Watch{
			{Name: "payment_success", Kind: Rate, Query: approved + " or " + decided + " * 0", Total: decided},
			{Name: "payment_attempts", Kind: Count, Query: attempts},
			{Name: "payment_latency_median", Kind: Gauge, Query: fmt.Sprintf(quantile, "0.5")},
			{Name: "payment_latency_p95", Kind: Gauge, Query: fmt.Sprintf(quantile, "0.95")},
			{Name: "payment_codes", Kind: Rate, Query: codes, Total: attempts},
		},
	}
}

// The bounds of what a configuration may ask for.
const (
	minInterval = 10 * time.Second
	maxInterval = time.Hour
	mostSeries  = 10_000
	minLimit    = 3
	maxLimit    = 15
)

var nameForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Validate returns every mistake as invalid.Mistakes, or nil. It does not read the queries.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if d := time.Duration(c.Interval); d < minInterval || d > maxInterval {
		m.Add("interval", "must be from %v to %v, is %v", minInterval, maxInterval, d)
	}
	if c.MaxSeries < 1 || c.MaxSeries > mostSeries {
		m.Add("max_series", "must be from 1 to %d, is %d", mostSeries, c.MaxSeries)
	}
	if math.IsNaN(c.Limit) || c.Limit < minLimit || c.Limit > maxLimit {
		m.Add("limit", "must be from %d to %d, is %v", minLimit, maxLimit, c.Limit)
	}
	seen := map[string]bool{}
	for i, w := range c.Watches {
		at := fmt.Sprintf("watches[%d].", i)
		if !nameForm.MatchString(w.Name) {
			m.Add(at+"name", "must be letters, digits and _, is %q", w.Name)
		} else if seen[w.Name] {
			m.Add(at+"name", "%q is another one's name", w.Name)
		}
		seen[w.Name] = true
		w.validate(at, &m)
	}
	return m.Err()
}

func (w *Watch) validate(at string, m *invalid.Mistakes) {
	if !slices.Contains([]Kind{Rate, Count, Gauge}, w.Kind) {
		m.Add(at+"kind", "must be rate, count or gauge, is %q", w.Kind)
	}
	if strings.TrimSpace(w.Query) == "" {
		m.Add(at+"query", "must be a PromQL expression")
	}
	if empty := strings.TrimSpace(w.Total) == ""; w.Kind == Rate && empty {
		m.Add(at+"total", "is needed for a rate: the number that query is a part of")
	} else if w.Kind != Rate && !empty {
		m.Add(at+"total", "is for rates only")
	}
}
