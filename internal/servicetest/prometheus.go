package servicetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Prometheus returns a running Prometheus that scrapes http://target/metrics every second as job "gatewatch" and
// evaluates ruleFiles as often. It ends with t.
func Prometheus(t testing.TB, target string, ruleFiles ...string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install prometheus", "prometheus")
	dir := t.TempDir()
	s, err := newServer("prometheus", dir, "/-/ready")
	if err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	conf.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n")
	fmt.Fprintf(&conf, "scrape_configs: [{job_name: gatewatch, static_configs: [{targets: [%q]}]}]\nrule_files:\n", target)
	for _, file := range ruleFiles {
		abs, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&conf, "  - %q\n", abs)
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.path = path
	s.args = []string{
		"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + s.Addr,
	}
	return s.own(t)
}
