// Package host watches the machine itself, under node_exporter's names: CPU, memory, disks, network.
package host

import (
	"fmt"
	"slices"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// Config is collectors.host in the configuration.
type Config struct {
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

	// given are names that files may hold and another section gives.
	given []string
	// names are those of all collectors, which files may not give.
	names collect.GivenNames
}

// defaultTextfileDir is where Debian's node_exporter reads, so that what fills it goes on to work.
const defaultTextfileDir = "/var/lib/prometheus/node-exporter"

// DefaultConfig watches all that costs little.
func DefaultConfig() *Config { return &Config{TextfileDir: defaultTextfileDir} }

// SetDefaults fills what is left out.
func (h *Config) SetDefaults() {
	if h.IgnoreFSTypes == nil {
		h.IgnoreFSTypes = pseudoFileSystems()
	}
	collect.SetDefault(&h.Proc, "/proc")
	collect.SetDefault(&h.Sys, "/sys")
	collect.SetDefault(&h.Root, "/")
}

// Validate returns every mistake in h as invalid.Mistakes.
func (h *Config) Validate() error {
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

// Paths says where the host is seen.
func (h *Config) Paths() collect.Paths { return collect.Paths{Proc: h.Proc, Sys: h.Sys, Root: h.Root} }

// Collectors returns what is switched on.
func (h *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	seen := *h
	seen.given, seen.names = e.Given, e.Names
	all := hostTable(seen)
	for i := range all {
		all[i].Interval, all[i].Timeout, all[i].OfHost = e.Interval, hostTimeout, true
		if all[i].MadeOf == nil {
			all[i].MadeOf = []any{h.Paths(), h.IgnoreFSTypes}
		}
	}
	return all, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	var all, scrapes collect.Metrics = nil, collect.Metrics{collect.NodeDurationSpec, collect.NodeSuccessSpec}
	for _, c := range hostTable(Config{}) {
		all = append(all, c.Metrics...)
	}
	listed := append(all.List(""), collect.Metrics{textfileOther}.List("textfile_dir")...)
	for _, name := range optionalNames() {
		if make := optionalCollectors[name]; make != nil {
			listed = append(listed, make(Config{}).Metrics.List("also: "+name)...)
		}
	}
	return append(listed, scrapes.List("")...)
}

// optionalNames are the parts of the host that collectors.host.also may name.
func optionalNames() []string { return []string{"connections", "interrupts", "processes"} }
