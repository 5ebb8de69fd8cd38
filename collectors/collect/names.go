package collect

import "strings"

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
	for own, is := range g {
		if prefix, many := strings.CutSuffix(own, "*"); is && many && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
