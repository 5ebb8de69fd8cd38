package collect

import (
	"fmt"
	"strings"
)

// AnyName is what is listed of a collector that gives whatever files name.
const AnyName = "*"

// GivenNames are the names of metrics that other collectors give. It is complete when collecting begins.
type GivenNames map[string]bool

// note adds what the collectors of a section give; of those that do not say it themselves, as those of servers, what the
// section can give.
func (g GivenNames) note(all []Collector, of Section) {
	for _, c := range all {
		for _, s := range c.Metrics {
			g[s.Name] = s.Name != AnyName
		}
		if c.Metrics == nil {
			for _, row := range of.Catalogue() {
				g[row.Name] = row.Name != AnyName
			}
		}
	}
}

// Has tells whether a name is one of them, or of a family.
func (g GivenNames) Has(name string) bool {
	if g[name] {
		return true
	}
	prefix := make([]byte, 0, 64)
	for i := range len(name) {
		prefix = append(prefix, name[i])
		if g[string(append(prefix, '*'))] {
			return true
		}
	}
	return false
}

// Owned tells whether samples under a name of another program's choice would pretend to be the agent's, Prometheus' or a
// collector's, and says why.
func (g GivenNames) Owned(name string) (why string, is bool) {
	if prefix, is := Reserved(name); is {
		return fmt.Sprintf("names that begin with %s are the agent's own", prefix), true
	}
	switch {
	case name == "up" || name == "ALERTS" || name == "ALERTS_FOR_STATE":
		return "the name is one of Prometheus' own", true
	case strings.Contains(name, ":"):
		return "names with a colon are those of rules", true
	case g.Has(name):
		return "the name is that of a collector", true
	}
	return "", false
}

// reservedNames are the beginnings of names that only the agent itself gives: a file cannot pretend to be it.
var reservedNames = []string{"gatewatch_", "payment_", "log_", "gateway_", "go_", "process_", "promhttp_", "scrape_"}

// Reserved tells whether a name begins as those do that only the agent itself gives, and how they begin.
func Reserved(name string) (prefix string, is bool) {
	for _, prefix := range reservedNames {
		if strings.HasPrefix(name, prefix) {
			return prefix, true
		}
	}
	return "", false
}
