package faults

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// program builds the program of the module's folder once, for all tests that ask for it.
type program struct {
	folder string
	// overlay writes what of Go's own library is replaced in the program, and returns the file for go build -overlay.
	overlay func(dir string) (string, error)
	once    sync.Once
	path    string
	err     error
}

var (
	gatewatch        = &program{folder: "agent"}
	gatewatchJumping = &program{folder: "agent", overlay: jumpingClock}
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, p := range []*program{gatewatch, gatewatchJumping} {
		if p.path != "" {
			os.RemoveAll(filepath.Dir(p.path))
		}
	}
	os.Exit(code)
}

func (p *program) build(t *testing.T) string {
	t.Helper()
	p.once.Do(func() { p.err = p.compile() })
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

func (p *program) compile() error {
	dir, err := os.MkdirTemp("", "gatewatch-faults-*")
	if err != nil {
		return err
	}
	p.path = filepath.Join(dir, p.folder)
	args := []string{"build", "-o", p.path}
	if p.overlay != nil {
		overlay, err := p.overlay(dir)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, "gatewatch/"+p.folder)...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// agent is one agent that is started again and again with the same data.
type agent struct {
	t      *testing.T
	path   string
	config string
	clock  string // the file that says how wrong the clock is, of an agent whose clock jumps

	// What configure writes: the folder of the data, what is followed, and where it is sent to.
	data, glob, url, namespace string
	journal                    string // its largest size

	cmd   *exec.Cmd
	ended <-chan struct{}

	mu      sync.Mutex
	output  bytes.Buffer
	started int // how much output there was at the last start
}

// newAgent prepares an agent that follows glob, keeps its data in the folder data and sends to the Elasticsearch at url.
func newAgent(t *testing.T, data, url, namespace, glob string) *agent {
	t.Helper()
	a := &agent{
		t: t, path: gatewatch.build(t), config: filepath.Join(t.TempDir(), "gatewatch.yml"),
		data: data, glob: glob, url: url, namespace: namespace, journal: "2GiB",
	}
	if err := a.configure("", ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.kill)
	return a
}

// configure writes the configuration, with more settings of the log files and of the output. No alert rules run: they
// have nothing to do with the way of a line.
func (a *agent) configure(logs, output string) error {
	text := fmt.Sprintf(`data_dir: %q
http: {listen: "127.0.0.1:0"}
journal: {max_size: %s}
logs: [{paths: [%q]%s}]
outputs: {elasticsearch: {urls: [%q], namespace: %s%s}}
alerting: {packs: []}
`, a.data, a.journal, a.glob, logs, a.url, a.namespace, output)
	return os.WriteFile(a.config, []byte(text), 0o600)
}

func (a *agent) start() error {
	cmd := exec.Command(a.path, "run", "-config", a.config)
	if a.clock != "" {
		cmd.Env = append(os.Environ(), clockVariable+"="+a.clock)
	}
	cmd.Stdout, cmd.Stderr = a, a
	a.mu.Lock()
	a.started = a.output.Len()
	a.mu.Unlock()
	ended, err := servicetest.Start(cmd)
	if err != nil {
		return err
	}
	a.cmd, a.ended = cmd, ended
	return nil
}

// Write keeps what the agent says.
func (a *agent) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.output.Write(b)
}

// said returns the end of what the agent wrote.
func (a *agent) said() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.output.Bytes()
	return string(b[max(0, len(b)-6000):])
}

// mentioned tells whether the agent wrote text since the test began.
func (a *agent) mentioned(text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return bytes.Contains(a.output.Bytes(), []byte(text))
}

func (a *agent) running() bool {
	if a.cmd == nil {
		return false
	}
	select {
	case <-a.ended:
		return false
	default:
		return true
	}
}

// kill ends the agent as kill -9 does.
func (a *agent) kill() {
	if a.running() {
		a.cmd.Process.Kill()
		<-a.ended
	}
}

var pageAddress = regexp.MustCompile(`Page: (http://127\.0\.0\.1:\d+)/`)

// address returns where the page is of the agent that was started last, or "".
func (a *agent) address() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := pageAddress.FindSubmatch(a.output.Bytes()[a.started:]); found != nil {
		return string(found[1])
	}
	return ""
}

// ready waits until the agent that was started last answers.
func (a *agent) ready() error {
	err := errors.New("it printed no address")
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if !a.running() {
			return fmt.Errorf("the agent ended:\n%s", a.said())
		}
		address := a.address()
		if address == "" {
			continue
		}
		var resp *http.Response
		if resp, err = http.Get(address + "/-/ready"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return fmt.Errorf("the agent does not answer: %w\n%s", err, a.said())
}
