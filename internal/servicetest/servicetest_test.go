//go:build unix

package servicetest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// eventually waits until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(pollInterval) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

func TestElasticsearchKillRestart(t *testing.T) {
	t.Parallel()
	s := ElasticsearchNode(t)
	if body := get(t, s.URL); !strings.Contains(body, "You Know, for Search") {
		t.Fatalf("GET / = %s", body)
	}
	resp, err := http.Post(s.URL+"/kept/_doc/1", "application/json", strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	s.Kill()
	if _, err := http.Get(s.URL); err == nil {
		t.Fatal("the killed node still answers")
	}
	s.Restart(t)
	if body := get(t, s.URL+"/kept/_doc/1"); !strings.Contains(body, `"found":true`) {
		t.Errorf("after kill and restart: %s, want the document", body)
	}
}

func TestPrometheusScrapes(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "things_total 7\n")
	}))
	defer target.Close()
	s := Prometheus(t, target.Listener.Addr().String())
	eventually(t, "a scrape", func() bool {
		var answer struct{ Data struct{ Result []any } }
		if err := json.Unmarshal([]byte(get(t, s.URL+"/api/v1/query?query=things_total")), &answer); err != nil {
			t.Fatal(err)
		}
		return len(answer.Data.Result) == 1
	})
}

func TestNginxWritesLog(t *testing.T) {
	t.Parallel()
	s := Nginx(t, `access_log @DIR@/access.log; server { listen @LISTEN@; location / { return 200 "hello"; } }`)
	log := filepath.Join(s.Dir, "access.log")
	if body := get(t, s.URL+"/first"); body != "hello" {
		t.Fatalf("GET = %q", body)
	}
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	// The worker goes on with the old file for a moment.
	eventually(t, "a line in a new log", func() bool {
		get(t, s.URL+"/second")
		old, _ := os.ReadFile(log + ".1")
		text, _ := os.ReadFile(log)
		return strings.Contains(string(old), "/first") && strings.Contains(string(text), "/second")
	})
}

func TestChromiumRenders(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<p id=p></p><script>p.textContent = "6 times 7 is " + 6*7</script>`)
	}))
	defer page.Close()
	b := Chromium(t)
	args := []string{"--dump-dom"}
	for name, value := range b.Flags {
		arg := "--" + name
		if text, ok := value.(string); ok {
			arg += "=" + text
		}
		args = append(args, arg)
	}
	out, err := exec.CommandContext(t.Context(), b.Path, append(args, page.URL)...).Output()
	if err != nil || !strings.Contains(string(out), "6 times 7 is 42") {
		t.Errorf("page = %q (%v), want the script's text", out, err)
	}
}

// TestServersDieWithTheTest runs itself in a process that starts a server and is killed.
func TestServersDieWithTheTest(t *testing.T) {
	const asked = "SERVICETEST_START_AND_DIE"
	if os.Getenv(asked) != "" {
		s := Nginx(t, `server { listen @LISTEN@; }`)
		os.WriteFile(os.Getenv(asked), []byte(strconv.Itoa(s.cmd.Process.Pid)), 0o600)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	wanted(t)
	program(t, "apt-get install nginx-light", "nginx")
	dir := t.TempDir()
	file := filepath.Join(dir, "pid")
	cmd := exec.Command(os.Args[0], "-test.run=^TestServersDieWithTheTest$")
	cmd.Env = append(os.Environ(), asked+"="+file, "TMPDIR="+dir)
	if err := cmd.Run(); err == nil {
		t.Fatal("the child was not killed")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the server", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

// TestKilledAtOnce kills a server whose processes are in groups of their own, and starts it again at once: what is left of
// the one before would be in the way.
func TestKilledAtOnce(t *testing.T) {
	t.Parallel()
	s := PostgreSQL(t)
	for range 3 {
		workers := descendants(s.cmd.Process.Pid)
		s.Kill()
		for _, pid := range workers {
			if !gone(pid) {
				t.Errorf("process %d is still there", pid)
			}
		}
		s.Restart(t)
	}
}

// TestFreeAddress has a server listen on an address that is nobody else's.
func TestFreeAddress(t *testing.T) {
	t.Parallel()
	addr := FreeAddress(t)
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("somebody listens on a free address")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
