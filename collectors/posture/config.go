// Package posture watches what an auditor and an attacker ask first: updates, open ports, exposed addresses, files that decide who
// may log in, findings of scanners.
package posture

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
	"gatewatch/internal/invalid"
)

// Config is collectors.posture in the configuration: what an auditor and an attacker ask first. All of it only
// reads, but for the addresses that endpoints names.
type Config struct {
	// How often files, accounts, ports and the need of a restart are looked at.
	Interval model.Duration `yaml:"interval"`
	// Files of which every change is told, with hashes and never with what is in them.
	Files []WatchedFilesConfig `yaml:"files"`
	// Log of auditd, in which the login behind a change is looked up when it is there and watches the file.
	AuditLog string `yaml:"audit_log"`
	// TCP ports that may be open on all addresses. Empty: those that were open in the first hour.
	AllowedPorts []int `yaml:"allowed_ports"`
	// Updates that wait, and software that is too old.
	Updates UpdatesConfig `yaml:"updates"`
	// Own addresses that are asked, seldom and gently, for what must not be public.
	Endpoints []EndpointConfig `yaml:"endpoints"`
	// Reports of security scanners.
	Reports []ReportConfig `yaml:"reports"`
}

// WatchedFilesConfig is an entry of collectors.posture.files.
type WatchedFilesConfig struct {
	// What they are, in the label "kind": account, authorized_keys, sudoers, pam, config, unit, certificate or program.
	// Changes of the first four decide who may log in, and alert at once.
	Kind string `yaml:"kind"`
	// Files, with * and ?. A file that comes or goes is a change, too.
	Paths []string `yaml:"paths"`
}

const (
	defaultPostureInterval = model.Duration(time.Minute)
	minPostureInterval     = model.Duration(10 * time.Second)
	defaultAuditLog        = "/var/log/audit/audit.log"
	maxWatchedEntries      = 50
	maxPort                = 1<<16 - 1
)

func watchedKinds() []string {
	return []string{"account", "authorized_keys", "sudoers", "pam", "config", "unit", "certificate", "program"}
}

// defaultWatched is what decides on every host who may log in and what is started.
func defaultWatched() []WatchedFilesConfig {
	return []WatchedFilesConfig{
		{"account", []string{"/etc/passwd", "/etc/shadow", "/etc/group"}},
		{"authorized_keys", []string{"/root/.ssh/authorized_keys*", "/home/*/.ssh/authorized_keys*"}},
		{"sudoers", []string{"/etc/sudoers", "/etc/sudoers.d/*"}},
		{"pam", []string{"/etc/pam.d/*", "/etc/security/*.conf"}},
		{"config", []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*", "/etc/ld.so.preload"}},
		{"unit", []string{"/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*", "/etc/systemd/system/*.timer", "/etc/crontab", "/etc/cron.d/*"}},
	}
}

// DefaultConfig watches the files and settings that every Linux host has.
func DefaultConfig() *Config {
	return &Config{AuditLog: defaultAuditLog, Updates: UpdatesConfig{Interval: defaultUpdatesInterval}}
}

// Given are the names that scripts often leave in textfiles, too.
func (c *Config) Given() []string {
	names := []string{"node_reboot_required"}
	if c.Updates.Interval > 0 {
		names = append(names, "apt_upgrades_pending", "apt_upgrades_held", "apt_package_cache_timestamp_seconds")
	}
	return names
}

// SetDefaults fills what is left out.
func (c *Config) SetDefaults() {
	collect.SetDefault(&c.Interval, defaultPostureInterval)
	if c.Files == nil {
		c.Files = defaultWatched()
	}
	if c.AllowedPorts == nil {
		c.AllowedPorts = []int{}
	}
	c.Updates.SetDefaults()
	for i := range c.Endpoints {
		c.Endpoints[i].SetDefaults()
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < minPostureInterval {
		m.Add("interval", "must be at least %s, is %s", minPostureInterval, c.Interval)
	}
	if len(c.Files) > maxWatchedEntries {
		m.Add("files", "has %d entries, at most %d are possible", len(c.Files), maxWatchedEntries)
	}
	for i, f := range c.Files {
		at := fmt.Sprintf("files[%d]", i)
		if !slices.Contains(watchedKinds(), f.Kind) {
			m.Add(at+".kind", "must be one of %q, is %q", watchedKinds(), f.Kind)
		}
		if len(f.Paths) == 0 {
			m.Add(at+".paths", "is missing")
		}
		globs.Check(&m, at+".paths", f.Paths)
	}
	if c.AuditLog != "" && !filepath.IsAbs(c.AuditLog) {
		m.Add("audit_log", "must be an absolute path, is %q", c.AuditLog)
	}
	for i, port := range c.AllowedPorts {
		if port < 1 || port > maxPort {
			m.Add(fmt.Sprintf("allowed_ports[%d]", i), "must be from 1 to %d, is %d", maxPort, port)
		}
	}
	m.AddIn("updates", c.Updates.validate())
	collect.CheckEntries(&m, "endpoints", c.Endpoints, maxPostureEndpoints, func(e *EndpointConfig) (string, string, error) { return "name", e.Name, e.validate() })
	collect.CheckEntries(&m, "reports", c.Reports, maxReports, func(r *ReportConfig) (string, string, error) { return "name", r.Name, r.validate() })
	return m.Err()
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	all := []collect.Collector{newPostureHost(e.Host), newPorts(*c, e), newWatchedFiles(*c, e)}
	for i := range all {
		all[i].Interval = time.Duration(c.Interval)
	}
	if c.Updates.Interval > 0 {
		all = append(all, newUpdates(c.Updates, e, updatesFirst+rand.N(updatesSpread)))
	}
	if len(c.Reports) > 0 {
		reports := newReports(c.Reports)
		reports.Interval = time.Duration(c.Interval)
		all = append(all, reports)
	}
	for _, endpoint := range c.Endpoints {
		one, err := newPostureEndpoint(endpoint, endpointPace)
		if err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", endpoint.Name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	var all collect.Metrics
	for _, c := range []collect.Collector{newPostureHost(collect.Paths{}), newPorts(Config{}, collect.Env{}), newWatchedFiles(Config{}, collect.Env{}), newUpdates(UpdatesConfig{}, collect.Env{}, 0), newReports(nil)} {
		all = append(all, c.Metrics...)
	}
	endpoint, _ := newPostureEndpoint(EndpointConfig{}, 0) // without a ca_file nothing can be wrong
	return append(all.List(""), endpoint.Metrics.List("endpoints")...)
}
