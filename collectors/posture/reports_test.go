package posture

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
)

// The reports in testdata/reports with a version in their names are what that version of the scanner wrote about things
// made for it, with long texts cut; the others are written after the documentation of the scanners.
func TestParseReport(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, format, file string, made string, want map[string]int) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("testdata/reports", file))
		if err != nil {
			t.Fatal(err)
		}
		got, at, err := parseReport(format, data)
		wantAt, _ := time.Parse(time.RFC3339, made) // "" is the zero time
		if err != nil || !reflect.DeepEqual(got, want) || !at.Equal(wantAt) {
			t.Errorf("%s is %v, made %v, %v, want %v, %v", file, got, at, err, want, wantAt)
		}
	}
	f(t, "trivy", "trivy.json", "2026-11-20T03:00:12Z", map[string]int{"critical": 1, "high": 2, "medium": 1, "low": 1, "info": 1})
	f(t, "nuclei", "nuclei.jsonl", "2026-11-20T03:10:02Z", map[string]int{"high": 1, "medium": 1, "info": 1})
	f(t, "nuclei", "nuclei.json", "2026-11-20T03:10:01Z", map[string]int{"critical": 1})
	f(t, "zap", "zap.json", "2026-11-20T03:20:00.5Z", map[string]int{"high": 1, "medium": 1, "low": 1})
	f(t, "sarif", "semgrep.sarif", "2026-11-20T03:30:00Z", map[string]int{"critical": 1, "high": 1, "medium": 1, "low": 1})
	f(t, "govulncheck", "govulncheck-1.9.0.json", "", map[string]int{"high": 1, "medium": 2, "low": 1})
	f(t, "govulncheck", "govulncheck-1.9.0-clean.json", "", map[string]int{})
	f(t, "sarif", "govulncheck-1.9.0.sarif", "", map[string]int{"high": 1, "medium": 2, "low": 1})
	// The last line is of a template that did not match.
	f(t, "nuclei", "nuclei-3.3.7.jsonl", "2026-11-23T03:30:22.889813187Z", map[string]int{"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 3})
	f(t, "nuclei", "nuclei-3.3.7.json", "2026-11-23T03:28:49.944559664Z", map[string]int{"critical": 1, "high": 1})
	f(t, "sarif", "nuclei-3.3.7.sarif", "", map[string]int{"critical": 2, "high": 1, "medium": 1, "low": 3})
	f(t, "zap", "zap-2.10.0.json", "", map[string]int{"high": 2, "medium": 2, "low": 1, "info": 1})
	f(t, "sarif", "semgrep-1.182.0.sarif", "", map[string]int{"high": 3, "medium": 1, "low": 2})
	f(t, "sarif", "bandit-1.9.4.sarif", "2026-11-23T04:12:30Z", map[string]int{"high": 2, "medium": 3, "low": 2})
	f(t, "trivy", "trivy-0.58.1.json", "2026-11-23T03:37:46.337846902Z", map[string]int{"critical": 4, "high": 3, "medium": 2, "low": 3, "info": 1})
	f(t, "sarif", "trivy-0.58.1.sarif", "", map[string]int{"critical": 3, "high": 4, "medium": 2, "low": 3, "info": 1})
}

// TestParseReportSARIF reads what scanners differ in.
func TestParseReportSARIF(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, run, level string) {
		t.Helper()
		got, _, err := parseReport("sarif", []byte("\xef\xbb\xbf"+`{"version":"2.1.0","runs":[`+run+`]}`))
		want := map[string]int{}
		if level != "" {
			want[level] = 1
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, %v, want %v", run, got, err, want)
		}
	}
	f(t, `{"results":[{"ruleId":"a","kind":"review","level":"error"}]}`, "high")
	f(t, `{"results":[{"ruleId":"a","kind":"notApplicable"}]}`, "")
	f(t, `{"results":[{"ruleId":"a","kind":"informational"}]}`, "")
	f(t, `{"results":[{"ruleId":"a","kind":"pass","level":"none"}]}`, "")
	f(t, `{"tool":{"driver":{"rules":[]},"extensions":[{"rules":[{"id":"a","properties":{"security-severity":"9.8"}}]}]},"results":[{"rule":{"id":"a"}}]}`, "critical")
	f(t, `{"tool":{"driver":{"rules":[{"id":"a","properties":{"security-severity":"9.8","tags":["security","LOW"]}}]}},"results":[{"ruleId":"a"}]}`, "low")
}

func TestParseReportMistaken(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, format, text string) {
		t.Helper()
		if counts, _, err := parseReport(format, []byte(text)); err == nil {
			t.Errorf("%s takes %q for a report: %v", format, text, counts)
		}
	}
	for _, format := range reportFormats() {
		f(t, format, `{"a": 1}`)
		f(t, format, `{"a": `)
		if format != "nuclei" { // which writes nothing when it finds nothing
			f(t, format, ``)
		}
	}
	f(t, "nuclei", `[{"x":1}]`)
	// All that govulncheck 1.9 writes, with status 1, of a program that does not compile, and when its list does not answer.
	f(t, "govulncheck", `{"config":{"protocol_version":"v1.0.0","scanner_name":"govulncheck","scanner_version":"v1.9.0","scan_mode":"source"}}`)
	f(t, "govulncheck", `{"config":{"scanner_version":"v1.9.0"}}{"SBOM":{}}{"progress":{"message":"Fetching vulnerabilities from the database..."}}`)
	f(t, "zap", `{"site":[{"alerts":[{"riskcode":"9"}]}]}`)
	// What ZAP 2.10 writes when it saw no site.
	f(t, "zap", `{"@version":"2.10.0","@generated":"Mon, 23 Nov 2026 04:15:03","site":[]}`)
}

// TestReports reads the newest report, again when it changed, and says when there is none or a broken one.
func TestReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, err := os.ReadFile("testdata/reports/trivy.json")
	if err != nil {
		t.Fatal(err)
	}
	old := collecttest.Write(t, dir, "a.json", "broken")
	if err := os.Chtimes(old, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	made, err := time.Parse(time.RFC3339, "2026-11-20T03:00:12Z")
	if err != nil {
		t.Fatal(err)
	}
	newest := collecttest.Write(t, dir, "b.json", string(data))
	if err := os.Chtimes(newest, time.Time{}, made.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	c := newReports([]ReportConfig{{Name: "gateway", Format: "trivy", Path: filepath.Join(dir, "*.json")}, {Name: "web", Format: "sarif", Scanner: "semgrep", Path: filepath.Join(dir, "none")}})
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `posture_scanner_findings{level="critical",name="gateway",scanner="trivy"} 1`, `posture_scanner_findings{level="high",name="gateway",scanner="trivy"} 2`,
		`posture_report_readable{name="gateway",scanner="trivy"} 1`, `posture_scanner_last_scan_timestamp_seconds{name="gateway",scanner="trivy"} `+collecttest.Seconds(made),
		`posture_scanner_last_scan_timestamp_seconds{name="web",scanner="semgrep"} 0`, `posture_report_readable{name="web",scanner="semgrep"} 0`, `gatewatch_collector_success{collector="posture_reports"} 1`)

	collecttest.Write(t, dir, "b.json", string(data[:len(data)/2]))
	text = collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `posture_report_readable{name="gateway",scanner="trivy"} 0`, `gatewatch_collector_success{collector="posture_reports"} 0`)
	if collecttest.SamplesOf(text, "posture_scanner_findings") != "" {
		t.Errorf("findings of a report that is gone are told:\n%s", text)
	}
}

func FuzzParseReport(f *testing.F) {
	files, err := filepath.Glob("testdata/reports/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range reportFormats() {
			counts, _, err := parseReport(format, data)
			for level, n := range counts {
				if err == nil && n <= 0 {
					t.Errorf("%s: %d findings of level %s in %q", format, n, level, data)
				}
			}
		}
	})
}
