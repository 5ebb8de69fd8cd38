package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/internal/servicetest"
)

// exporter is one of Debian's, for one server.
type exporter struct {
	debian, job string
	args, env   []string
	path        string   // what is scraped; "": /metrics
	params      []string // of the path, as YAML
}

func exporters(s *servers) (all []exporter) {
	all = append(all,
		exporter{debian: "prometheus-node-exporter", job: "node", args: []string{"--collector.systemd", "--collector.systemd.enable-restarts-metrics"},
			env: []string{"DBUS_SYSTEM_BUS_ADDRESS=" + s.systemd}},
		exporter{debian: "prometheus-process-exporter", job: "process", args: []string{"--procnames=nginx,postgres"}})
	for _, dsn := range []string{inOrders(s.postgres.URL), inOrders(s.standby.URL), "postgres://gatewatch:p@" + s.pgbouncer.Addr + "/orders?sslmode=disable"} {
		all = append(all, exporter{debian: "prometheus-postgres-exporter", job: "postgres", env: []string{"DATA_SOURCE_NAME=" + dsn}})
	}
	for _, server := range []*servicetest.Server{s.mariadb, s.replica, s.galera} {
		all = append(all, exporter{debian: "prometheus-mysqld-exporter", job: "mysql", args: []string{"--collect.info_schema.innodb_metrics"},
			env: []string{"DATA_SOURCE_NAME=" + strings.Replace(strings.TrimSuffix(server.URL, "/"), "tcp", "", 1) + "/"}})
	}
	for _, server := range []*servicetest.Server{s.redis, s.copied, s.cluster, s.sentinel} {
		e := exporter{debian: "prometheus-redis-exporter", job: "redis", args: []string{"--redis.addr=redis://" + server.Addr}}
		if server == s.cluster {
			e.args = append(e.args, "--is-cluster")
		}
		all = append(all, e)
	}
	for _, target := range []string{s.nginx.URL + "/", s.tls.url} {
		all = append(all, exporter{debian: "prometheus-blackbox-exporter", job: "blackbox-exporter", path: "/probe?module=http_2xx&target=" + url.QueryEscape(target)})
	}
	return append(all, exporter{debian: "prometheus-blackbox-exporter", job: "ping", path: "/probe?module=icmp&target=127.0.0.1"})
}

// blackboxModules trusts the authority of the test.
const blackboxModules = `modules:
  http_2xx: {prober: http, http: {tls_config: {ca_file: %q}, preferred_ip_protocol: ip4}}
  icmp: {prober: icmp, icmp: {preferred_ip_protocol: ip4}}
`

// startExporters starts those that are installed and a Prometheus that scrapes them, HAProxy's own one and scraped.
// It returns the address of Prometheus, "" without one.
func startExporters(b *testing.B, s *servers, scraped string) string {
	b.Helper()
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		b.Logf("without exporters: %v", err)
		return ""
	}
	dir := b.TempDir()
	modules := filepath.Join(dir, "blackbox.yml")
	if err := os.WriteFile(modules, []byte(fmt.Sprintf(blackboxModules, s.tls.ca)), 0o600); err != nil {
		b.Fatal(err)
	}
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_configs:\n")
	target := func(n int, job, address, query string) {
		path, values, _ := strings.Cut(query, "?")
		fmt.Fprintf(&config, "- {job_name: %q, metrics_path: %q, static_configs: [{targets: [%q]}], relabel_configs: [{target_label: job, replacement: %q}]",
			fmt.Sprintf("%s-%d", job, n), path, address, job)
		parsed, _ := url.ParseQuery(values)
		if of := parsed.Get("target"); of != "" {
			fmt.Fprintf(&config, ", params: {module: [%q], target: [%q]}", parsed.Get("module"), of)
		}
		config.WriteString("}\n")
	}
	for n, e := range exporters(s) {
		path, err := exec.LookPath(e.debian)
		if err != nil {
			b.Logf("without %s: %v", e.debian, err)
			continue
		}
		listen := free(b)
		args := append(e.args, "--web.listen-address="+listen)
		if e.path == "" {
			e.path = "/metrics"
		} else {
			args = append(args, "--config.file="+modules)
		}
		cmd := exec.Command(path, args...)
		cmd.Env = append(os.Environ(), e.env...)
		launch(b, fmt.Sprintf("%s-%d", e.debian, n), "http://"+listen+"/metrics", cmd)
		target(n, e.job, listen, e.path)
	}
	target(0, "haproxy", s.haproxy.Addr, "/metrics")
	if scraped != "" {
		target(0, "jvm", scraped, "/metrics")
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	listen := free(b)
	launch(b, "prometheus", "http://"+listen+"/-/ready", exec.Command(prometheus, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+listen))
	return "http://" + listen
}

// answersAt tells whether a page is there.
func answersAt(page string) bool {
	resp, err := http.Get(page)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
