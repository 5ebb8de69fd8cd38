package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatewatch/configs"

	watch "gatewatch/collectors"
)

// section is what is collected: all that the exporters do, and what else is on by default. All intervals are that of
// the scrapes.
const section = `
collectors:
  interval: %[1]s
  host: {}
  processes: %[7]s
  postgres: [{name: orders, interval: %[1]s, dsn: "postgres://%[6]s:g@%[2]s/postgres?sslmode=disable"}]
  mysql: [{name: wallet, interval: %[1]s, dsn: "%[6]s:g@tcp(%[3]s)/"}]
  nginx: [{name: gateway, interval: %[1]s, status_url: "http://%[4]s/stub_status"}]
  redis: [{name: cache, interval: %[1]s, dsn: "redis://%[8]s"}]
  haproxy: [{name: edge, interval: %[1]s, url: "http://%[5]s/stats;csv"}]
  probes: [{name: web, interval: %[1]s, url: "http://%[4]s/"}]
`

// nothing switches everything off that is on by default.
const nothing = "collectors: {host: null, processes: null}\n"

const noRules = "alerting: {packs: []}\n"

// The users of databases: the whole agent has one of its own, so that its sessions can be counted.
const (
	agentUser    = "gatewatch"
	besides      = "besides"
	exporterUser = "exporter"
)

// asCollectors makes the test binary collect what the configuration at this path says, and nothing else.
const asCollectors = "GATEWATCH_BENCH_COLLECT"

func TestMain(m *testing.M) {
	if path := os.Getenv(asCollectors); path != "" {
		if err := collectOnly(path, os.Getenv(asCollectors+"_LISTEN")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// collectOnly is the collecting part by itself, with a page to be scraped, as an exporter is.
func collectOnly(path, listen string) error {
	cfg, err := configs.Load(path, os.LookupEnv)
	if err != nil {
		return err
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	set, err := watch.New(cfg.Collectors, cfg.DataDir, nil, slog.New(slog.NewTextHandler(os.Stderr, nil)), reg)
	if err != nil {
		return err
	}
	go set.Run(context.Background())                                                                    // until the process is killed
	packed, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false)) // as the agent does
	if err != nil {
		return err
	}
	http.Handle("/metrics", packed(promhttp.HandlerFor(reg, promhttp.HandlerOpts{DisableCompression: true})))
	return http.ListenAndServe(listen, nil)
}

// The names of ours in the table.
const (
	likeSeven      = "the collecting part by itself, without processes"
	onlyCollecting = "… with processes: everything on"
	wholeAgent     = "the agent, everything on"
	withoutRules   = "… without alert rules"
	withoutAll     = "… without alert rules and collectors"
)

// startOurs starts the collecting part by itself, and whole agents with and without it.
func startOurs(b *testing.B, s *servers, every time.Duration) []*program {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "gatewatch")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-ldflags", "-s -w", "-o", binary, "gatewatch/agent").CombinedOutput(); err != nil {
		b.Fatalf("build the agent: %v\n%s", err, out)
	}
	of := func(user, processes string) string {
		return fmt.Sprintf(section, every, s.postgres.Addr, s.mariadb.Addr, s.nginx.Addr, s.haproxy.Addr, user, processes, s.redis.Addr)
	}
	all := func(user string) string { return of(user, fmt.Sprintf("{interval: %s}", every)) }
	var ours []*program
	for i, a := range []struct{ name, config string }{
		{likeSeven, of(besides, "null")}, {onlyCollecting, all(besides)},
		{wholeAgent, all(agentUser)}, {withoutRules, all(besides) + noRules}, {withoutAll, nothing + noRules},
	} {
		listen := free(b)
		config := filepath.Join(dir, fmt.Sprintf("%d.yml", i))
		text := fmt.Sprintf("data_dir: %s\nhttp: {listen: %q}\nlogs: [{paths: [%q]}]\n%s", filepath.Join(dir, fmt.Sprint(i)), listen, filepath.Join(dir, "*.log"), a.config)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command(binary, "run", "-config", config)
		if a.name == likeSeven || a.name == onlyCollecting {
			cmd = exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asCollectors+"="+config, asCollectors+"_LISTEN="+listen)
		}
		ours = append(ours, launch(b, a.name, "http://"+listen+"/metrics", cmd))
	}
	return ours
}
