package collectors

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// inheritedNames are what promtool's naming advice does not like in names that dashboards have known for years.
var inheritedNames = regexp.MustCompile(`^(node_entropy_|node_md_|node_vmstat_|node_netstat_|node_sockstat_|node_memory_|node_load|` +
	`node_hwmon_chip_names|node_timex_|node_nf_conntrack_|node_filefd_|node_network_|node_filesystem_|node_disk_|` +
	`namedprocess_|nginx_|haproxy_|container_)`)

// TestPromtoolAccepts lets promtool read everything that this host gives.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install prometheus", "promtool")
	reg := prometheus.NewRegistry()
	cfg := DefaultConfig()
	cfg.Host.Also = []string{"connections", "interrupts", "processes"}
	s, err := New(cfg, "", nil, collecttest.Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	cmd := exec.Command(path, "check", "metrics")
	cmd.Stdin = strings.NewReader(collecttest.Exposition(t, reg))
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !inheritedNames.MatchString(line) {
			t.Errorf("promtool check metrics: %s", strings.TrimSpace(line))
		}
	}
	// Exit code 3 is advice, which was looked at above.
	if err != nil && cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
