package collectors

import (
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config says what is watched beside the logs (collectors: in the configuration). Each field but the first is a section
// (see there): one that is added here is defaulted, checked and collected without another line.
type Config struct {
	// How often everything is collected that has no interval of its own.
	Interval model.Duration `yaml:"interval"`
	// The host itself: CPU, memory, disks, network, load. {} is the default; null switches it off.
	Host *HostConfig `yaml:"host"`
	// The programs of the host and their systemd units. {} is the default; null switches it off.
	Processes *ProcessesConfig `yaml:"processes"`
	// What an auditor and an attacker ask first: updates, open ports, exposed addresses, changes of files that decide who
	// may log in, findings of scanners. {} is the default; null switches it off.
	Posture *PostureConfig `yaml:"posture"`
	// Addresses that are asked again and again, such as those of payment providers.
	Probes Entries[ProbeConfig, *ProbeConfig] `yaml:"probes"`
	// Pages on which providers say how they are.
	StatusPages Entries[StatusPageConfig, *StatusPageConfig] `yaml:"status_pages"`
	// Certificates, as servers show them and in files.
	TLS TLSConfig `yaml:"tls"`
	// Backups, which are only listed.
	Backups Entries[BackupConfig, *BackupConfig] `yaml:"backups"`
	// PostgreSQL servers. Each is asked over one connection, which only reads and never waits for locks.
	Postgres Entries[PostgresConfig, *PostgresConfig] `yaml:"postgres"`
	// MySQL and MariaDB servers. Each is asked over one connection, which only reads and stays out of the slow log.
	MySQL Entries[MySQLConfig, *MySQLConfig] `yaml:"mysql"`
	// Redis and Valkey servers, and their Sentinels. Each is asked over one connection, which reads no key.
	Redis Entries[RedisConfig, *RedisConfig] `yaml:"redis"`
	// MongoDB servers, each by itself. Each is asked over one connection, which opens no collection.
	MongoDB Entries[MongoDBConfig, *MongoDBConfig] `yaml:"mongodb"`
	// nginx servers, by their stub_status pages.
	Nginx Entries[NginxConfig, *NginxConfig] `yaml:"nginx"`
	// HAProxy servers, by their statistics.
	HAProxy Entries[HAProxyConfig, *HAProxyConfig] `yaml:"haproxy"`
	// Disks, by what they say of their own health (SMART).
	SMART Entries[SMARTConfig, *SMARTConfig] `yaml:"smart"`
	// Units of systemd that the agent has started again when they failed. None, unless named.
	Restarts Entries[RestartConfig, *RestartConfig] `yaml:"restarts"`
	// Applications that tell their own metrics: Spring Boot, Node.js and others.
	Scrapes Entries[ScrapeConfig, *ScrapeConfig] `yaml:"scrapes"`
}

const defaultInterval = model.Duration(5 * time.Second)

// DefaultConfig watches the host and its programs, and nothing that has to be named.
func DefaultConfig() Config {
	c := Config{Interval: defaultInterval, Host: defaultHost(), Processes: &ProcessesConfig{DBus: defaultDBus}, TLS: defaultTLS(), Posture: defaultPosture()}
	c.SetDefaults()
	return c
}

// SetDefaults fills what the sections that are there leave out.
func (c *Config) SetDefaults() {
	for _, s := range c.sections() {
		s.setDefaults()
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < minInterval {
		m.Add("interval", "must be at least 1s, is %s", c.Interval)
	}
	for key, s := range c.sections() {
		m.AddIn(key, s.Validate())
	}
	return m.Err()
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
