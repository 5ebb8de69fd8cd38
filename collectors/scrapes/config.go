package scrapes

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config is an entry of collectors.scrapes in the configuration.
type Config struct {
	// Name, interval and timeout. The name is the label "application" of all that it gives.
	collect.ServerConfig `yaml:",inline"`
	// Where the application tells its metrics as Prometheus reads them, such as http://127.0.0.1:8081/actuator/prometheus.
	URL string `yaml:"url"`
	// Where it tells its health as Spring Boot does, such as http://127.0.0.1:8081/actuator/health. Empty: not asked.
	HealthURL string `yaml:"health_url"`
	// What is kept: spring (JVM, HTTP, pools, Tomcat), node (Node.js and HTTP), all.
	Preset string `yaml:"preset"`
	// Names of metrics that are kept beside those of the preset, with * for any text.
	Keep []string `yaml:"keep"`
	// Names of metrics that are not kept, with * for any text.
	Drop []string `yaml:"drop"`
	// Headers of the requests.
	Headers map[string]secret.Secret `yaml:"headers"`
	// User name and password for basic authentication, or a token.
	Username    string        `yaml:"username"`
	Password    secret.Secret `yaml:"password"`
	BearerToken secret.Secret `yaml:"bearer_token"`
	// File with a token, which is read each time, so that it may be renewed.
	BearerTokenFile string `yaml:"bearer_token_file"`
	// File with certificate authorities (PEM) trusted instead of the system's.
	CAFile string `yaml:"ca_file"`
}

const (
	defaultScrapePreset = "all"
	// maxScrapeGlobs is the most patterns of names that an entry may have.
	maxScrapeGlobs = 100
)

// family is metrics whose names begin alike, and what they are about.
type family struct{ glob, help string }

// scrapePresets are the families of each kind of application that dashboards ask for.
func scrapePresets() map[string][]family {
	process := family{"process_*", "The application's process; a name that the agent has of its own too is there with and without application"}
	return map[string][]family{
		"all": {{"*", "What the application says"}},
		"spring": {
			{"jvm_*", "Memory, garbage collection, threads, classes and buffers of the JVM"},
			process,
			{"system_cpu_*", "CPUs as the JVM sees them"},
			{"system_load_average_1m", "Load as the JVM sees it"},
			{"http_server_requests_*", "Requests that the application answers"},
			{"http_client_requests_*", "Requests that the application makes"},
			{"hikaricp_*", "HikariCP's pools of connections"},
			{"jdbc_connections_*", "Pools of connections"},
			{"tomcat_*", "Tomcat's threads and sessions"},
			{"executor_*", "Thread pools"},
			{"resilience4j_*", "Circuit breakers, retries and rate limits"},
			{"logback_events_total", "Log events by level"},
		},
		"node": {
			{"nodejs_*", "Event loop, heap, garbage collection and handles of Node.js"},
			process,
			{"http_request_duration_*", "Requests that the application answers"},
			{"http_requests_total", "Requests that the application answers"},
		},
	}
}

// SetDefaults fills what is left out.
func (c *Config) SetDefaults() {
	c.ServerConfig.SetDefaults()
	collect.SetDefault(&c.Preset, defaultScrapePreset)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	fetch.ValidateURL(&m, "url", c.URL)
	if c.HealthURL != "" {
		fetch.ValidateURL(&m, "health_url", c.HealthURL)
	}
	m.AddIn("", c.ServerConfig.Validate())
	if _, ok := scrapePresets()[c.Preset]; !ok {
		m.Add("preset", "%q is none of all, spring, node", c.Preset)
	}
	for key, globs := range map[string][]string{"keep": c.Keep, "drop": c.Drop} {
		if len(globs) > maxScrapeGlobs {
			m.Add(key, "has %d entries, at most %d are possible", len(globs), maxScrapeGlobs)
		}
		for i, glob := range globs {
			if _, err := path.Match(glob, ""); err != nil || glob == "" {
				m.Add(fmt.Sprintf("%s[%d]", key, i), "%q is no name with * for any text", glob)
			}
		}
	}
	for name, value := range c.Headers {
		if strings.ContainsAny(name+value.Reveal(), "\r\n") || name == "" {
			m.Add("headers", "%.50q is no header of one line", name)
		}
	}
	if c.BearerToken != "" && c.Username != "" {
		m.Add("bearer_token", "and username cannot both be there")
	}
	if c.BearerTokenFile != "" {
		if c.BearerToken != "" || c.Username != "" {
			m.Add("bearer_token_file", "cannot be there beside bearer_token or username")
		}
		if _, err := readToken(c.BearerTokenFile); err != nil {
			m.Add("bearer_token_file", "%v", err)
		}
	}
	if c.Password != "" && c.Username == "" {
		m.Add("password", "means nothing without username")
	}
	if _, err := fetch.LoadRoots(c.CAFile); err != nil {
		m.Add("ca_file", "%v", err)
	}
	return m.Err()
}

// wanted returns what tells whether metrics of a name are kept.
func (c *Config) wanted() func(name string) bool {
	keep := slices.Clone(c.Keep)
	for _, f := range scrapePresets()[c.Preset] {
		keep = append(keep, f.glob)
	}
	return func(name string) bool {
		fits := func(glob string) bool {
			ok, _ := path.Match(glob, name) // Validate found the wrong ones
			return ok
		}
		return !slices.ContainsFunc(c.Drop, fits) && slices.ContainsFunc(keep, fits)
	}
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("url is not a URL")
	}
	roots, err := fetch.LoadRoots(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	return []collect.Collector{newScrape(*c, u.Host, roots, e.Names)}, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	all := newScrape(Config{}, "", nil, nil).Metrics.List("")
	seen := map[string]bool{}
	for _, preset := range []string{"spring", "node"} {
		for _, f := range scrapePresets()[preset] {
			if seen[f.glob] {
				continue
			}
			seen[f.glob] = true
			all = append(all, collect.Row{Name: f.glob, Type: "untyped", Labels: []string{"application", "instance"}, Help: f.help, When: "as the application says, `preset: " + preset + "`"})
		}
	}
	return all
}
