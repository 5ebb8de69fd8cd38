package proxies

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"

	"gatewatch/internal/servicetest"
)

// haproxyServer starts Debian's HAProxy with one server that lives and one that does not, and returns its socket and the
// address of its statistics and of its own exporter.
func haproxyServer(t *testing.T, alive string) (socket, address string) {
	t.Helper()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install haproxy", "haproxy")
	dir := t.TempDir()
	socket = filepath.Join(dir, "s")
	address, pay, other, dead := collecttest.FreeAddress(t), collecttest.FreeAddress(t), collecttest.FreeAddress(t), collecttest.FreeAddress(t)
	config := `global
  stats socket ` + socket + ` mode 600
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend pay
  bind ` + pay + `
  option socket-stats
  default_backend core
backend core
  # A check may take as long as inter, and a busy machine answers some too late.
  server a ` + alive + ` check inter 50ms fall 1000000
  server b ` + dead + ` check inter 50ms
backend others
  server unchecked ` + alive + `
  server weightless ` + alive + ` weight 0
  server out ` + dead + ` check disabled
  server BACKEND ` + alive + `
backend off
  disabled
  server x ` + dead + `
frontend odd:name.x_y-z
  bind ` + other + `
  default_backend others
frontend stats
  bind ` + address + `
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
`
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-db", "-f", file)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	stats := "http://" + address + "/stats;csv"
	await(t, stats, "HAProxy sees its dead server", func(line string) bool {
		return strings.HasPrefix(line, "core,b,") && strings.Contains(line, ",DOWN,")
	})
	for range 3 {
		resp, err := http.Get("http://" + pay + "/v1/charges")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	await(t, stats, "the sessions of the requests are over", func(line string) bool { return strings.HasPrefix(line, "pay,FRONTEND,,,0,") })
	return socket, address
}

// await waits until a line of HAProxy's statistics is as wanted.
func await(t *testing.T, page, what string, wanted func(line string) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(page)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		for line := range strings.Lines(string(text)) {
			if wanted(line) {
				return
			}
		}
	}
	t.Fatalf("not in time: %s", what)
}

func haproxyAt(t *testing.T, address string) collect.Collector {
	t.Helper()
	cfg := HAProxyConfig{ServerConfig: collect.ServerConfig{Name: "edge"}, URL: address}
	cfg.SetDefaults()
	c, err := newHAProxy(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute // one that is not reached
	return c
}

// TestSameAsHAProxy compares names, types, labels and values with those of HAProxy's own exporter.
func TestSameAsHAProxy(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(backend.Close)
	socket, address := haproxyServer(t, backend.Listener.Addr().String())
	c, text := haproxyAt(t, "unix://"+socket), ""
	compared, differ := 0, []string(nil)
	// Checks go on and connections end between the one look and the other.
	for end := time.Now().Add(time.Minute); ; {
		text = collecttest.Collect(t, c)
		resp, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		theirs := collecttest.ParseExposition(t, resp.Body)
		resp.Body.Close()
		if compared, differ = compareHAProxy(collecttest.ParseExposition(t, strings.NewReader(text)), theirs); len(differ) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, what := range differ {
		t.Error(what)
	}
	for _, want := range []string{
		`haproxy_server_status{instance="` + socket + `",name="edge",proxy="core",server="b",state="DOWN"} 1`,
		`haproxy_server_status{instance="` + socket + `",name="edge",proxy="core",server="a",state="UP"} 1`,
		`haproxy_server_http_responses_total{code="4xx",instance="` + socket + `",name="edge",proxy="core",server="a"} 3`,
		`haproxy_server_status{instance="` + socket + `",name="edge",proxy="others",server="unchecked",state="UP"} 1`,
		`haproxy_server_status{instance="` + socket + `",name="edge",proxy="others",server="out",state="MAINT"} 1`,
		`haproxy_frontend_status{instance="` + socket + `",name="edge",proxy="odd:name.x_y-z",state="UP"} 1`,
		`haproxy_up{instance="` + socket + `",name="edge"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	t.Logf("%d metrics compared", compared)

	// Over HTTP there is the same table.
	page := collecttest.Collect(t, haproxyAt(t, "http://"+address+"/stats;csv"))
	want := `haproxy_server_status{instance="` + address + `",name="edge",proxy="core",server="b",state="DOWN"} 1`
	if !strings.Contains(page, want+"\n") {
		t.Errorf("no %q in\n%s", want, page)
	}
}

// compareHAProxy returns in what our metrics differ from those of HAProxy's own exporter, and how many were compared. What
// moves by itself, or by being asked, has no value to compare.
func compareHAProxy(ours, theirs map[string]*dto.MetricFamily) (compared int, differ []string) {
	wrong := func(format string, args ...any) { differ = append(differ, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		their := theirs[name]
		switch {
		case !strings.HasPrefix(name, "haproxy_") || name == "haproxy_up":
			continue
		case their == nil:
			wrong("HAProxy has no %s", name)
			continue
		case their.GetType() != ours[name].GetType():
			wrong("%s is a %v, HAProxy's a %v", name, ours[name].GetType(), their.GetType())
		}
		compared++
		moves := strings.Contains(name, "seconds") || strings.Contains(name, "process") || strings.Contains(name, "check")
		want := collecttest.Series(their)
		for labels, value := range collecttest.Series(collecttest.WithoutOwn(ours[name])) {
			v, ok := want[labels]
			if !ok {
				wrong("HAProxy has no %s{%s}", name, labels)
			} else if v != value && !moves && !strings.Contains(labels, `proxy="stats"`) {
				wrong("%s{%s} = %v, HAProxy says %v", name, labels, value, v)
			}
		}
	}
	return compared, differ
}

// TestHAProxyOfManyServers tells of each server how it is, also when there is no room for all that they have done.
func TestHAProxyOfManyServers(t *testing.T) {
	t.Parallel()
	table := "# pxname,svname,status,type,hrsp_2xx,qcur,scur,smax,stot,bin,bout,econ,eresp,wretr,wredis,weight,chkfail,lbtot,\n"
	for i := range 600 {
		table += fmt.Sprintf("pool,s%d,UP,2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,\n", i)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, table) }))
	t.Cleanup(page.Close)
	c := haproxyAt(t, page.URL)
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	if n := strings.Count(text, `state="UP"} 1`); n != 600 {
		t.Errorf("%d servers are up, want all 600", n)
	}
	if !strings.Contains(text, "\nhaproxy_up{") || strings.Contains(text, `dropped_samples_total{collector="haproxy_edge"} 0`) {
		t.Errorf("want haproxy_up, and a counter of what was left out")
	}
}

func TestHAProxyDown(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, address string) {
		t.Helper()
		c := haproxyAt(t, address)
		c.Timeout = 500 * time.Millisecond
		if got := collecttest.SamplesOf(collecttest.Collect(t, c), "haproxy_"); !strings.HasPrefix(got, "haproxy_up{") || !strings.HasSuffix(got, " 0") || strings.Contains(got, "\n") {
			t.Errorf("with %s: got %q, want only haproxy_up 0", address, got)
		}
	}
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }))
	t.Cleanup(html.Close)
	silent := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f(t, html.URL)
	f(t, "unix:///does/not/exist")
	f(t, "unix://"+silent)
}
