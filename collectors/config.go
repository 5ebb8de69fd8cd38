package collectors

import (
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/backups"
	"gatewatch/collectors/certificates"
	"gatewatch/collectors/collect"
	"gatewatch/collectors/host"
	"gatewatch/collectors/mongodb"
	"gatewatch/collectors/posture"
	"gatewatch/collectors/probes"
	"gatewatch/collectors/processes"
	"gatewatch/collectors/proxies"
	"gatewatch/collectors/redis"
	"gatewatch/collectors/scrapes"
	"gatewatch/collectors/smart"
	"gatewatch/collectors/sqldb"
	"gatewatch/internal/invalid"
)

// Config says what is watched beside the logs (collectors: in the configuration). Each field but the first is a
// collect.Section: one that is added here is defaulted, checked and collected without another line.
type Config struct {
	// How often everything is collected that has no interval of its own.
	Interval model.Duration `yaml:"interval"`
	// The host itself: CPU, memory, disks, network, load. {} is the default; null switches it off.
	Host *host.Config `yaml:"host"`
	// The programs of the host and their systemd units. {} is the default; null switches it off.
	Processes *processes.Config `yaml:"processes"`
	// What an auditor and an attacker ask first: updates, open ports, exposed addresses, changes of files that decide who
	// may log in, findings of scanners. {} is the default; null switches it off.
	Posture *posture.Config `yaml:"posture"`
	// Addresses that are asked again and again, such as those of payment providers.
	Probes collect.Entries[probes.Config, *probes.Config] `yaml:"probes"`
	// Pages on which providers say how they are.
	StatusPages collect.Entries[probes.StatusPageConfig, *probes.StatusPageConfig] `yaml:"status_pages"`
	// Certificates, as servers show them and in files.
	TLS certificates.Config `yaml:"tls"`
	// Backups, which are only listed.
	Backups collect.Entries[backups.Config, *backups.Config] `yaml:"backups"`
	// PostgreSQL servers. Each is asked over one connection, which only reads and never waits for locks.
	Postgres collect.Entries[sqldb.PostgresConfig, *sqldb.PostgresConfig] `yaml:"postgres"`
	// MySQL and MariaDB servers. Each is asked over one connection, which only reads and stays out of the slow log.
	MySQL collect.Entries[sqldb.MySQLConfig, *sqldb.MySQLConfig] `yaml:"mysql"`
	// Redis and Valkey servers, and their Sentinels. Each is asked over one connection, which reads no key.
	Redis collect.Entries[redis.Config, *redis.Config] `yaml:"redis"`
	// MongoDB servers, each by itself. Each is asked over one connection, which opens no collection.
	MongoDB collect.Entries[mongodb.Config, *mongodb.Config] `yaml:"mongodb"`
	// nginx servers, by their stub_status pages.
	Nginx collect.Entries[proxies.NginxConfig, *proxies.NginxConfig] `yaml:"nginx"`
	// HAProxy servers, by their statistics.
	HAProxy collect.Entries[proxies.HAProxyConfig, *proxies.HAProxyConfig] `yaml:"haproxy"`
	// Disks, by what they say of their own health (SMART).
	SMART collect.Entries[smart.Config, *smart.Config] `yaml:"smart"`
	// Units of systemd that the agent has started again when they failed. None, unless named.
	Restarts collect.Entries[processes.RestartConfig, *processes.RestartConfig] `yaml:"restarts"`
	// Applications that tell their own metrics: Spring Boot, Node.js and others.
	Scrapes collect.Entries[scrapes.Config, *scrapes.Config] `yaml:"scrapes"`
}

const defaultInterval = model.Duration(5 * time.Second)

// DefaultConfig watches the host and its programs, and nothing that has to be named.
func DefaultConfig() Config {
	c := Config{Interval: defaultInterval, Host: host.DefaultConfig(), Processes: processes.DefaultConfig(), TLS: certificates.DefaultConfig(), Posture: posture.DefaultConfig()}
	c.SetDefaults()
	return c
}

// SetDefaults fills what the sections that are there leave out.
func (c *Config) SetDefaults() {
	for _, s := range c.sections() {
		s.SetDefaults()
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < collect.MinInterval {
		m.Add("interval", "must be at least 1s, is %s", c.Interval)
	}
	for key, s := range c.sections() {
		m.AddIn(key, s.Validate())
	}
	return m.Err()
}
