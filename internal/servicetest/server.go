package servicetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout  = 3 * time.Minute
	stopTimeout   = 20 * time.Second
	signalTimeout = time.Minute // for what a signal does at once, on a machine that does much else
	pollInterval  = 50 * time.Millisecond
	logTailBytes  = 4 << 10
)

// Server is one running server. Its methods are for one goroutine.
type Server struct {
	// URL is http://127.0.0.1:port, without a slash at the end.
	URL string
	// Addr is 127.0.0.1:port.
	Addr string
	// Dir is a temporary directory of the server's own; "" when it has none that tests may look into.
	Dir string

	name    string
	version string // of a PostgreSQL that is not the system's
	bin     string // where its programs are
	path    string
	args    []string
	env     []string
	ready   string
	isReady func(context.Context) bool // in place of ready
	as      *syscall.SysProcAttr       // nil: who runs the tests
	client  *http.Client
	release func() // gives the port back
	logFile string
	cmd     *exec.Cmd
	done    <-chan struct{}
}

// newServer prepares a server on a port that is its own until stop. ready is the path that answers with a status below 500
// once it is up.
func newServer(name, dir, ready string) (*Server, error) {
	addr, release, err := reserve()
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	return &Server{URL: "http://" + addr, Addr: addr, Dir: dir, name: name, ready: ready, client: http.DefaultClient, release: release}, nil
}

// FreeAddress returns an address of 127.0.0.1 on which nothing listens. Until t ends nobody else is given its port as a free
// one; a server that t starts may listen there.
func FreeAddress(t testing.TB) string {
	t.Helper()
	addr, release, err := reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return addr
}

// own starts s and stops it when t ends.
func (s *Server) own(t testing.TB) *Server {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// Restart starts the server again on the same port with the same data, after Kill, and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server at once, as kill -9 does, and waits until it and all that it started are gone.
func (s *Server) Kill() {
	if !s.running() {
		return
	}
	pid := s.cmd.Process.Pid
	// What stands still starts nothing while it is counted.
	s.Signal(freeze)
	awaited(func() bool { return frozen(pid) })
	// The group: the server may be behind a shell, or have workers. PostgreSQL's are in groups of their own.
	workers := descendants(pid)
	kill(-pid)
	for _, worker := range workers {
		kill(worker)
	}
	<-s.done
	// A worker that is about to end still holds its locks, memory and files: who takes its place would meet them.
	for _, worker := range workers {
		awaited(func() bool { return gone(worker) })
	}
}

// descendants returns the processes that pid started, and those that these started.
func descendants(pid int) (all []int) {
	for _, child := range children(pid) {
		all = append(append(all, child), descendants(child)...)
	}
	return all
}

// awaited waits until done returns true, and tells whether it did in time.
func awaited(done func() bool) bool {
	for end := time.Now().Add(signalTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// Signal sends sig to the server.
func (s *Server) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// Freeze stops the server as SIGSTOP does, and returns once all its threads stand still. SIGCONT lets it go on.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	if err := s.Signal(freeze); err != nil {
		t.Fatal(err)
	}
	if !awaited(func() bool { return frozen(s.cmd.Process.Pid) }) {
		t.Fatalf("process %d goes on after SIGSTOP", s.cmd.Process.Pid)
	}
}

// frozen tells whether each thread of a process is stopped. Where there is no /proc, it is believed.
func frozen(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // the pattern is right
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if _, state, _ := strings.Cut(string(text), ") "); err == nil && !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}

// Log returns the end of what the server wrote to its standard output and error.
func (s *Server) Log() string {
	data, err := os.ReadFile(s.logFile)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-logTailBytes):])
}

func (s *Server) running() bool {
	if s.done == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

func (s *Server) start() error {
	if s.logFile == "" {
		f, err := os.CreateTemp("", "gatewatch-"+s.name+"-*.log")
		if err != nil {
			return err
		}
		f.Close()
		s.logFile = f.Name()
	}
	if err := s.spawn(); err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	if err := s.await(); err != nil {
		err = fmt.Errorf("start %s: %w; its last words:\n%s", s.name, err, s.Log())
		s.stop()
		return err
	}
	return nil
}

func (s *Server) spawn() error {
	log, err := os.OpenFile(s.logFile, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.path, s.args...)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = s.as
	done, err := Start(cmd)
	if err != nil {
		return err
	}
	s.cmd, s.done = cmd, done
	return nil
}

// await returns when the server answers, or an error when it ended or took too long.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if s.answers(ctx) {
			return nil
		}
		select {
		case <-s.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("no answer on %s%s in %v", s.URL, s.ready, startTimeout)
		case <-tick.C:
		}
	}
}

func (s *Server) answers(ctx context.Context) bool {
	if s.isReady != nil {
		return s.isReady(ctx)
	}
	if s.ready == "" { // it does not speak HTTP
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+s.ready, nil)
	if err != nil {
		return false
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusRequestTimeout
}

// stop asks the server to end, kills it when it does not, removes its log and gives its port back. It may be called more
// than once.
func (s *Server) stop() {
	if s.running() {
		s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(stopTimeout):
			s.Kill()
		}
	}
	os.Remove(s.logFile)
	if s.release != nil {
		s.release()
	}
}

// cacheDir is where what was built for tests is kept between runs.
func cacheDir() (string, error) {
	if dir := os.Getenv("GATEWATCH_TEST_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "gatewatch-test"), err
}
