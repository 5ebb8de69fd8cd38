package host

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// wantDashboardNames is how many of the dashboard's names an ordinary virtual machine fills.
const wantDashboardNames = 192

// dashboardNames are the metrics that Grafana's dashboard 1860, "Node Exporter Full", asks for.
func dashboardNames(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/dashboard1860.names")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// collected returns what the host of cfg gives.
func collected(t *testing.T, cfg Config) *prometheus.Registry {
	t.Helper()
	all, err := cfg.Collectors(collect.Env{Interval: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Timeout = time.Minute // one that is not reached
	}
	reg := prometheus.NewRegistry()
	s, err := collect.NewSet(all, collecttest.Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	return reg
}

// hostNames returns the names that this host gives with every part switched on, and with the fixture's hardware.
func hostNames(t *testing.T) (here, fixed map[string]bool) {
	t.Helper()
	names := func(cfg Config) map[string]bool {
		found := map[string]bool{}
		reg := collected(t, cfg)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			found[f.GetName()] = true
		}
		return found
	}
	live := *DefaultConfig()
	live.SetDefaults()
	live.Also = optionalNames()
	recorded := fixture()
	recorded.Also = optionalNames()
	return names(live), names(recorded)
}

// TestDashboard1860 prints which of the dashboard's names are there, and holds the number that the recorded host gives.
func TestDashboard1860(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	var hereN, recordedN int
	// On a busy machine a file system that is well may answer too late.
	for end := time.Now().Add(time.Minute); recordedN < wantDashboardNames && time.Now().Before(end); {
		here, recorded := hostNames(t)
		table.Reset()
		hereN, recordedN = 0, 0
		for _, name := range dashboardNames(t) {
			fmt.Fprintf(&table, "%-55s %-4s %s\n", name, yesNo(here[name]), yesNo(recorded[name]))
			if here[name] {
				hereN++
			}
			if recorded[name] {
				recordedN++
			}
		}
	}
	t.Logf("name, on this host (%d), on the recorded host (%d):\n%s", hereN, recordedN, table.String())
	if recordedN < wantDashboardNames {
		t.Errorf("the recorded host gives %d of the dashboard's names, want at least %d", recordedN, wantDashboardNames)
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
