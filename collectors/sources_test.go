package collectors

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/host"
	"gatewatch/collectors/scrapes"
)

// TestFilesAndApplications has files and applications give the same names: what agrees is served from all, and nothing that one
// says takes away what another one or the agent says.
func TestFilesAndApplications(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	collecttest.Write(t, dir, "jobs.prom", `# HELP jobs_total Jobs of the night.
# TYPE jobs_total counter
jobs_total 1
# TYPE depth counter
depth 1
# TYPE age gauge
age 1
# TYPE took histogram
took_bucket{le="+Inf"} 2
took_sum 3
took_count 2
node_textfile_mtime_seconds 7
up 7
`)
	app := func(text string) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	cfg := Config{Host: &host.Config{TextfileDir: dir}, Scrapes: collect.Entries[scrapes.Config, *scrapes.Config]{
		{ServerConfig: collect.ServerConfig{Name: "shop"}, URL: app("# HELP jobs_total Jobs of the shop.\n# TYPE jobs_total counter\njobs_total 2\n# TYPE depth gauge\ndepth 2\nage 2\ntook_sum 9\nup 0\nnode_scrape_collector_success{collector=\"textfile\"} 0\n")},
		{ServerConfig: collect.ServerConfig{Name: "bff"}, URL: app("# TYPE jobs_total gauge\njobs_total 3\ndepth 3\ngatewatch_collector_success{collector=\"textfile\"} 1\n")},
	}}
	for i := range cfg.Scrapes {
		cfg.Scrapes[i].Timeout = model.Duration(time.Minute) // the machine may be busy
	}
	cfg.SetDefaults()
	reg := prometheus.NewRegistry()
	s, err := New(cfg, "", nil, collecttest.Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	families, err := reg.Gather()
	if err != nil {
		t.Fatalf("not all is served: %v", err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	text := b.String()
	for i, one := range cfg.Scrapes {
		text = strings.ReplaceAll(text, strings.TrimPrefix(one.URL, "http://"), fmt.Sprint("$", i))
	}
	collecttest.WantLines(t, text,
		"# TYPE jobs_total counter", "jobs_total 1", `jobs_total{application="shop",instance="$0"} 2`,
		"# TYPE depth counter", "depth 1", `depth{application="bff",instance="$1"} 3`,
		"# TYPE age gauge", "age 1", `age{application="shop",instance="$0"} 2`,
		"# TYPE took histogram", "took_sum 3", "node_textfile_scrape_error 1",
		`gatewatch_collector_clashing_samples_total{collector="scrape_shop",metric="depth"} 1`,
		`gatewatch_collector_clashing_samples_total{collector="scrape_shop",metric="took_sum"} 1`,
		`gatewatch_collector_clashing_samples_total{collector="scrape_bff",metric="jobs_total"} 1`,
		`gatewatch_collector_success{collector="textfile"} 0`, `node_scrape_collector_success{collector="textfile"} 0`,
		`scrape_refused_samples{application="shop",instance="$0"} 2`, `scrape_refused_samples{application="bff",instance="$1"} 1`)
	for _, unwanted := range []string{"\nup", `depth{application="shop"`, `jobs_total{application="bff"`, "node_textfile_mtime_seconds 7"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is in\n%s", unwanted, text)
		}
	}
}
