package collectors

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"gatewatch/collectors/collecttest"
)

// everything has an entry of each kind. CA is a file of certificate authorities, FILE one that is there.
const everything = `
host: {}
processes: {groups: [{name: java, executable: java}], units: [gateway.service]}
posture: {endpoints: [{name: shop, url: "https://shop.example/"}], reports: [{name: image, format: trivy, path: /reports/*.json}]}
probes: [{name: bank, url: "https://bank.example/", ca_file: CA, match: ["up|ready"]}, {name: resolver, url: "dns:///bank.example"}]
status_pages: [{provider: stripe}]
tls: {endpoints: [{name: pay, address: "pay.example:443"}, {name: own, address: "127.0.0.1:443", ca_file: CA}], files: [{name: own, paths: [/etc/ssl/own.pem]}]}
backups: [{name: orders, kind: files, paths: [/backups/*.gz], checksum: true, restore_test_file: FILE}]
postgres: [{name: main, dsn: "postgres://gatewatch:x@127.0.0.1/main", integrity: {window: "02:00-04:00"}, bloat: {window: "04:00-05:00"}}]
mysql: [{name: main, dsn: "gatewatch:x@tcp(127.0.0.1:3306)/", integrity: {window: "02:00-04:00"}}]
redis: [{name: main, dsn: "rediss://127.0.0.1:6379", ca_file: CA}]
mongodb: [{name: main, dsn: "mongodb://127.0.0.1:27017/"}]
nginx: [{name: front, status_url: "http://127.0.0.1:8080/"}]
haproxy: [{name: edge, url: "http://127.0.0.1:8404/"}]
smart: [{device: /dev/sda}]
restarts: [{unit: gateway.service}]
scrapes: [{name: app, url: "http://127.0.0.1:8081/metrics"}]
`

// watching is a set of collectors whose configuration is written anew.
type watching struct {
	t   *testing.T
	dir string
	log bytes.Buffer
	reg *prometheus.Registry
	set *Set
}

func watch(t *testing.T, text string) *watching {
	t.Helper()
	w := &watching{t: t, dir: t.TempDir(), reg: prometheus.NewRegistry()}
	w.authority("first")
	collecttest.Write(t, w.dir, "tested", "")
	var err error
	if w.set, err = New(w.config(text), "", nil, slog.New(slog.NewTextHandler(&w.log, nil)), w.reg); err != nil {
		t.Fatal(err)
	}
	return w
}

// authority writes another one into the file CA.
func (w *watching) authority(name string) {
	w.t.Helper()
	ca := collecttest.NewAuthority(w.t, name, nil).Cert
	collecttest.Write(w.t, w.dir, "ca.pem", collecttest.PemOf(ca))
}

func (w *watching) config(text string) Config {
	w.t.Helper()
	cfg := DefaultConfig()
	text = strings.NewReplacer("CA", filepath.Join(w.dir, "ca.pem"), "FILE", filepath.Join(w.dir, "tested")).Replace(text)
	if err := yaml.Unmarshal([]byte(text), &cfg); err != nil {
		w.t.Fatal(err)
	}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

// exchange takes another configuration and returns what was started and stopped for it, as it is logged.
func (w *watching) exchange(text string) (started, stopped []string) {
	w.t.Helper()
	made, err := w.set.Make(w.config(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.log.Reset()
	w.set.Exchange(context.Background(), made)
	found := regexp.MustCompile(`started="?\[(.*?)\]"? stopped="?\[(.*?)\]`).FindStringSubmatch(w.log.String())
	if found == nil {
		return nil, nil
	}
	return strings.Fields(found[1]), strings.Fields(found[2])
}

// TestReloadTouchesWhatChanged says for changes of the configuration what of everything has to begin anew.
func TestReloadTouchesWhatChanged(t *testing.T) {
	t.Parallel()
	w := watch(t, everything)
	cfg := w.config(everything)
	for of, field := range reflect.ValueOf(cfg).Fields() {
		if field.Kind() == reflect.Slice && field.Len() == 0 || field.IsZero() {
			t.Errorf("everything has no %s: what a reload does to it is not tested", of.Name)
		}
	}
	if started, stopped := w.exchange(everything); started != nil || stopped != nil {
		t.Errorf("the same configuration read again started %q and stopped %q", started, stopped)
	}
	f := func(before, after, wantStopped, wantStarted string) {
		t.Helper()
		text := strings.Replace(everything, before, after, 1)
		if text == everything {
			t.Fatalf("%q is not in the configuration", before)
		}
		for _, way := range []struct{ text, stopped, started string }{{text, wantStopped, wantStarted}, {everything, wantStarted, wantStopped}} {
			started, stopped := w.exchange(way.text)
			for what, both := range map[string][2][]string{"started": {started, strings.Fields(way.started)}, "stopped": {stopped, strings.Fields(way.stopped)}} {
				slices.Sort(both[0])
				slices.Sort(both[1])
				if !slices.Equal(both[0], both[1]) {
					t.Errorf("%q for %q: %s %q, want %q", after, before, what, both[0], both[1])
				}
			}
		}
	}
	same := func(before, after, both string) { t.Helper(); f(before, after, both, both) }
	same("bank.example/", "bank.example/health", "probe_bank")
	f(`, {name: resolver, url: "dns:///bank.example"}`, "", "probe_resolver", "")
	f("resolver, url", "names, url", "probe_resolver", "probe_names")
	f("stripe", "paypal", "status_page_stripe", "status_page_paypal")
	same("{groups: [{name: java", "{interval: 30s, groups: [{name: java", "processes_groups systemd")
	same("executable: java", "command: gateway", "processes_groups")
	same("gateway.service]", "gateway.service, nginx.service]", "systemd")
	same("posture: {", "posture: {allowed_ports: [443], ", "posture_ports")
	same("posture: {", "posture: {files: [{kind: config, paths: [/etc/hosts]}], ", "posture_files")
	same("posture: {", "posture: {updates: {interval: 12h}, ", "posture_updates")
	f("reports: [{name: image, format: trivy, path: /reports/*.json}]", "", "posture_reports textfile scrape_app", "textfile scrape_app")
	same("shop.example/", "shop.example:444/", "posture_endpoint_shop")
	same("pay.example:443", "pay.example:444", "tls_pay")
	same("own.pem", "own.crt", "tls_files")
	same("tls: {", "tls: {scan_interval: 12h, ", "tls_pay tls_own")
	same("checksum: true", "checksum: true, max_age: 3d", "backup_orders")
	same("/backups/*.gz", "/backups/*.zst", "backup_orders backup_orders_checksum")
	same("x@127.0.0.1/main", "y@127.0.0.1/main", "postgres_main postgres_main_integrity postgres_main_bloat")
	same(`127.0.0.1/main", `, `127.0.0.1/main", statements: -1, `, "postgres_main")
	same("02:00-04:00", "02:00-03:00", "postgres_main_integrity")
	same("04:00-05:00", "04:00-06:00", "postgres_main_bloat")
	f(`, bloat: {window: "04:00-05:00"}`, "", "postgres_main_bloat", "")
	f(`127.0.0.1:3306)/", integrity: {window: "02:00-04:00"}`, `127.0.0.1:3306)/"`, "mysql_main_integrity", "")
	same("127.0.0.1:6379", "127.0.0.1:6380", "redis_main")
	same("127.0.0.1:27017", "127.0.0.1:27018", "mongodb_main")
	same("127.0.0.1:8080", "127.0.0.1:8082", "nginx_front")
	same("127.0.0.1:8404", "127.0.0.1:8405", "haproxy_edge")
	same("/dev/sda", "/dev/sda, type: sat", "smart_sda")
	same("[{unit: gateway.service}]", "[{unit: gateway.service, at_most: 5}]", "restart_gateway.service")
	same("8081/metrics", "8081/prometheus", "scrape_app")
	same("host: {}", "host: {textfile_dir: /textfiles}", "textfile")
	// What one kind gives decides what another may: its names are left to it.
	f(`haproxy: [{name: edge, url: "http://127.0.0.1:8404/"}]`, "", "haproxy_edge textfile scrape_app", "textfile scrape_app")
	f("host: {}", "host: {also: [interrupts]}", "textfile scrape_app", "textfile scrape_app interrupts")
	f(`posture: {`, `posture: {updates: {interval: 0}, `, "posture_updates textfile scrape_app", "textfile scrape_app")
	same("host: {}", "host: {textfile_dir: /textfiles}\ninterval: 10s", hostCollectors(w))
	same("host: {}", "host: {proc: /mnt/proc}", strings.Replace(hostCollectors(w), "textfile", "", 1)+" processes_groups posture_host posture_ports posture_files posture_updates nginx_front")
}

// hostCollectors are the names of those of the host.
func hostCollectors(w *watching) string {
	var names []string
	made, err := w.set.Make(w.config(everything))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range made.all {
		if c.OfHost {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

// A file of certificate authorities that was exchanged counts from the next reload on.
func TestReloadReadsAuthoritiesAgain(t *testing.T) {
	t.Parallel()
	w := watch(t, everything)
	w.authority("second")
	want := []string{"probe_bank", "tls_own", "redis_main"}
	if started, stopped := w.exchange(everything); !slices.Equal(started, want) || !slices.Equal(stopped, want) {
		t.Errorf("with another file of authorities the reload started %q and stopped %q, want both %q", started, stopped, want)
	}
}

// A configuration of which something cannot be made changes nothing.
func TestReloadIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := watch(t, everything)
	cfg := w.config(strings.NewReplacer("bank.example/", "bank.example/new", "redis: [{name: main", "redis: [{name: other").Replace(everything))
	if err := os.Remove(filepath.Join(w.dir, "ca.pem")); err != nil { // after it was checked
		t.Fatal(err)
	}
	_, err := w.set.Make(cfg)
	if want := "probes: bank: read ca_file: open "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Make() without the file of authorities = %v, want %s…", err, want)
	}
	if w.log.Len() > 0 {
		t.Errorf("what failed was logged, or exchanged something:\n%s", &w.log)
	}
	w.authority("third")
	if _, stopped := w.exchange(everything); slices.Contains(stopped, "redis_other") {
		t.Errorf("what failed had begun: then %q were stopped", stopped)
	}
}

func TestReloadTakesRestoreTests(t *testing.T) {
	t.Parallel()
	const none = "host: null\nposture: null\nprocesses: null\n"
	w := watch(t, none)
	f := func(text string, orders, cards bool) {
		t.Helper()
		if text != "" {
			w.exchange(none + "backups: [" + text + "]")
		}
		for name, want := range map[string]bool{"orders": orders, "cards": cards} {
			if err := w.set.RestoreTested(name); (err == nil) != want {
				t.Errorf("with %s RestoreTested(%q) = %v", text, name, err)
			}
		}
	}
	one := func(name string) string {
		return fmt.Sprintf("{name: %s, kind: files, paths: [/b], restore_test_file: FILE}", name)
	}
	f("", false, false)
	f(one("orders"), true, false)
	f(one("orders")+", "+one("cards"), true, true)
	f(one("cards"), false, true)
}
