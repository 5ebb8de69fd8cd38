package host

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"
)

// nodeExporter returns the address of the metrics of the node_exporter that Debian packages, started for the test.
func nodeExporter(t *testing.T) string {
	t.Helper()
	return collecttest.StartNodeExporter(t, "--collector.netdev.device-exclude=^$",
		// Debian's own exclusions give way to ours, which are upstream's.
		"--collector.filesystem.mount-points-exclude="+ignoredMounts.String(),
		"--collector.filesystem.fs-types-exclude=^("+strings.Join(pseudoFileSystems(), "|")+")$",
		"--collector.diskstats.device-exclude="+ignoredDisks.String(),
		"--collector.interrupts", "--collector.processes", "--collector.tcpstat")
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
	address := nodeExporter(t)
	cfg := DefaultConfig()
	cfg.Also, cfg.TextfileDir = optionalNames(), t.TempDir()
	cfg.SetDefaults()
	var ours, theirs map[string]*dto.MetricFamily
	compared, differ := 0, []string(nil)
	// Others mount disks and start containers between the one look and the other, or keep a file system from answering in
	// time: they rest some time.
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		theirs = collecttest.ParseExposition(t, resp.Body)
		resp.Body.Close()
		text := collecttest.Exposition(t, collected(t, *cfg))
		ours = collecttest.ParseExposition(t, strings.NewReader(text))
		compared, differ = compareHost(ours, theirs)
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_success"); strings.Contains(failed, " 0") {
			differ = append(differ, "collectors failed:\n"+failed)
		}
		if len(differ) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, what := range differ {
		t.Error(what)
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

// compareHost returns in what our metrics differ from those of node_exporter, and how many were compared.
func compareHost(ours, theirs map[string]*dto.MetricFamily) (compared int, differ []string) {
	wrong := func(format string, args ...any) { differ = append(differ, fmt.Sprintf(format, args...)) }
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
			wrong("node_exporter has no %s", name)
			continue
		}
		if ours[name].GetType() != their.GetType() {
			wrong("%s is a %v, node_exporter's a %v", name, ours[name].GetType(), their.GetType())
		}
		if strings.HasPrefix(name, "node_scrape_collector_") || slices.Contains(moving, name) {
			continue
		}
		want, got := collecttest.Series(their), collecttest.Series(ours[name])
		for labels := range got {
			if _, ok := want[labels]; !ok {
				wrong("node_exporter has no %s{%s}", name, labels)
			}
		}
		for labels, value := range want {
			if v, ok := got[labels]; !ok {
				wrong("node_exporter has %s{%s}, we do not", name, labels)
			} else if v != value && slices.Contains(constants, name) {
				wrong("%s{%s} = %v, node_exporter says %v", name, labels, v, value)
			}
		}
	}
	for name := range theirs {
		if strings.HasPrefix(name, "node_memory_") && ours[name] == nil {
			wrong("we have no %s", name)
		}
	}
	return compared, differ
}
