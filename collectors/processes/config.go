// Package processes watches the programs of the host, their control groups and their units of systemd, and has failed units
// started again.
package processes

import (
	"fmt"
	"path"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// Config is collectors.processes in the configuration.
type Config struct {
	// How often.
	Interval model.Duration `yaml:"interval"`
	// Processes that are counted together. A process belongs to the first group that it fits.
	Groups []ProcessGroupConfig `yaml:"groups"`
	// systemd units whose every state, restarts and watchdog are told, with * and ?. Of others only failures are.
	Units []string `yaml:"units"`
	// Address of the D-Bus of systemd. "" asks nobody; so does an address that is not there.
	DBus string `yaml:"dbus"`
}

// ProcessGroupConfig is an entry of collectors.processes.groups. Both patterns must fit when both are there.
type ProcessGroupConfig struct {
	// Name in the label "groupname".
	Name string `yaml:"name"`
	// Name of the program without its folder, with * and ?.
	Executable string `yaml:"executable"`
	// Regular expression that the command line contains. Command lines are shown nowhere.
	Command string `yaml:"command"`
}

const (
	defaultProcessInterval = model.Duration(15 * time.Second)
	defaultDBus            = "unix:path=/run/dbus/system_bus_socket"
	maxProcessGroups       = 50
)

// DefaultConfig watches the units of systemd, and no group of programs.
func DefaultConfig() *Config { return &Config{DBus: defaultDBus} }

// SetDefaults fills what is left out.
func (c *Config) SetDefaults() {
	collect.SetDefault(&c.Interval, defaultProcessInterval)
	if c.Groups == nil {
		c.Groups = []ProcessGroupConfig{{Name: "java", Executable: "java"}, {Name: "node", Executable: "node"}, {Name: "nginx", Executable: "nginx"}}
	}
	if c.Units == nil {
		c.Units = []string{}
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Interval < collect.MinInterval {
		m.Add("interval", "must be at least %s, is %s", collect.MinInterval, c.Interval)
	}
	collect.CheckEntries(&m, "groups", c.Groups, maxProcessGroups, func(g *ProcessGroupConfig) (string, string, error) { return "name", g.Name, g.validate() })
	for i, u := range c.Units {
		if _, err := path.Match(u, ""); err != nil || u == "" {
			m.Add(fmt.Sprintf("units[%d]", i), "%q is no name of a unit, with * and ?", u)
		}
	}
	return m.Err()
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	return processTable(*c, e.Host)
}

func (g *ProcessGroupConfig) validate() error {
	var m invalid.Mistakes
	if g.Executable == "" && g.Command == "" {
		m.Add("executable", "is missing, and command, too: one of them says which processes are meant")
	}
	if _, err := path.Match(g.Executable, ""); err != nil {
		m.Add("executable", "%q is no name with * and ?", g.Executable)
	}
	if _, err := regexp.Compile(g.Command); err != nil {
		m.Add("command", "%v", err)
	}
	return m.Err()
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	var all collect.Metrics
	found, _ := processTable(Config{}, collect.Paths{}) // without groups nothing can be wrong
	for _, c := range found {
		all = append(all, c.Metrics...)
	}
	return all.List("")
}
