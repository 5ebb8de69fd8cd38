package host

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

func TestTextfiles(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, wantError string, want, unwanted []string, files map[string]string) {
		t.Helper()
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := collectTextfiles(Config{TextfileDir: dir, names: collect.GivenNames{"node_load1": true, "node_load_*": true}})
		c.Timeout = time.Minute
		text := collecttest.Collect(t, c)
		for _, line := range append(want, "node_textfile_scrape_error "+wantError) {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("files %v: no %q in\n%s", files, line, text)
			}
		}
		for _, line := range unwanted {
			if strings.Contains(text, line) {
				t.Errorf("files %v: %q is in\n%s", files, line, text)
			}
		}
	}
	f(t, "0", nil, nil, nil)
	f(t, "0", []string{`backup_age{db="pay"} 3`, "jobs_total 7"}, nil, map[string]string{
		"a.prom": "# HELP backup_age One help.\nbackup_age{db=\"pay\"} 3\n", "b.prom": "# TYPE jobs_total counter\njobs_total 7\n",
		"half-written.prom.tmp": "nonsense nonsense"})
	f(t, "0", []string{`took_bucket{le="+Inf"} 2`, "took_sum 3"}, nil, map[string]string{
		"a.prom": "# TYPE took histogram\ntook_bucket{le=\"1\"} 1\ntook_bucket{le=\"+Inf\"} 2\ntook_sum 3\ntook_count 2\n"})
	// One bad file leaves the others.
	f(t, "1", []string{"good 1"}, nil, map[string]string{"a.prom": "x{", "b.prom": "good 1\n"})
	// The same help twice, another help, the same series twice, another type.
	f(t, "0", []string{`same{n="1"} 1`, `same{n="2"} 2`}, nil, map[string]string{
		"a.prom": "# HELP same One.\nsame{n=\"1\"} 1\n", "b.prom": "# HELP same Two.\nsame{n=\"2\"} 2\n"})
	f(t, "1", []string{"same 1"}, []string{"same 2"}, map[string]string{"a.prom": "same 1\n", "b.prom": "same 2\n"})
	f(t, "1", []string{"same 1"}, nil, map[string]string{"a.prom": "# TYPE same gauge\nsame 1\n", "b.prom": "# TYPE same counter\nsame{x=\"y\"} 2\n"})
	// What looks like the agent's own word, and what is not of now.
	f(t, "1", nil, []string{"payment_attempts_total"}, map[string]string{"a.prom": "payment_attempts_total 1000000\n"})
	f(t, "1", []string{"good 1"}, []string{"\nup "}, map[string]string{"a.prom": "up 1\ngood 1\n"})
	f(t, "1", nil, []string{"ALERTS", "payments:"}, map[string]string{"a.prom": "ALERTS{alertname=\"X\"} 1\npayments:providers_unwell:count 1\n"})
	f(t, "1", []string{"good 1"}, []string{"node_load1 99"}, map[string]string{"a.prom": "node_load1 99\ngood 1\n"})
	f(t, "1", nil, []string{"node_load1_count"}, map[string]string{"a.prom": "# TYPE node_load summary\nnode_load_sum 1\nnode_load_count 2\n"})
	f(t, "1", nil, []string{"\nold "}, map[string]string{"a.prom": "old 1 1395066363000\n"})
	f(t, "1", nil, nil, map[string]string{"a.prom": strings.Repeat("# much\n", maxTextfileBytes/7+1)})
}

// TestTextfilePipe has a pipe among the files: nobody writes into it.
func TestTextfilePipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a.prom"), 0o600); err != nil {
		t.Fatal(err)
	}
	collecttest.Write(t, dir, "b.prom", "# nothing\n")
	c := collectTextfiles(Config{TextfileDir: dir})
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, "node_textfile_scrape_error 1")
	if !strings.Contains(text, "b.prom") {
		t.Errorf("the file beside the pipe is not read:\n%s", text)
	}
}
