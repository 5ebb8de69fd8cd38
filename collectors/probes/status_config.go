package probes

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// StatusPageConfig is an entry of collectors.status_pages in the configuration.
type StatusPageConfig struct {
	// Payment provider in the label "provider".
	Provider string `yaml:"provider"`
	// Address of the page's data. It can be left out for stripe, paypal, worldpay and visa_acceptance.
	URL string `yaml:"url"`
	// What is there: statuspage (api/v2/summary.json), stripe (current/full), feed (RSS or Atom); auto looks.
	Format string `yaml:"format"`
	// How often, about; at least a minute.
	Interval model.Duration `yaml:"interval"`
	// How long one request may take.
	Timeout model.Duration `yaml:"timeout"`
	// Components told about, by their names on the page. Empty: all, up to 50.
	Components []string `yaml:"components"`
	// Proxy: http://…, https://… or socks5://…. Empty: as the environment says; none: no proxy.
	Proxy secret.Secret `yaml:"proxy"`
	// File with certificate authorities (PEM) trusted instead of the system's.
	CAFile string `yaml:"ca_file"`
}

const (
	defaultStatusInterval = model.Duration(5 * time.Minute)
	defaultStatusTimeout  = model.Duration(20 * time.Second)
	defaultStatusFormat   = "auto"

	minStatusInterval = model.Duration(time.Minute)
	maxStatusPages    = 30
)

// knownStatusPages are the addresses of providers' pages that programs can read.
func knownStatusPages() map[string]string {
	return map[string]string{
		"stripe":          "https://status.stripe.com/current/full",
		"paypal":          "https://www.paypal-status.com/feed/rss",
		"worldpay":        "https://status.access.worldpay.com/api/v2/summary.json",
		"visa_acceptance": "https://status.visaacceptance.com/api/v2/summary.json",
	}
}

func statusFormats() []string { return []string{"auto", "statuspage", "stripe", "feed"} }

// Identity returns the key that tells entries apart, and its value.
func (c *StatusPageConfig) Identity() (key, value string) { return "provider", c.Provider }

// Most is how many entries there may be.
func (c *StatusPageConfig) Most() int { return maxStatusPages }

// SetDefaults fills what is left out.
func (c *StatusPageConfig) SetDefaults() {
	collect.SetDefault(&c.URL, knownStatusPages()[c.Provider])
	collect.SetDefault(&c.Format, defaultStatusFormat)
	collect.SetDefault(&c.Interval, defaultStatusInterval)
	collect.SetDefault(&c.Timeout, defaultStatusTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the provider.
func (c *StatusPageConfig) Validate() error {
	var m invalid.Mistakes
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		m.Add("url", "is missing")
	case err != nil:
		m.Add("url", "is not a URL")
	case kindOf(u) != "http" || u.Hostname() == "":
		m.Add("url", "must be http://host… or https://host…")
	case u.User != nil:
		m.Add("url", "must not hold a user name or password")
	}
	if !slices.Contains(statusFormats(), c.Format) {
		m.Add("format", "%q is none of %s", c.Format, strings.Join(statusFormats(), ", "))
	}
	if c.Interval < minStatusInterval {
		m.Add("interval", "must be at least %s, is %s", minStatusInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	if _, err := proxyOf(c.Proxy); err != nil {
		m.Add("proxy", "%v", err)
	}
	if _, err := fetch.LoadRoots(c.CAFile); err != nil {
		m.Add("ca_file", "%v", err)
	}
	return m.Err()
}

// Collectors returns what is switched on.
func (c *StatusPageConfig) Collectors(e collect.Env) ([]collect.Collector, error) {
	one, err := newStatusPage(*c, e.Log)
	return []collect.Collector{one}, err
}

// Catalogue lists every metric that can be given.
func (*StatusPageConfig) Catalogue() []collect.Row {
	return statusCollector(StatusPageConfig{}, nil, nil).Metrics.List("")
}
