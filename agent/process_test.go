package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// asAgent makes the test binary be the agent, so that tests can kill it.
const asAgent = "GATEWATCH_TEST_AS_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) != "" {
		main()
		return
	}
	servicetest.Main(m)
}

// process is a running agent.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string // of the page, http://127.0.0.1:port

	mu     sync.Mutex
	output bytes.Buffer
	ended  <-chan struct{}
	// address gets that of the page, once the agent has printed it.
	address chan string
}

var pageAddress = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/\s`)

// start starts the agent as a process of its own and waits until its page answers.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), address: make(chan string, 1)}
	p.cmd.Env = append(os.Environ(), asAgent+"=1")
	p.cmd.Stdout, p.cmd.Stderr = writerFunc(p.keep), writerFunc(p.keep)
	ended, err := servicetest.Start(p.cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.ended = ended
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("output of gatewatch %s:\n%s", strings.Join(args, " "), p.text())
		}
	})
	select {
	case p.base = <-p.address:
	case <-p.ended:
		t.Fatalf("gatewatch %v ended:\n%s", args, p.text())
	case <-time.After(60 * time.Second):
		t.Fatalf("gatewatch %v printed no address:\n%s", args, p.text())
	}
	eventually(t, "the page answers", func() error {
		_, err := p.get("/-/ready")
		return err
	})
	return p
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func (p *process) keep(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.output.Write(b)
	if a := pageAddress.FindSubmatch(p.output.Bytes()); a != nil {
		select {
		case p.address <- string(a[1]):
		default:
		}
	}
	return n, err
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// kill ends the agent as kill -9 does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop ends the agent as systemd does, and checks that it goes in order.
func (p *process) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.t.Fatalf("the agent does not stop:\n%s", p.text())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("exit code %d, want 0:\n%s", code, p.text())
	}
}

func (p *process) get(path string) (string, error) { return httpGet(p.base + path) }

func httpGet(url string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.500s", url, resp.Status, body)
	}
	return string(body), err
}

// eventually waits until ready returns nil.
func eventually(t *testing.T, what string, ready func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
	}
	t.Fatalf("%s: not after 3 min: %v", what, err)
}

// configure writes a configuration that follows globs and ships to the Elasticsearch at url, if any, and returns its
// path. more is added as it is.
func writeConfig(t *testing.T, dir, url, namespace, more string, globs ...string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "data_dir: %s\nhttp: {listen: \"127.0.0.1:0\"}\nlogs:\n", filepath.Join(dir, "data"))
	for _, g := range globs {
		fmt.Fprintf(&b, "  - paths: [%q]\n", g)
	}
	if url != "" {
		fmt.Fprintf(&b, "outputs:\n  elasticsearch: {urls: [%q], namespace: %s}\n", url, namespace)
	}
	b.WriteString(more)
	path := filepath.Join(dir, "gatewatch.yml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// count returns how many documents the data streams of the namespace hold.
func count(url, namespace string) (int, error) {
	if _, err := httpGet(url + "/logs-gatewatch.*-" + namespace + "/_refresh"); err != nil {
		return 0, err
	}
	body, err := httpGet(url + "/logs-gatewatch.*-" + namespace + "/_count")
	if err != nil {
		return 0, err
	}
	var answer struct{ Count int }
	err = json.Unmarshal([]byte(body), &answer)
	return answer.Count, err
}
