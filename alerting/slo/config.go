// Package slo makes Prometheus rules of service level objectives: burn rates over several windows, as chapter 5 of
// Google's Site Reliability Workbook has them, with a guard for services with little traffic, and error budgets.
//
// The recorded series have the names that Sloth gives them, so that its dashboards show them.
package slo

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"gatewatch/internal/invalid"
)

// Config is one objective (an entry of slo: in the configuration).
type Config struct {
	// What the objective is called: lower case letters, digits, - and _. It is the label slo of all its series.
	Name string `yaml:"name"`
	// The share of events that shall be good, in percent: 99.5.
	Objective float64 `yaml:"objective"`
	// Over how long. The series must be kept as long (series.retention).
	Window model.Duration `yaml:"window"`
	// All events that count: the selector of a counter.
	Total string `yaml:"total"`
	// Those that are bad, or those that are good: one of the two.
	Bad  string `yaml:"bad"`
	Good string `yaml:"good"`
	// Labels of the events that each have the objective for themselves, as in [provider].
	By []string `yaml:"by"`
	// Further labels of the alerts.
	Labels map[string]string `yaml:"labels"`
	// When a service has too few events for rates, an alert comes after so many bad ones in an hour; 0: never.
	QuietErrors int `yaml:"quiet_errors"`
	// Fewer events than this an hour are too few for rates.
	QuietBelow int `yaml:"quiet_below"`
}

const (
	defaultWindow      = 30 * 24 * time.Hour
	defaultQuietErrors = 5
	defaultQuietBelow  = 500
	// minWindow is the longest window of the alerts.
	minWindow = 3 * 24 * time.Hour
	maxWindow = 90 * 24 * time.Hour
)

// SetDefaults fills what was left open.
func (c *Config) SetDefaults() {
	if c.Window == 0 {
		c.Window = model.Duration(defaultWindow)
	}
	if c.QuietBelow == 0 {
		c.QuietBelow = defaultQuietBelow
		if c.QuietErrors == 0 {
			c.QuietErrors = defaultQuietErrors
		}
	}
}

var (
	nameShape  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	labelShape = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// own are labels that the rules set themselves.
var own = [...]string{"slo", "severity", "verdict", "alertname", "window"}

// Validate returns every mistake as invalid.Mistakes, or nil.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if !nameShape.MatchString(c.Name) {
		m.Add("name", "must be lower case letters, digits, - and _, is %q", c.Name)
	}
	if c.Objective < 50 || c.Objective >= 100 {
		m.Add("objective", "is a percentage from 50 to below 100, as in 99.5, is %v", c.Objective)
	}
	if d := time.Duration(c.Window); d < minWindow || d > maxWindow {
		m.Add("window", "must be from %v to %v, is %v", model.Duration(minWindow), model.Duration(maxWindow), c.Window)
	}
	checkSelector(&m, "total", c.Total)
	switch {
	case c.Bad != "" && c.Good != "":
		m.Add("good", "say which events are bad or which are good, not both")
	case c.Bad == "" && c.Good == "":
		m.Add("bad", `is needed: the selector of the events that are bad, as in payment_attempts_total{outcome="provider_down"}; or good`)
	case c.Bad != "":
		checkSelector(&m, "bad", c.Bad)
	default:
		checkSelector(&m, "good", c.Good)
	}
	for i, name := range c.By {
		if !labelShape.MatchString(name) || slices.Contains(own[:], name) {
			m.Add(fmt.Sprintf("by[%d]", i), "%q cannot be a label of events", name)
		}
	}
	for name := range c.Labels {
		if !labelShape.MatchString(name) || slices.Contains(own[:], name) {
			m.Add("labels."+name, "cannot be set: the rules set it, or it is no name of a label")
		}
	}
	if c.QuietErrors < 0 {
		m.Add("quiet_errors", "must not be negative")
	}
	if c.QuietBelow < 0 {
		m.Add("quiet_below", "must not be negative")
	}
	return m.Err()
}

// checkSelector adds a mistake when text cannot have a range behind it.
func checkSelector(m *invalid.Mistakes, path, text string) {
	if text == "" {
		m.Add(path, "is needed: the selector of a counter, as in payment_attempts_total")
		return
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		m.Add(path, "%v", err)
		return
	}
	v, ok := expr.(*parser.VectorSelector)
	if !ok || v.OriginalOffset != 0 || v.Timestamp != nil || v.StartOrEnd != 0 {
		m.Add(path, "must be the selector of a counter and nothing else, as in payment_attempts_total{provider=\"alipay\"}; is %s", text)
		return
	}
	for _, match := range v.LabelMatchers {
		if _, err := strconv.Atoi(match.Value); err == nil && match.Name == "le" {
			m.Add(path, "le=\"%[1]s\" matches nothing: bounds of buckets are written with a point, le=\"%[1]s.0\"", match.Value)
		}
	}
}

// ValidateAll checks all objectives, and that the series they look back on are kept for so long.
func ValidateAll(all []Config, retention time.Duration) error {
	var m invalid.Mistakes
	names := map[string]bool{}
	for i := range all {
		path := fmt.Sprintf("[%d]", i)
		m.AddIn(path, all[i].Validate())
		if names[all[i].Name] {
			m.Add(path+".name", "%q is another one's name", all[i].Name)
		}
		names[all[i].Name] = true
		if d := all[i].Window; time.Duration(d) > retention {
			m.Add(path+".window", "looks back %v, but series are kept for %v: set series.retention to %v and series.max_size to what that takes (2GiB for 1,000 series)",
				d, model.Duration(retention), d)
		}
	}
	return m.Err()
}
