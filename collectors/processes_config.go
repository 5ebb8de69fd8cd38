package collectors

import (
	"fmt"
	"path"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// ProcessesConfig is collectors.processes in the configuration.
type ProcessesConfig struct {
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

func (c *ProcessesConfig) setDefaults() {
	setDefault(&c.Interval, defaultProcessInterval)
	if c.Groups == nil {
		c.Groups = []ProcessGroupConfig{{Name: "java", Executable: "java"}, {Name: "node", Executable: "node"}, {Name: "nginx", Executable: "nginx"}}
	}
	if c.Units == nil {
		c.Units = []string{}
	}
}

// Validate returns every mistake in c as invalid.Mistakes.
func (c *ProcessesConfig) Validate() error {
	var m invalid.Mistakes
	if c.Interval < minInterval {
		m.Add("interval", "must be at least %s, is %s", minInterval, c.Interval)
	}
	checkEntries(&m, "groups", c.Groups, maxProcessGroups, func(g *ProcessGroupConfig) (string, string, error) { return "name", g.Name, g.validate() })
	for i, u := range c.Units {
		if _, err := path.Match(u, ""); err != nil || u == "" {
			m.Add(fmt.Sprintf("units[%d]", i), "%q is no name of a unit, with * and ?", u)
		}
	}
	return m.Err()
}

func (c *ProcessesConfig) collectors(e env) ([]collector, error) { return processTable(*c, e.host) }

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

func (*ProcessesConfig) catalogue() []Metric {
	var all metrics
	found, _ := processTable(ProcessesConfig{}, HostConfig{}) // without groups nothing can be wrong
	for _, c := range found {
		all = append(all, c.metrics...)
	}
	return all.list("")
}
