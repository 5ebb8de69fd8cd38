package probes

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"gatewatch/internal/servicetest"
)

// blackboxExporter returns a function that lets the blackbox_exporter that Debian packages probe a target with a module.
func blackboxExporter(t *testing.T, modules string) func(module, target string) map[string]*dto.MetricFamily {
	t.Helper()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
	addr := collecttest.FreeAddress(t)
	file := filepath.Join(t.TempDir(), "blackbox.yml")
	if err := os.WriteFile(file, []byte(modules), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--config.file="+file, "--web.listen-address="+addr)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	ask := func(module, target string) (*http.Response, error) {
		return http.Get("http://" + addr + "/probe?" + url.Values{"module": {module}, "target": {target}}.Encode())
	}
	return func(module, target string) map[string]*dto.MetricFamily {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			resp, err := ask(module, target)
			if err != nil {
				continue // not listening yet
			}
			defer resp.Body.Close()
			return collecttest.ParseExposition(t, resp.Body)
		}
		t.Fatal("blackbox_exporter does not answer")
		return nil
	}
}

// equal are metrics that must have the same value, not only the same series.
var equal = []string{
	"probe_success", "probe_http_status_code", "probe_http_version", "probe_http_ssl", "probe_http_redirects", "probe_http_content_length",
	"probe_http_uncompressed_body_length", "probe_http_last_modified_timestamp_seconds", "probe_failed_due_to_regex", "probe_ip_protocol",
	"probe_ip_addr_hash", "probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_dns_query_succeeded",
	"probe_dns_answer_rrs", "probe_dns_authority_rrs", "probe_dns_additional_rrs",
}

// TestSameAsBlackboxExporter compares names, types, labels and steady values with those of blackbox_exporter for the same
// targets: one that is well, one that answers with an error, one that redirects, one that does not match, one that is not
// there.
func TestSameAsBlackboxExporter(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", "Sun, 30 Jun 2024 23:59:59 GMT")
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			io.WriteString(w, "all is well")
		}
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := caFile(t, srv.Certificate().Raw)
	tcp, server := banner(t, "220 ready\r\n"), nameServer(t)
	theirs := blackboxExporter(t, fmt.Sprintf(`modules:
  http: {prober: http, http: {tls_config: {ca_file: %[1]q}}}
  regex: {prober: http, http: {tls_config: {ca_file: %[1]q}, fail_if_body_not_matches_regexp: [unwell]}}
  tcp: {prober: tcp}
  tls: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: %[1]q}}}
  dns: {prober: dns, dns: {query_name: api.pay.example, query_type: A}}
  soa: {prober: dns, dns: {query_name: pay.example, query_type: SOA}}
`, ca))
	good := []string{"2xx"} // what blackbox_exporter takes for good
	compared := 0
	f := func(module, target string, p Config) {
		t.Helper()
		p.IP, p.Timeout = "prefer_ip6", model.Duration(time.Minute)
		ours := collecttest.ParseExposition(t, strings.NewReader(collecttest.Collect(t, validProbe(t, p, collecttest.Quiet()))))
		for name, family := range theirs(module, target) {
			if !strings.HasPrefix(name, "probe_") {
				continue
			}
			compared++
			own := ours[name]
			if own == nil {
				t.Errorf("%s %s: no %s", module, target, name)
				continue
			}
			if own.GetType() != family.GetType() {
				t.Errorf("%s is %v, theirs is %v", name, own.GetType(), family.GetType())
			}
			want, got := collecttest.Series(family), withoutOwnLabels(collecttest.Series(own))
			if !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))) ||
				slices.Contains(equal, name) && !maps.Equal(want, got) {
				t.Errorf("%s %s: %s is %v, theirs is %v", module, target, name, got, want)
			}
		}
	}
	f("http", srv.URL, Config{URL: srv.URL, CAFile: ca, ExpectStatus: good})
	f("http", srv.URL+"/broken", Config{URL: srv.URL + "/broken", CAFile: ca, ExpectStatus: good})
	f("http", srv.URL+"/moved", Config{URL: srv.URL + "/moved", CAFile: ca, ExpectStatus: good, Redirects: 10})
	f("regex", srv.URL, Config{URL: srv.URL, CAFile: ca, ExpectStatus: good, Match: []string{"unwell"}})
	f("http", "http://127.0.0.1:1", Config{URL: "http://127.0.0.1:1"})
	f("tcp", tcp, Config{URL: "tcp://" + tcp})
	f("tcp", "127.0.0.1:1", Config{URL: "tcp://127.0.0.1:1"})
	f("tls", strings.TrimPrefix(srv.URL, "https://"), Config{URL: strings.Replace(srv.URL, "https", "tls", 1), CAFile: ca})
	f("dns", server, Config{URL: "dns://" + server + "/api.pay.example"})
	f("soa", server, Config{URL: "dns://" + server + "/pay.example?type=SOA"})
	if compared < 100 {
		t.Errorf("only %d metrics were compared", compared)
	}
}

// withoutOwnLabels returns values by their labels, but for those that only we have. serialnumber is newer than the
// blackbox_exporter of Debian 12.
func withoutOwnLabels(values map[string]float64) map[string]float64 {
	found := map[string]float64{}
	for labels, v := range values {
		var rest []string
		for _, l := range strings.SplitAfter(labels, ",") {
			if name, _, _ := strings.Cut(l, "="); name != "name" && name != "instance" && name != "serialnumber" {
				rest = append(rest, l)
			}
		}
		found[strings.Join(rest, "")] = v
	}
	return found
}
