package host

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"
)

// nodeExporter returns the metrics of the node_exporter that Debian packages, started for the test.
func nodeExporter(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(collecttest.StartNodeExporter(t, "--collector.netdev.device-exclude=^$",
		// Debian's own exclusions give way to ours, which are upstream's.
		"--collector.filesystem.mount-points-exclude="+ignoredMounts.String(),
		"--collector.filesystem.fs-types-exclude=^("+strings.Join(pseudoFileSystems(), "|")+")$",
		"--collector.diskstats.device-exclude="+ignoredDisks.String(),
		"--collector.interrupts", "--collector.processes", "--collector.tcpstat"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return collecttest.ParseExposition(t, resp.Body)
}

// constants are metrics whose values do not move while the test looks at them twice.
var constants = []string{
	"node_boot_time_seconds", "node_memory_MemTotal_bytes", "node_memory_Hugepagesize_bytes", "node_filesystem_size_bytes",
	"node_network_mtu_bytes", "node_network_speed_bytes", "node_network_up", "node_filefd_maximum", "node_uname_info",
}

// newerNames begin the names that Debian 12's node_exporter, 1.5, does not know yet, or not in this form.
var newerNames = []string{
	"node_netstat_TcpExt_TCPOFOQueue", "node_netstat_TcpExt_TCPRcvQDrop", "node_softnet_", "node_kernel_hung_tasks_total",
	"node_pressure_irq_", "node_nvme_info", "node_netstat_Tcp_MaxConn", "node_textfile_mtime_seconds",
}

// unknownSpeed is left out by us when no device knows its speed; node_exporter gives a negative one then.
var unknownSpeed = []string{"node_network_speed_bytes"}

// alsoOurs are metrics that node_exporter has from a script beside it, or not at all.
var alsoOurs = []string{"node_ext4_errors_total", "node_reboot_required"}

// moving are metrics whose series come and go while the test looks at them twice.
var moving = []string{"node_processes_state", "node_tcp_connection_states", "node_arp_entries"}

// TestSameAsNodeExporter compares names, types and series of this host with what node_exporter says about it.
func TestSameAsNodeExporter(t *testing.T) {
	t.Parallel()
	theirs := nodeExporter(t)
	cfg := DefaultConfig()
	cfg.Also, cfg.TextfileDir = optionalNames(), t.TempDir()
	cfg.SetDefaults()
	text := collecttest.Exposition(t, collected(t, *cfg))
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_success"); strings.Contains(failed, " 0") {
		t.Errorf("collectors failed:\n%s", failed)
	}
	ours := collecttest.ParseExposition(t, strings.NewReader(text))
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if !strings.HasPrefix(name, "node_") {
			continue
		}
		compared++
		their := theirs[name]
		switch {
		case their == nil && slices.ContainsFunc(newerNames, func(n string) bool { return strings.HasPrefix(name, n) }):
			continue
		case their == nil && slices.Contains(alsoOurs, name):
			continue
		case their == nil:
			t.Errorf("node_exporter has no %s", name)
			continue
		}
		if ours[name].GetType() != their.GetType() {
			t.Errorf("%s is a %v, node_exporter's a %v", name, ours[name].GetType(), their.GetType())
		}
		if strings.HasPrefix(name, "node_scrape_collector_") || slices.Contains(moving, name) {
			continue
		}
		want, got := collecttest.Series(their), collecttest.Series(ours[name])
		for labels := range got {
			if _, ok := want[labels]; !ok {
				t.Errorf("node_exporter has no %s{%s}", name, labels)
			}
		}
		for labels, value := range want {
			if v, ok := got[labels]; !ok {
				t.Errorf("node_exporter has %s{%s}, we do not", name, labels)
			} else if v != value && slices.Contains(constants, name) {
				t.Errorf("%s{%s} = %v, node_exporter says %v", name, labels, v, value)
			}
		}
	}
	for name := range theirs {
		if strings.HasPrefix(name, "node_memory_") && ours[name] == nil {
			t.Errorf("we have no %s", name)
		}
	}
	t.Logf("%d metrics compared", compared)
	var table strings.Builder
	var oursN, theirsN int
	for _, name := range dashboardNames(t) {
		our, their := ours[name] != nil, theirs[name] != nil
		fmt.Fprintf(&table, "%-55s %-4s %s\n", name, yesNo(our), yesNo(their))
		oursN, theirsN = oursN+int(collect.Bool(our)), theirsN+int(collect.Bool(their))
		if their && !our && !slices.Contains(unknownSpeed, name) {
			t.Errorf("the dashboard uses %s, which node_exporter has here and we do not", name)
		}
	}
	t.Logf("names of dashboard 1860: ours (%d), node_exporter (%d):\n%s", oursN, theirsN, table.String())
}
