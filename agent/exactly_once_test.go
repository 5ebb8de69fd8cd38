package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// lines counts the lines of the files that match glob.
func lines(t *testing.T, glob string) int {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n += strings.Count(string(data), "\n")
	}
	return n
}

// settledLines is lines when nothing is written any more: nginx writes a line after it has answered.
func settledLines(t *testing.T, glob string) (n int) {
	t.Helper()
	for before := -1; n != before; time.Sleep(time.Second) {
		before, n = n, lines(t, glob)
	}
	return n
}

// awaitCount waits until Elasticsearch holds want documents, and a moment longer for one too many.
func awaitCount(t *testing.T, url, namespace string, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d documents are in Elasticsearch", want), func() error {
		got, err := count(url, namespace)
		if err == nil && got != want {
			err = fmt.Errorf("%d documents, want %d", got, want)
		}
		if got > want {
			t.Fatal(err)
		}
		return err
	})
}

// The writer rotates by renaming while the agent is killed again and again, stopped in order, and killed together with
// Elasticsearch; each line must be there once.
func TestEveryLineOnceOverKillsAndRestarts(t *testing.T) {
	es := servicetest.ElasticsearchNode(t)
	dir := t.TempDir()
	gen := filepath.Join(dir, "gen")
	if out, err := exec.Command("go", "build", "-o", gen, "gatewatch/bench/gen").CombinedOutput(); err != nil {
		t.Fatalf("build the generator: %v\n%s", err, out)
	}
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	gw := filepath.Join(logs, "gw.log")
	config := writeConfig(t, dir, es.URL, "once", "", gw)
	p := start(t, "run", "-config", config)
	writer := exec.Command(gen, "-rate", "2000", "-dur", "20s", "-o", gw, "-rotate", "rename", "-every", "3s", "-keep", "50")
	written, err := servicetest.Start(writer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writer.Process.Kill(); <-written })
	// What was rotated away before the agent ever saw the log is not its business.
	eventually(t, "the log is followed", func() error {
		metrics, err := p.get("/metrics")
		if err != nil {
			return err
		}
		return contains(metrics, `gatewatch_tail_file_lag_bytes{`)
	})
	for i := range 5 {
		if i > 0 {
			p = start(t, "run", "-config", config)
		}
		time.Sleep(time.Duration(1000+i*350) * time.Millisecond) // anywhere in its work
		switch i {
		case 2:
			p.stop()
		case 3:
			es.Kill()
			p.kill()
			es.Restart(t)
		default:
			p.kill()
		}
	}
	start(t, "run", "-config", config)
	<-written
	if !writer.ProcessState.Success() {
		t.Fatalf("generator: %v", writer.ProcessState)
	}
	awaitCount(t, es.URL, "once", lines(t, gw+"*"))
}

// A real nginx writes its access log under real requests, reopens it as logrotate makes it do, and the agent is
// restarted in between.
func TestNginxAccessLogOnce(t *testing.T) {
	es := servicetest.Elasticsearch(t)
	dir := t.TempDir()
	access := filepath.Join(dir, "access.log")
	nginx := servicetest.Nginx(t, `
		log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
			'"$http_referer" "$http_user_agent" $request_time $upstream_response_time';
		access_log `+access+` timed;
		server { listen @LISTEN@; location / { return 200 "ok"; } location /v1/refunds { return 502; } }`)
	config := writeConfig(t, dir, es.URL, "nginx", "", access)
	p := start(t, "run", "-config", config)
	request := func(n int) {
		for i := range n {
			path := "/v1/charges"
			if i%10 == 0 {
				path = "/v1/refunds"
			}
			httpGet(nginx.URL + path + fmt.Sprintf("?n=%d", i)) // a 502 is wanted
		}
	}
	request(200)
	if err := os.Rename(access, access+".1"); err != nil {
		t.Fatal(err)
	}
	request(50) // nginx still writes to the renamed file
	if err := nginx.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	request(100)
	p.stop()
	request(100)
	p = start(t, "run", "-config", config)
	request(50)
	awaitCount(t, es.URL, "nginx", settledLines(t, access+"*"))
	metrics, err := p.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(metrics, `gateway_http_requests_total{`) {
		t.Errorf("/metrics has no gateway_http_requests_total:\n%.2000s", metrics)
	}
}
