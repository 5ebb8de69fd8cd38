package processes

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/internal/invalid"
)

// RestartConfig is an entry of collectors.restarts in the configuration: the one thing that the agent does to its host
// beside watching it.
type RestartConfig struct {
	// Unit of systemd, by its whole name, that is started again when it has failed.
	Unit string `yaml:"unit"`
	// How long it has to have been failed before.
	FailedFor model.Duration `yaml:"failed_for"`
	// How often at most within an hour; 1 to 20. The rest is for people.
	AtMost int `yaml:"at_most"`
	// Address of the D-Bus of systemd.
	DBus string `yaml:"dbus"`
}

const (
	defaultFailedFor   = model.Duration(30 * time.Second)
	defaultRestarts    = 3
	maxRestarts        = 20
	restartsWithin     = time.Hour
	restartInterval    = 5 * time.Second
	restartTimeout     = 3 * time.Second
	restartReserved    = time.Second // what a collection keeps of its time when it waits for a start; then that is left to itself
	maxJobSignals      = 100
	maxRestartedUnits  = 20
	restartNoteDataset = "gatewatch.restart"
)

// Identity returns the key that tells entries apart, and its value.
func (c *RestartConfig) Identity() (key, value string) { return "unit", c.Unit }

// Most is how many entries there may be.
func (c *RestartConfig) Most() int { return maxRestartedUnits }

// SetDefaults fills what is left out.
func (c *RestartConfig) SetDefaults() {
	collect.SetDefault(&c.FailedFor, defaultFailedFor)
	collect.SetDefault(&c.AtMost, defaultRestarts)
	collect.SetDefault(&c.DBus, defaultDBus)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the unit's identity.
func (c *RestartConfig) Validate() error {
	var m invalid.Mistakes
	if c.Unit != "" && (!strings.Contains(c.Unit, ".") || strings.ContainsAny(c.Unit, "*?[/ ")) {
		m.Add("unit", "must be the whole name of one unit, such as gateway.service")
	}
	if c.FailedFor < 0 {
		m.Add("failed_for", "must not be negative, is %s", c.FailedFor)
	}
	if c.AtMost < 1 || c.AtMost > maxRestarts {
		m.Add("at_most", "must be between 1 and %d, is %d", maxRestarts, c.AtMost)
	}
	return m.Err()
}

// Catalogue lists every metric that can be given.
func (*RestartConfig) Catalogue() []collect.Row {
	var all collect.Metrics
	newRestartMetrics(&all)
	return all.List("")
}

// restartMetrics tell what the agent did.
type restartMetrics struct{ restarts, refused, exhausted collect.Metric }

func newRestartMetrics(all *collect.Metrics) restartMetrics {
	return restartMetrics{
		restarts:  all.Counter("gatewatch_unit_restarts_total", "How often the agent had systemd start the failed unit again.", "name"),
		refused:   all.Counter("gatewatch_unit_restarts_refused_total", "How often systemd refused that.", "name"),
		exhausted: all.Gauge("gatewatch_unit_restarts_exhausted", "Whether the unit is failed and was started again as often as is allowed within an hour.", "name"),
	}
}

// restartBudget allows so many restarts within an hour. A refused one counts, too.
type restartBudget struct {
	most int
	done []time.Time
}

// left returns how many restarts are allowed at now.
func (b *restartBudget) left(now time.Time) int {
	for len(b.done) > 0 && now.Sub(b.done[0]) >= restartsWithin {
		b.done = b.done[1:]
	}
	return b.most - len(b.done)
}
