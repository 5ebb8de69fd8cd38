package collectors

import (
	"fmt"
	"slices"
	"strings"

	"gatewatch/internal/invalid"
)

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

	// given are names that files may hold and another section gives.
	given []string
}

// defaultTextfileDir is where Debian's node_exporter reads, so that what fills it goes on to work.
const defaultTextfileDir = "/var/lib/prometheus/node-exporter"

func defaultHost() *HostConfig { return &HostConfig{TextfileDir: defaultTextfileDir} }

func (h *HostConfig) setDefaults() {
	if h.IgnoreFSTypes == nil {
		h.IgnoreFSTypes = pseudoFileSystems()
	}
	setDefault(&h.Proc, "/proc")
	setDefault(&h.Sys, "/sys")
	setDefault(&h.Root, "/")
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

func (h *HostConfig) collectors(e env) ([]collector, error) {
	seen := *h
	seen.given = e.given
	all := hostTable(seen)
	for i := range all {
		all[i].interval, all[i].timeout, all[i].ofHost = e.interval, hostTimeout, true
	}
	return all, nil
}

func (*HostConfig) catalogue() []Metric {
	var all, scrapes metrics = nil, metrics{nodeDurationSpec, nodeSuccessSpec}
	for _, c := range hostTable(HostConfig{}) {
		all = append(all, c.metrics...)
	}
	listed := append(all.list(""), metrics{textfileOther}.list("textfile_dir")...)
	for _, name := range optionalNames() {
		if make := optionalCollectors[name]; make != nil {
			listed = append(listed, make(HostConfig{}).metrics.list("also: "+name)...)
		}
	}
	return append(listed, scrapes.list("")...)
}

// optionalNames are the parts of the host that collectors.host.also may name.
func optionalNames() []string { return []string{"connections", "interrupts", "processes"} }
