package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// reloadable is a running agent whose configuration is written anew.
type reloadable struct {
	*process
	t   *testing.T
	dir string
}

func startReloadable(t *testing.T, config string) *reloadable {
	t.Helper()
	r := &reloadable{t: t, dir: t.TempDir()}
	r.write(config)
	r.process = start(t, "run", "-config", filepath.Join(r.dir, "gatewatch.yml"))
	return r
}

// write replaces the configuration. DIR in it is the test's folder.
func (r *reloadable) write(config string) {
	r.t.Helper()
	text := "data_dir: DIR/data\nhttp: {listen: \"127.0.0.1:0\"}\nseries: {interval: 1s}\ncollectors: {host: null}\n" + config
	r.file("gatewatch.yml", text)
}

func (r *reloadable) file(name, text string) {
	r.t.Helper()
	text = strings.ReplaceAll(text, "DIR", r.dir)
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// reload asks for a reload over HTTP and returns the status and the answer.
func (r *reloadable) reload(method string) (int, string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.base+"/-/reload", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// mustReload reloads over HTTP a configuration that is good.
func (r *reloadable) mustReload() {
	r.t.Helper()
	if status, body := r.reload(http.MethodPost); status != http.StatusOK {
		r.t.Fatalf("reload: %d %s", status, body)
	}
}

// awaits waits until /metrics has the line.
func (r *reloadable) awaits(line string) {
	r.t.Helper()
	eventually(r.t, line, func() error {
		metrics, err := r.get("/metrics")
		if err == nil && !strings.Contains("\n"+metrics, "\n"+line+"\n") {
			err = fmt.Errorf("%s is not in /metrics", line)
		}
		return err
	})
}

func TestReloadFollowsNewLogs(t *testing.T) {
	t.Parallel()
	const one = "logs: [{paths: [DIR/one.log]}]\n"
	r := startReloadable(t, one)
	r.file("one.log", "a\nb\n")
	r.awaits("gatewatch_records_total 2")

	r.write("logs: [{paths: [DIR/one.log]}, {paths: [DIR/two.log], labels: {service: two}}]\n")
	r.file("two.log", "a\nb\nc\n")
	r.mustReload()
	r.awaits("gatewatch_records_total 5")

	r.write("logs: [{paths: [DIR/one.log], max_line_bytes: 1000}]\n")
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.awaits(`gatewatch_tail_files{group="0:` + r.dir + `/one.log"} 1`)
	eventually(t, "two.log is let go", func() error {
		metrics, err := r.get("/metrics")
		if err == nil && strings.Contains(metrics, "two.log") {
			err = fmt.Errorf("two.log is still followed")
		}
		return err
	})
	r.file("one.log", "a\nb\nc\n")
	r.file("two.log", "a\nb\nc\nd\n")
	r.awaits("gatewatch_records_total 6")
	r.awaits("gatewatch_config_last_reload_successful 1")
}

func TestReloadKeepsTheOldConfiguration(t *testing.T) {
	t.Parallel()
	const good = "logs: [{paths: [DIR/one.log]}]\n"
	r := startReloadable(t, good)
	f := func(config string, want ...string) {
		t.Helper()
		r.write(config)
		status, body := r.reload(http.MethodPost)
		if status != http.StatusBadRequest {
			t.Errorf("reload of %q: status %d, want 400: %s", config, status, body)
		}
		for _, text := range append(want, "the one before stays in effect") {
			if !strings.Contains(body, text) {
				t.Errorf("reload of %q: %q does not say %q", config, body, text)
			}
		}
		r.awaits("gatewatch_config_last_reload_successful 0")
	}
	f("logs: [{paths: [DIR/one.log], format: jsn}]\njournal: {max_size: x}\n", "gatewatch.yml:5: logs[0].format", "gatewatch.yml:6: journal.max_size")
	f(good+"journal: {max_age: 2d}\nalerting: {external_url: \"http://pay.example\"}\n", "needs a restart: journal, alerting.external_url")
	r.file("bad.rules", "groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]")
	f(good+"alerting: {rules: [DIR/bad.rules]}\n", "bad.rules")

	if status, _ := r.reload(http.MethodGet); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /-/reload: status %d, want 405", status)
	}
	r.file("one.log", "a\n")
	r.awaits("gatewatch_records_total 1")
	r.write(good)
	r.mustReload()
	r.awaits("gatewatch_config_last_reload_successful 1")
}

// A firing alert is told once, however often the configuration is read again.
func TestReloadKeepsAlerts(t *testing.T) {
	t.Parallel()
	var messages atomic.Int64
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		messages.Add(1)
		io.WriteString(w, "ok")
	}))
	t.Cleanup(slack.Close)
	const rule = "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: vector(1), for: 1s, labels: {severity: warning}}]}]\n"
	config := "alerting: {packs: [], rules: [DIR/*.rules], slack: {webhook_url: " + slack.URL + "}, group_interval: 1s}\n"
	r := startReloadable(t, config)
	r.file("a.rules", rule)
	r.mustReload()
	told := func(want int64) {
		t.Helper()
		eventually(t, "the alert is told", func() error {
			if got := messages.Load(); got != want {
				return fmt.Errorf("%d messages, want %d", got, want)
			}
			return nil
		})
	}
	told(1)
	for i := range 4 {
		r.write(config + fmt.Sprintf("logs: [{paths: [DIR/%d.log]}]\n", i))
		r.mustReload()
		time.Sleep(1500 * time.Millisecond) // longer than rules and groups wait
	}
	told(1)
	r.file("b.rules", strings.NewReplacer("alert: A", "alert: B", "name: g", "name: h").Replace(rule))
	r.mustReload()
	told(2)
}

// What the file of outcomes says counts from the reload on, and the one before when the new one cannot be read.
func TestReloadTakesOutcomes(t *testing.T) {
	t.Parallel()
	r := &reloadable{t: t, dir: t.TempDir()}
	row := func(class string) {
		r.file("outcomes.yml", "providers:\n  stripe:\n    new_reason: {class: "+class+", note: n, source: a ticket}\n")
	}
	row("fraud")
	r.write("payments: {outcomes: DIR/outcomes.yml}\nlogs: [{paths: [DIR/one.log]}]\n")
	r.process = start(t, "run", "-config", filepath.Join(r.dir, "gatewatch.yml"))
	var lines string
	attempt := func() {
		lines += `{"level":"warn","msg":"payment failed","provider":"stripe","operation":"authorize","code":"new_reason","order_id":"` +
			fmt.Sprint(len(lines)) + `"}` + "\n"
		r.file("one.log", lines)
	}
	count := func(outcome string, n int) {
		t.Helper()
		eventually(t, "the attempt counts as "+outcome, func() error {
			metrics, err := r.get("/metrics")
			if err != nil {
				return err
			}
			for line := range strings.Lines(metrics) {
				if strings.HasPrefix(line, "payment_attempts_total") && strings.Contains(line, `outcome="`+outcome+`"`) &&
					strings.HasSuffix(line, fmt.Sprintf("} %d\n", n)) {
					return nil
				}
			}
			return fmt.Errorf("no %d attempts with outcome %s", n, outcome)
		})
	}
	attempt()
	count("fraud", 1)
	row("customer")
	r.mustReload()
	attempt()
	count("customer", 1)
	row("nonsense")
	if status, body := r.reload(http.MethodPost); status != http.StatusBadRequest || !strings.Contains(body, "outcomes.yml") {
		t.Errorf("reload of a bad file of outcomes: %d %s, want 400", status, body)
	}
	attempt()
	count("customer", 2)
}
