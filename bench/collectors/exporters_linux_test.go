package collectors

import (
	"net/url"
	"os"
	"os/exec"
	"testing"
)

// exporter is one of Debian's.
type exporter struct {
	// debian is its package and its program.
	debian string
	args   func(listen string) []string
	env    []string
	// path is what is scraped; "": /metrics.
	path string
}

// exporters are the seven that watch what we do, and an eighth for processes.
func exporters(s *servers) []exporter {
	listen := func(more ...string) func(string) []string {
		return func(address string) []string { return append([]string{"--web.listen-address=" + address}, more...) }
	}
	return []exporter{
		{debian: "prometheus-node-exporter", args: listen()},
		{debian: "prometheus-postgres-exporter", args: listen(), env: []string{
			"DATA_SOURCE_NAME=postgresql://" + exporterUser + ":g@" + s.postgres.Addr + "/postgres?sslmode=disable"}},
		{debian: "prometheus-mysqld-exporter", args: listen(), env: []string{"DATA_SOURCE_NAME=" + exporterUser + ":g@(" + s.mariadb.Addr + ")/"}},
		{debian: "prometheus-redis-exporter", args: listen("--redis.addr=redis://" + s.redis.Addr)},
		{debian: "prometheus-nginx-exporter", args: listen("--nginx.scrape-uri=http://" + s.nginx.Addr + "/stub_status")},
		{debian: "prometheus-haproxy-exporter", args: listen("--haproxy.scrape-uri=http://" + s.haproxy.Addr + "/stats;csv")},
		{debian: "prometheus-blackbox-exporter", args: listen("--config.file=/etc/prometheus/blackbox.yml"),
			path: "/probe?module=http_2xx&target=" + url.QueryEscape(s.nginx.URL)},
		{debian: "prometheus-process-exporter", args: listen("--procnames=java,node,nginx")},
	}
}

// seven is how many of the exporters the goal is about.
const seven = 7

// startExporters starts those that are installed, and returns them beside the names of the others.
func startExporters(b *testing.B, s *servers) (all []*program, missing []string) {
	b.Helper()
	for _, e := range exporters(s) {
		path, err := exec.LookPath(e.debian)
		if err != nil {
			missing = append(missing, e.debian)
			continue
		}
		address := free(b)
		cmd := exec.Command(path, e.args(address)...)
		cmd.Env = append(os.Environ(), e.env...)
		if e.path == "" {
			e.path = "/metrics"
		}
		all = append(all, launch(b, e.debian, "http://"+address+e.path, cmd))
	}
	return all, missing
}
