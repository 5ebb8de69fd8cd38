// Package configs loads the agent's configuration. The packages own their parts, with their defaults and checks; this
// one composes them, reads YAML strictly, puts environment variables and files in, and says of all mistakes at once
// where they are and what would be right. gatewatch.yml is the documented reference.
package configs

import (
	"fmt"
	"strings"
	"time"

	"gatewatch/alerting"
	"gatewatch/alerting/slo"
	"gatewatch/collectors"
	"gatewatch/detect"
	"gatewatch/intents"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
	"gatewatch/journal"
	"gatewatch/logmetrics"
	"gatewatch/outputs"
	"gatewatch/patterns"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
	"gatewatch/series"
	"gatewatch/web"
)

// Config is the whole configuration of the agent.
type Config struct {
	// Folder of the journal, the metrics store, the cursors and the undelivered alerts. The agent creates it and
	// locks it.
	DataDir string `yaml:"data_dir"`
	// Web page, /metrics and the API.
	HTTP web.Config `yaml:"http"`
	// The log files to follow.
	Logs []pipeline.GroupConfig `yaml:"logs"`
	// What is hidden beside card data and secrets, which always are.
	Redact redact.Config `yaml:"redact"`
	// What is known about payments.
	Payments Payments `yaml:"payments"`
	// How errors are grouped.
	Patterns patterns.Config `yaml:"patterns"`
	// What is kept of the logs on this host.
	Journal journal.Config `yaml:"journal"`
	// Where events go beside the journal.
	Outputs outputs.Config `yaml:"outputs"`
	// What is kept of the metrics on this host.
	Series series.Config `yaml:"series"`
	// What is watched for anomalies.
	Detect detect.Config `yaml:"detect"`
	// What is watched beside the logs.
	Collectors collectors.Config `yaml:"collectors"`
	// Which rules run and who is told.
	Alerting alerting.Config `yaml:"alerting"`
	// What share of events shall be good. Each makes recording rules, alerts and error budgets.
	SLO []slo.Config `yaml:"slo"`
}

// Payments says what the agent does not know about payments by itself.
type Payments struct {
	// A file of result codes like the built-in one: its rows replace those, code by code. Empty for none.
	Outcomes string `yaml:"outcomes"`
	// The secret behind payment.customer_key: hosts with the same one give a customer the same key. Empty: the agent
	// makes one and keeps it in data_dir.
	CustomerSecret secret.Secret `yaml:"customer_secret"`
	// Versions of providers' APIs whose end is known: people are told in time when one is still in use.
	APIEnds []logmetrics.APIEnd `yaml:"api_ends"`
	// How the attempts of one order are joined.
	Intents intents.Config `yaml:"intents"`
}

// validate reads the file of outcomes too.
func (p *Payments) validate() error {
	var m invalid.Mistakes
	if p.Outcomes != "" {
		if _, err := payment.New(p.Outcomes); err != nil {
			m.Add("outcomes", "%v", err)
		}
	}
	m.AddIn("api_ends", logmetrics.ValidateAPIEnds(p.APIEnds))
	m.AddIn("intents", p.Intents.Validate())
	return m.Err()
}

// defaultDataDir is where a packaged agent keeps its data.
const defaultDataDir = "/var/lib/gatewatch"

// Default returns the configuration that a file is laid over: the host is watched and the shipped rules run, but no
// logs are followed, nothing is sent anywhere and nobody is told.
func Default() *Config {
	return &Config{
		DataDir:    defaultDataDir,
		HTTP:       web.DefaultConfig(),
		Redact:     redact.DefaultConfig(),
		Payments:   Payments{Intents: intents.DefaultConfig()},
		Patterns:   patterns.DefaultConfig(),
		Journal:    journal.DefaultConfig(),
		Outputs:    outputs.DefaultConfig(),
		Series:     series.DefaultConfig(),
		Detect:     detect.DefaultConfig(),
		Collectors: collectors.DefaultConfig(),
		Alerting:   alerting.DefaultConfig(),
	}
}

// ForLogs returns the configuration of an agent that was given log files and nothing else: the defaults, with the
// files matching the globs followed and everything kept under dataDir.
func ForLogs(dataDir string, globs ...string) (*Config, error) {
	cfg := Default()
	cfg.DataDir = dataDir
	cfg.Logs = []pipeline.GroupConfig{{Paths: globs}}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// SetDefaults fills in what optional sections and list entries leave open.
func (c *Config) SetDefaults() {
	for i := range c.Logs {
		c.Logs[i].SetDefaults()
	}
	c.Payments.Intents.SetDefaults()
	c.Outputs.SetDefaults()
	c.Collectors.SetDefaults()
	c.Alerting.SetDefaults()
	for i := range c.SLO {
		c.SLO[i].SetDefaults()
	}
	c.Alerting.SLO = c.SLO
}

// Validate returns everything that is wrong in c as invalid.Mistakes, or nil. It reads the files that c names.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.DataDir == "" {
		m.Add("data_dir", "must name a folder, such as %s", defaultDataDir)
	}
	for i := range c.Logs {
		m.AddIn(fmt.Sprintf("logs[%d]", i), c.Logs[i].Validate())
	}
	m.AddIn("http", c.HTTP.Validate())
	m.AddIn("redact", c.Redact.Validate())
	c.checkCustomers(&m)
	m.AddIn("payments", c.Payments.validate())
	m.AddIn("patterns", c.Patterns.Validate())
	m.AddIn("journal", c.Journal.Validate())
	m.AddIn("outputs", c.Outputs.Validate())
	m.AddIn("series", c.Series.Validate())
	m.AddIn("detect", validateDetect(&c.Detect))
	m.AddIn("collectors", c.Collectors.Validate())
	m.AddIn("alerting", c.Alerting.Validate())
	m.AddIn("slo", slo.ValidateAll(c.SLO, time.Duration(c.Series.Retention)))
	return m.Err()
}

// checkCustomers reports names that are to give payment.customer_key and are hidden before anybody can read them.
func (c *Config) checkCustomers(m *invalid.Mistakes) {
	for i := range c.Logs {
		for name := range strings.SplitSeq(c.Logs[i].Fields["customer_key"], ",") {
			if name = strings.TrimSpace(name); name != "" && c.Redact.Hides(name) {
				m.Add(fmt.Sprintf("logs[%d].fields.customer_key", i),
					"%q is hidden by redact.keys, which leaves nothing to make the key of: remove it there (customers' numbers are never kept, only their keys)", name)
			}
		}
	}
}

// validateDetect also reads the queries.
func validateDetect(c *detect.Config) error {
	var m invalid.Mistakes
	m.AddIn("", c.Validate())
	for i, w := range c.Watches {
		for _, q := range []struct{ key, expr string }{{"query", w.Query}, {"total", w.Total}} {
			if strings.TrimSpace(q.expr) == "" {
				continue
			}
			if err := series.CheckQuery(q.expr); err != nil {
				m.Add(fmt.Sprintf("watches[%d].%s", i, q.key), "%v", err)
			}
		}
	}
	return m.Err()
}
