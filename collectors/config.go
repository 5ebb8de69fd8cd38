package collectors

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// Config says what is watched beside the logs (collectors: in the configuration).
type Config struct {
	// How often everything is collected.
	Interval model.Duration `yaml:"interval"`
	// The host itself: CPU, memory, disks, network, load. {} is the default; null switches it off.
	Host *HostConfig `yaml:"host"`
	// The programs of the host and their systemd units. {} is the default; null switches it off.
	Processes *ProcessesConfig `yaml:"processes"`
	// Addresses that are asked again and again, such as those of payment providers.
	Probes []ProbeConfig `yaml:"probes"`
	// Pages on which providers say how they are.
	StatusPages []StatusPageConfig `yaml:"status_pages"`
	// Certificates, as servers show them and in files.
	TLS TLSConfig `yaml:"tls"`
	// Backups, which are only listed.
	Backups []BackupConfig `yaml:"backups"`
	// PostgreSQL servers. Each is asked over one connection, which only reads and never waits for locks.
	Postgres []DatabaseConfig `yaml:"postgres"`
	// MySQL and MariaDB servers. Each is asked over one connection, which only reads and stays out of the slow log.
	MySQL []DatabaseConfig `yaml:"mysql"`
	// nginx servers, by their stub_status pages.
	Nginx []NginxConfig `yaml:"nginx"`
	// HAProxy servers, by their statistics.
	HAProxy []HAProxyConfig `yaml:"haproxy"`
}

// HostConfig is collectors.host in the configuration.
type HostConfig struct {
	// File-system types that are not reported.
	IgnoreFSTypes []string `yaml:"ignore_fs_types"`
	// Where the host's /proc, /sys and / are seen. In a container that watches its host: where they are mounted.
	Proc string `yaml:"proc"`
	Sys  string `yaml:"sys"`
	Root string `yaml:"root"`
	// Folder of *.prom files that scripts leave there; "" reads none.
	TextfileDir string `yaml:"textfile_dir"`
	// Parts that cost more than the others and are off without being named: interrupts, processes, connections.
	Also []string `yaml:"also"`
}

// The defaults of entries that the configuration leaves out.
const (
	defaultInterval = model.Duration(5 * time.Second)
	// Debian's node_exporter reads there, so that what fills it goes on to work.
	defaultTextfileDir = "/var/lib/prometheus/node-exporter"
)

// DefaultConfig watches the host and probes nothing.
func DefaultConfig() Config {
	c := Config{Interval: defaultInterval, Host: &HostConfig{TextfileDir: defaultTextfileDir}, Processes: &ProcessesConfig{DBus: defaultDBus}, TLS: defaultTLSConfig()}
	c.SetDefaults()
	return c
}

// SetDefaults fills what the sections that are there leave out.
func (c *Config) SetDefaults() {
	if h := c.Host; h != nil {
		if h.IgnoreFSTypes == nil {
			h.IgnoreFSTypes = pseudoFileSystems()
		}
		setDefault(&h.Proc, "/proc")
		setDefault(&h.Sys, "/sys")
		setDefault(&h.Root, "/")
	}
	if c.Processes != nil {
		c.Processes.setDefaults()
	}
	for i := range c.Probes {
		c.Probes[i].setDefaults()
	}
	for i := range c.StatusPages {
		c.StatusPages[i].setDefaults()
	}
	c.TLS.setDefaults()
	for i := range c.Backups {
		c.Backups[i].setDefaults()
	}
	for i := range c.Postgres {
		c.Postgres[i].setDefaults()
	}
	for i := range c.MySQL {
		c.MySQL[i].setDefaults()
	}
	for i := range c.Nginx {
		c.Nginx[i].setDefaults()
	}
	for i := range c.HAProxy {
		c.HAProxy[i].setDefaults()
	}
}

// folders says where the host's /proc and /sys are seen, also when the host itself is not watched.
func (c *Config) folders() HostConfig {
	if c.Host != nil {
		return *c.Host
	}
	return HostConfig{Proc: "/proc", Sys: "/sys", Root: "/"}
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < model.Duration(time.Second) {
		m.Add("interval", "must be at least 1s, is %s", c.Interval)
	}
	if c.Host != nil {
		m.AddIn("host", c.Host.Validate())
	}
	if c.Processes != nil {
		m.AddIn("processes", c.Processes.Validate())
	}
	validateProbes(&m, c.Probes)
	validateStatusPages(&m, c.StatusPages)
	m.AddIn("tls", c.TLS.Validate())
	validateBackups(&m, c.Backups)
	validateDatabases(&m, "postgres", c.Postgres, postgresMistake)
	validateDatabases(&m, "mysql", c.MySQL, mysqlMistake)
	validateNginx(&m, c.Nginx)
	validateHAProxy(&m, c.HAProxy)
	return m.Err()
}

// Validate returns every mistake in h as invalid.Mistakes.
func (h *HostConfig) Validate() error {
	var m invalid.Mistakes
	for i, name := range h.Also {
		if !slices.Contains(optionalNames(), name) {
			m.Add(fmt.Sprintf("also[%d]", i), "%q is none of %s", name, strings.Join(optionalNames(), ", "))
		}
		if slices.Contains(h.Also[:i], name) {
			m.Add(fmt.Sprintf("also[%d]", i), "%q is there twice", name)
		}
	}
	return m.Err()
}

// optionalNames are the parts of the host that collectors.host.also may name.
func optionalNames() []string { return []string{"connections", "interrupts", "processes"} }
