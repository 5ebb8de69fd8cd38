package scrapes

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/proxies"
	"gatewatch/collectors/redis"

	clients "github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"gatewatch/internal/secret"
)

// scraping is a registry with the agent's own process and what scrapes give.
type scraping struct {
	t   *testing.T
	reg *prometheus.Registry
	set *collect.Set
}

func scrapes(t *testing.T, all ...Config) *scraping {
	t.Helper()
	for i := range all {
		if all[i].Name == "" {
			all[i].Name = "gateway"
		}
		collect.SetDefault(&all[i].Timeout, model.Duration(time.Minute)) // the machine may be busy
	}
	of := collect.Entries[Config, *Config](all)
	return scrapesBeside(t, map[string]collect.Section{"scrapes": &of})
}

// scrapesBeside is scrapes with other sections of the configuration.
func scrapesBeside(t *testing.T, sections map[string]collect.Section) *scraping {
	t.Helper()
	for key, one := range sections {
		one.SetDefaults()
		if err := one.Validate(); err != nil {
			t.Fatalf("%s%v", key, err)
		}
	}
	all, err := collect.Assemble(maps.All(sections), collect.Env{Log: collecttest.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	s := &scraping{t: t, reg: prometheus.NewRegistry()}
	s.reg.MustRegister(clients.NewProcessCollector(clients.ProcessCollectorOpts{}))
	if s.set, err = collect.NewSet(all, collecttest.Quiet(), s.reg); err != nil {
		t.Fatal(err)
	}
	return s
}

// text collects once and returns all that is there then. Foreign labels are in no catalogue.
func (s *scraping) text() string {
	s.t.Helper()
	s.set.Once(s.t.Context())
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			s.t.Fatal(err)
		}
	}
	return b.String()
}

// says is a server that answers each path with a text.
func says(t *testing.T, kind string, paths map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := paths[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		if strings.Contains(text, `"DOWN"`) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

const plainText = "text/plain; version=0.0.4; charset=utf-8"

// ofApplications returns the sample lines that name an application, with $ for the address.
func ofApplications(text, address string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, `application="`) {
			found = append(found, strings.ReplaceAll(strings.TrimSpace(line), strings.TrimPrefix(address, "http://"), "$"))
		}
	}
	return strings.Join(found, "\n") + "\n"
}

// TestScrapeSpring reads what Micrometer writes.
func TestScrapeSpring(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("testdata/spring.prom")
	if err != nil {
		t.Fatal(err)
	}
	srv := says(t, plainText, map[string]string{"/actuator/prometheus": string(page)})
	got := scrapes(t, Config{
		URL: srv.URL + "/actuator/prometheus", Preset: "spring", Drop: []string{"jvm_gc_pause_seconds_max"},
	}).text()
	collecttest.Golden(t, "testdata/spring.golden", ofApplications(got, srv.URL))
	for _, own := range []string{"\nprocess_start_time_seconds ", "# TYPE process_start_time_seconds gauge\n"} {
		if !strings.Contains(got, own) {
			t.Errorf("no %q of the agent itself in\n%s", own, got)
		}
	}
}

// TestScrapeFormats reads texts as programs of several kinds write them.
func TestScrapeFormats(t *testing.T) {
	t.Parallel()
	f := func(kind, text, want string) {
		t.Helper()
		srv := says(t, kind, map[string]string{"/metrics": text})
		got := ofApplications(scrapes(t, Config{URL: srv.URL + "/metrics"}).text(), srv.URL)
		var own []string
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "scrape_") {
				own = append(own, strings.TrimSpace(strings.NewReplacer(`application="gateway",`, "", `instance="$"`, "&").Replace(line)))
			}
		}
		if all := strings.Join(own, "\n"); all != want {
			t.Errorf("%q gives\n%s\nwant\n%s", text, all, want)
		}
	}
	f(plainText, "a 1\na{b=\"c\"} 2 1700000000000\n", "a{&} 1\na{b=\"c\",&} 2")
	f(plainText, "a{b=\"} # {\\\" x\"} 2\n", `a{b="} # {\" x",&} 2`)
	f(plainText, "a NaN\nb +Inf\nc -Inf\n", "a{&} NaN\nb{&} +Inf\nc{&} -Inf")
	f(plainText, "a_created 1\n", "a_created{&} 1")
	f("application/openmetrics-text; version=1.0.0", "# TYPE a counter\n# UNIT a x\na_total{b=\"c\"} 2.0 1700000000.5 # {trace_id=\"}\"} 1 1.5\na_created{b=\"c\"} 1.7e9\n# EOF\n",
		`a_total{b="c",&} 2`)
	f("application/openmetrics-text", "# TYPE a histogram\na_bucket{le=\"0.1\"} 1 # {x=\"y\"} 0.05\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 3\n# EOF\n",
		"a_bucket{&,le=\"+Inf\"} 2\na_bucket{&,le=\"0.1\"} 1\na_count{&} 2\na_sum{&} 3")
	f("application/openmetrics-text", "a_total 1\n# EOF\nb 2\n", "a_total{&} 1")
	f(plainText, "a {b=\"c\"} 1\na\t{b=\"d\"}\t2\n", "a{b=\"c\",&} 1\na{b=\"d\",&} 2")
	// Bytes that a customer sent, and names that can only be written in quotes.
	f(plainText, "a{path=\"/\xff\xfe\"} 1\nb 2\n", "a{&,path=\"/�\"} 1\nb{&} 2")
	f(plainText, `{"a.b",c="d"} 1`+"\nb 2\n", "b{&} 2")
	f(plainText, `a{__c="d"} 1`+"\nb 2\n", "b{&} 2")
	// What the application calls as we do, and what it says twice.
	f(plainText, `a{instance="x",application="y",job="z"} 1`+"\n", `a{exported_application="y",exported_instance="x",&,job="z"} 1`)
	f(plainText, `a{instance="x",exported_instance="y"} 1`+"\nb 1\n", "b{&} 1")
	f(plainText, "a{b=\"c\"} 1\na{b=\"c\"} 2\n", `a{b="c",&} 1`)
	// What only the agent says.
	f(plainText, "payment_attempts_total 1\ngatewatch_build_info 1\ngo_goroutines 1\nscrape_up 1\na 1\n", "a{&} 1")
	f(plainText, "up 0\nALERTS{alertname=\"X\"} 1\nALERTS_FOR_STATE 1\nprovider:payment_latency:p95_2m 1\na 1\n", "a{&} 1")
	// What customers may have sent.
	f(plainText, "a{path=\"/pay/4111111111111111\"} 1\n", `a{&,path="/pay/411111******1111"} 1`)
	f(plainText, "a{path=\""+strings.Repeat("x", 400)+"\"} 1\n", `a{&,path="`+strings.Repeat("x", maxScrapeValue)+`…"} 1`)
}

// TestScrapeLeavesOthersAlone refuses names of what else is collected.
func TestScrapeLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	srv := says(t, plainText, map[string]string{"/metrics": "nginx_up 7\nredis_up 7\nredis_slowlog_length 7\nmine 8\n", "/nginx": "no status"})
	s := scrapesBeside(t, map[string]collect.Section{
		"scrapes": &collect.Entries[Config, *Config]{{ServerConfig: collect.ServerConfig{Name: "a"}, URL: srv.URL + "/metrics"}},
		"nginx":   &collect.Entries[proxies.NginxConfig, *proxies.NginxConfig]{{ServerConfig: collect.ServerConfig{Name: "n"}, StatusURL: srv.URL + "/nginx"}},
		"redis":   &collect.Entries[redis.Config, *redis.Config]{{DSNConfig: collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "r"}, DSN: "redis://127.0.0.1:1"}}},
	})
	got := s.text()
	if strings.Contains(got, "} 7\n") || !strings.Contains(got, "} 8\n") || !strings.Contains(got, "scrape_refused_samples{application=\"a\",instance=\"") {
		t.Errorf("want mine and not nginx_up of the application in\n%s", got)
	}
}

// TestScrapeDown gives nothing of an application that is gone, however it is gone.
func TestScrapeDown(t *testing.T) {
	t.Parallel()
	in := func(timeout time.Duration, answer http.HandlerFunc) {
		t.Helper()
		var broken atomic.Bool
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken.Load() {
				answer(w, r)
				return
			}
			io.WriteString(w, "a 1\n")
		}))
		defer srv.Close()
		s := scrapes(t, Config{URL: srv.URL + "/?key=secret", ServerConfig: collect.ServerConfig{Timeout: model.Duration(timeout)}})
		// On a busy machine an answer may take longer than one that never comes is waited for.
		up := func() bool {
			got := ofApplications(s.text(), srv.URL)
			return strings.Contains(got, "a{") && strings.Contains(got, "scrape_up{application=\"gateway\",instance=\"$\"} 1")
		}
		for deadline := time.Now().Add(time.Minute); !up(); {
			if time.Now().After(deadline) {
				t.Fatal("before it is gone it is not up")
			}
		}
		broken.Store(true)
		if got := ofApplications(s.text(), srv.URL); got != "scrape_up{application=\"gateway\",instance=\"$\"} 0\n" {
			t.Errorf("after: got\n%s\nwant only scrape_up 0", got)
		}
	}
	f := func(answer http.HandlerFunc) { t.Helper(); in(time.Minute, answer) }
	f(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	f(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a{ 1\n") })
	f(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a one\n") })
	f(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>Sign in</html>")
	})
	f(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		io.WriteString(w, "# TYPE a counter\na_total 1\n")
	})
	f(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/login")
		w.WriteHeader(http.StatusFound)
	})
	f(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "a 1\n"+strings.Repeat("# much more\n", maxScrapeBody/12+1))
	})
	in(200*time.Millisecond, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// TestScrapeOfNoMetrics takes no page for that of an application that is up, also where nothing of it would be kept.
func TestScrapeOfNoMetrics(t *testing.T) {
	t.Parallel()
	f := func(kind, text string) {
		t.Helper()
		srv := says(t, kind, map[string]string{"/": text})
		got := ofApplications(scrapes(t, Config{URL: srv.URL + "/", Preset: "spring"}).text(), srv.URL)
		if want := "scrape_up{application=\"gateway\",instance=\"$\"} 0\n"; got != want {
			t.Errorf("%q of type %q gives\n%s\nwant %s", text, kind, got, want)
		}
	}
	f(plainText, "<html><body>Welcome to the gateway</body></html>\n")
	f("", "Not found\n")
	f("application/json", `{"status":"UP"}`)
	f(plainText, `{"status":"UP"}`)
	f(plainText, "{\n  \"status\": \"UP\"\n}\n")
}

// TestScrapeOfTooMuch says of what was left out that it was, however much there is.
func TestScrapeOfTooMuch(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	for i := range 2 * collect.MaxSamples {
		fmt.Fprintf(&page, "a{i=\"%d\"} 1\n", i)
	}
	srv := says(t, plainText, map[string]string{"/": page.String(), "/health": `{"status":"DOWN"}`})
	got := ofApplications(scrapes(t, Config{URL: srv.URL + "/", HealthURL: srv.URL + "/health"}).text(), srv.URL)
	collecttest.WantLines(t, got, `scrape_up{application="gateway",instance="$"} 1`, `scrape_refused_samples{application="gateway",instance="$"} 0`,
		`scrape_health{application="gateway",component="",instance="$",status="DOWN"} 1`,
		fmt.Sprintf(`scrape_samples{application="gateway",instance="$"} %d`, collect.MaxSamples-4))
	if n := strings.Count(got, "a{application"); n != collect.MaxSamples-4 {
		t.Errorf("%d samples of the application, want %d", n, collect.MaxSamples-4)
	}
}

// TestScrapeTokenFile reads the token each time.
func TestScrapeTokenFile(t *testing.T) {
	t.Parallel()
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		io.WriteString(w, "a 1\n")
	}))
	defer srv.Close()
	dir := t.TempDir()
	file := collecttest.Write(t, dir, "token", "one\n")
	s := scrapes(t, Config{URL: srv.URL, BearerTokenFile: file})
	s.text()
	collecttest.Write(t, dir, "token", "two")
	s.text()
	collecttest.Write(t, dir, "token", "")
	collecttest.WantLines(t, ofApplications(s.text(), srv.URL), `scrape_up{application="gateway",instance="$"} 0`)
	if got := fmt.Sprint(asked); got != "[Bearer one Bearer two]" {
		t.Errorf("asked as %s, want with the token that is in the file", got)
	}
}

// TestScrapeAsks shows who asks, and how.
func TestScrapeAsks(t *testing.T) {
	t.Parallel()
	f := func(cfg Config, want string) {
		t.Helper()
		got := ""
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = fmt.Sprintf("%s|%s|%s", r.Host, r.Header.Get("Authorization"), r.Header.Get("X-Key"))
			io.WriteString(w, "a 1\n")
		}))
		defer srv.Close()
		cfg.URL = srv.URL
		scrapes(t, cfg).text()
		if got = strings.ReplaceAll(got, srv.Listener.Addr().String(), "$"); got != want {
			t.Errorf("%+v asks as %q, want %q", cfg, got, want)
		}
	}
	f(Config{}, "$||")
	f(Config{Username: "u", Password: "p"}, "$|Basic dTpw|")
	f(Config{BearerToken: "t"}, "$|Bearer t|")
	f(Config{Headers: map[string]secret.Secret{"X-Key": "k", "Host": "pay.example"}}, "pay.example||k")
}

// TestScrapeHealth reads what Spring Boot's actuator says.
func TestScrapeHealth(t *testing.T) {
	t.Parallel()
	f := func(answer, want string) {
		t.Helper()
		srv := says(t, "application/vnd.spring-boot.actuator.v3+json", map[string]string{"/metrics": "a 1\n", "/health": answer})
		cfg := Config{URL: srv.URL + "/metrics", HealthURL: srv.URL + "/health"}
		got := collecttest.SamplesOf(strings.ReplaceAll(ofApplications(scrapes(t, cfg).text(), srv.URL), `application="gateway",`, ""), "scrape_health")
		if got = strings.ReplaceAll(strings.ReplaceAll(got, "scrape_health", ""), `,instance="$"`, ""); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", answer, got, want)
		}
	}
	f(`{"status":"UP"}`, `{component="",status="UP"} 1`)
	f(`{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"password=x"},"components":{"orders":{"status":"DOWN"},"risk":{"status":"UP"}}},"ping":{"status":"out_of_service"}}}`,
		`{component="",status="DOWN"} 1
{component="db",status="DOWN"} 1
{component="db/orders",status="DOWN"} 1
{component="db/risk",status="UP"} 1
{component="ping",status="OUT_OF_SERVICE"} 1`)
	f(`{"status":"not well at all!"}`, `{component="",status="OTHER"} 1`)
	f(`{"state":"fine"}`, `{component="",status="NO_ANSWER"} 1`)
	f(`<html>`, `{component="",status="NO_ANSWER"} 1`)
	var all strings.Builder
	for i := range maxHealthComponents + 5 {
		fmt.Fprintf(&all, `"c%d":{"status":"UP"},`, i)
	}
	srv := says(t, "application/json", map[string]string{"/metrics": "a 1\n", "/health": `{"status":"UP","components":{` + strings.TrimSuffix(all.String(), ",") + "}}"})
	text := scrapes(t, Config{URL: srv.URL + "/metrics", HealthURL: srv.URL + "/health"}).text()
	if n := strings.Count(text, "\nscrape_health{"); n != maxHealthComponents+1 || !strings.Contains(text, `gatewatch_collector_dropped_samples_total{collector="scrape_gateway"} 5`) {
		t.Errorf("%d states, want %d and 5 dropped, in\n%s", n, maxHealthComponents+1, text)
	}
}

func TestScrapeConfig(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config), want string) {
		t.Helper()
		c := Config{URL: "http://127.0.0.1:8081/metrics"}
		c.SetDefaults()
		change(&c)
		err := c.Validate()
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && !strings.Contains(got, want) || err != nil && want == "" {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.URL = "" }, "url: is missing")
	f(func(c *Config) { c.HealthURL = "ftp://x" }, "health_url: must be http://host")
	f(func(c *Config) { c.Preset = "java" }, `preset: "java" is none of all, spring, node`)
	f(func(c *Config) { c.Keep = []string{"a_*", "b["} }, `keep[1]: "b[" is no name`)
	f(func(c *Config) { c.Drop = make([]string, 101) }, "drop: has 101 entries")
	f(func(c *Config) { c.Password = "p" }, "password: means nothing without username")
	f(func(c *Config) { c.Username, c.BearerToken = "u", "t" }, "bearer_token: and username")
	f(func(c *Config) { c.BearerTokenFile = "/none" }, "bearer_token_file:")
	f(func(c *Config) { c.BearerTokenFile, c.BearerToken = "/none", "t" }, "bearer_token_file: cannot be there beside")
	f(func(c *Config) { c.Headers = map[string]secret.Secret{"X": "a\r\nb"} }, "headers:")
	f(func(c *Config) { c.CAFile = "/none" }, "ca_file:")
	f(func(c *Config) { c.Interval = 1 }, "interval: must be at least 1s")
}

// FuzzReadExposition: whatever an application writes is read or refused, and what is read can be served.
func FuzzReadExposition(f *testing.F) {
	page, err := os.ReadFile("testdata/spring.prom")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(page), "a 1 # {b=\"c\"} 1\n", "a{b=\"\\\"}\"} 1", "{\"a.b\"} 1", "a", "{", "a{"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, openMetrics bool) {
		said, err := readExposition(text, openMetrics, func(string) bool { return true })
		if err != nil {
			return
		}
		for name, family := range said.families {
			if name == "" || family.GetName() != name {
				t.Errorf("readExposition(%q) has a family %q called %q", text, name, family.GetName())
			}
			for _, m := range family.Metric {
				if m.Untyped == nil || m.TimestampMs != nil {
					t.Errorf("readExposition(%q): %v is typed or has a time", text, m)
				}
			}
		}
	})
}
