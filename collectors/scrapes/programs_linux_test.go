package scrapes

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// TestScrapeNode asks a real Node.js for its event loop and memory.
func TestScrapeNode(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	cmd := exec.Command(servicetest.Program(t, "apt-get install nodejs", "node", "nodejs"), "testdata/metrics.js")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s := scrapes(t, Config{URL: strings.TrimSpace(address), Preset: "node"})
	got := s.text()
	for _, want := range []string{
		"nodejs_eventloop_lag_p99_seconds{application=", "nodejs_heap_size_used_bytes{application=", `,major="`,
		"process_resident_memory_bytes{application=", "\nprocess_resident_memory_bytes ", "process_cpu_user_seconds_total{", "scrape_samples{",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if got := s.text(); strings.Contains(got, "nodejs_") || strings.Contains(got, "scrape_samples{") {
		t.Errorf("after its end there is still\n%s", got)
	}
}

// TestScrapeForeign asks Debian's node_exporter, whose page is large and has the names of the agent's own process.
func TestScrapeForeign(t *testing.T) {
	t.Parallel()
	address := collecttest.StartNodeExporter(t)
	got := scrapes(t, Config{URL: address, Drop: []string{"node_cpu_*"}}).text()
	for _, want := range []string{"node_memory_MemTotal_bytes{application=", "node_uname_info{", "process_resident_memory_bytes{application="} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s of node_exporter", want)
		}
	}
	for _, unwanted := range []string{"node_cpu_", "go_goroutines", "promhttp_"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%s of node_exporter is taken", unwanted)
		}
	}
}
