package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/servicetest"
)

// lacks waits until /metrics holds text nowhere.
func (r *reloadable) lacks(text string) {
	r.t.Helper()
	eventually(r.t, text+" is gone", func() error {
		metrics, err := r.get("/metrics")
		if err == nil && strings.Contains(metrics, text) {
			err = fmt.Errorf("%s is still in /metrics", text)
		}
		return err
	})
}

// scraping gathers /metrics again and again until stop is called: no scrape may fail, or lack the text.
func (r *reloadable) scraping(text string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			metrics, err := r.get("/metrics")
			if err == nil && !strings.Contains(metrics, text) {
				err = fmt.Errorf("there is no %s", text)
			}
			if err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("a scrape during reloads: %v", err)
		}
	}
}

// A reload begins and ends probes, and leaves alone what did not change: it keeps its connection and its count.
func TestReloadExchangesCollectors(t *testing.T) {
	t.Parallel()
	var connections, answered, asked atomic.Int64
	status := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answered.Add(1)
		fmt.Fprint(w, "Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n")
	}))
	status.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	status.Start()
	t.Cleanup(status.Close)
	bank := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(bank.Close)
	config := func(probes string) string {
		return "  posture: null\n  processes: null\n  interval: 1s\n  nginx: [{name: front, status_url: " + status.URL + ", interval: 1s}]\n" +
			"  probes: [" + probes + "]\n"
	}
	probe := func(name string) string { return "{name: " + name + ", interval: 1s, url: " + bank.URL + "}" }
	r := startWatching(t, config(probe("one")))
	up := func(name string) string {
		return `probe_success{instance="` + strings.TrimPrefix(bank.URL, "http://") + `",name="` + name + `"} 1`
	}
	nginx := `nginx_up{instance="` + strings.TrimPrefix(status.URL, "http://") + `",name="front"} 1`
	r.awaits(up("one"))
	r.awaits(nginx)
	stop := r.scraping(nginx)

	r.collectors(config(probe("two")))
	if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.awaits(up("two"))
	r.lacks(`"one"`)
	r.lacks("probe_one")

	r.collectors(config(probe("two")) + "  scrapes: [{name: app, url: " + status.URL + ", ca_file: DIR/none.pem}]\n")
	if code, body := r.reload(http.MethodPost); code != http.StatusBadRequest || !strings.Contains(body, "collectors.scrapes[0].ca_file") {
		t.Errorf("reload with a file of authorities that is not there: %d %s", code, body)
	}
	r.awaits(up("two"))
	for i := range 4 {
		r.collectors(config(probe("two") + "," + probe(fmt.Sprint("more", i))))
		r.mustReload()
	}
	r.awaits(up("more3"))
	r.collectors(config(""))
	r.mustReload()
	r.lacks("probe_success")
	after, before := asked.Load(), answered.Load()
	eventually(t, "nginx is asked on", func() error {
		if now := answered.Load(); now < before+2 {
			return fmt.Errorf("it was asked %d times since the last reload", now-before)
		}
		return nil
	})
	stop()
	if n := connections.Load(); n != 1 {
		t.Errorf("a status page that no reload changed was asked over %d connections, want 1", n)
	}
	if n := asked.Load(); n != after {
		t.Errorf("%d probes came after a reload took them all away", n-after)
	}
}

// A reload that adds probes, and one that changes another database, leaves the session of a database as it is.
func TestReloadKeepsDatabaseSessions(t *testing.T) {
	t.Parallel()
	s := servicetest.PostgreSQL(t)
	root, err := pgconn.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close(context.Background()) })
	// sessions are the process numbers of the agent's sessions in the databases.
	sessions := func(database string) string {
		t.Helper()
		results, err := root.Exec(t.Context(), "SELECT coalesce(string_agg(pid::text, ' ' ORDER BY pid), '') FROM pg_stat_activity "+
			"WHERE application_name = 'gatewatch' AND datname = '"+database+"'").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return string(results[0].Rows[0][0])
	}
	entry := func(name, database, more string) string {
		return "{name: " + name + ", interval: 1s, dsn: \"" + strings.Replace(s.URL, s.Addr+"/postgres", s.Addr+"/"+database, 1) + "\"" + more + "}"
	}
	config := func(databases, more string) string {
		return "  posture: null\n  processes: null\n  postgres: [" + databases + "]\n" + more
	}
	kept := entry("kept", "postgres", "")
	r := startWatching(t, config(kept+","+entry("other", "template1", ""), ""))
	up := func(name string) string { return `pg_up{instance="` + s.Addr + `",name="` + name + `"} 1` }
	r.awaits(up("kept"))
	r.awaits(up("other"))
	before, other := sessions("postgres"), sessions("template1")
	if len(strings.Fields(before)) != 1 || len(strings.Fields(other)) != 1 {
		t.Fatalf("before the reload there are sessions %q and %q, want one each", before, other)
	}

	r.collectors(config(kept+","+entry("other", "template1", ", statements: -1"), "  probes: [{name: new, url: \"tcp://"+s.Addr+"\"}]\n"))
	r.mustReload()
	r.awaits(`probe_success{instance="` + s.Addr + `",name="new"} 1`)
	eventually(t, "the changed database has a new session", func() error {
		if now := sessions("template1"); now == other || len(strings.Fields(now)) != 1 {
			return fmt.Errorf("its sessions are %q, were %q", now, other)
		}
		return nil
	})
	r.collectors(config(kept, ""))
	r.mustReload()
	eventually(t, "the database that was taken out has no session", func() error { // the server needs a moment for the goodbye
		if now := sessions("template1"); now != "" {
			return fmt.Errorf("it has the session %s", now)
		}
		return nil
	})
	r.lacks(`name="other"`)
	time.Sleep(1500 * time.Millisecond) // longer than the interval: another session would show
	if now := sessions("postgres"); now != before {
		t.Errorf("after three reloads the session of an unchanged database is %q, was %q", now, before)
	}
	r.awaits(up("kept"))
}

// startWatching is startReloadable with keys of collectors.
func startWatching(t *testing.T, keys string) *reloadable {
	t.Helper()
	r := &reloadable{t: t, dir: t.TempDir()}
	r.collectors(keys)
	r.process = start(t, "run", "-config", r.dir+"/gatewatch.yml")
	return r
}

// collectors writes a configuration whose section collectors has the keys.
func (r *reloadable) collectors(keys string) {
	r.t.Helper()
	r.file("gatewatch.yml", "data_dir: DIR/data\nhttp: {listen: \"127.0.0.1:0\"}\nseries: {interval: 1s}\ncollectors:\n  host: null\n"+keys)
}
