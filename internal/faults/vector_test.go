package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatewatch/internal/faults/sink"
	"gatewatch/internal/servicetest"
)

// TestVectorCases are the correctness cases of Vector's public test harness, as this agent's: what each asks is in
// its comment.
func TestVectorCases(t *testing.T) {
	servicetest.Wanted(t)
	for name, run := range map[string]func(*exam){
		"rotate create":           (*exam).rotateCreate,
		"rotate copytruncate":     (*exam).rotateCopyTruncate,
		"truncate":                (*exam).truncate,
		"disk buffer persistence": (*exam).diskBufferPersistence,
		"SIGHUP":                  (*exam).hangup,
		"wrapped JSON":            (*exam).wrappedJSON,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(newExam(t))
		})
	}
}

// exam is one agent that follows one log, and a cluster that keeps the documents.
type exam struct {
	t      *testing.T
	log    string
	agent  *agent
	server *sink.Server

	mu        sync.Mutex
	documents map[string]string // by their actions, which hold their ids
}

func newExam(t *testing.T) *exam {
	t.Helper()
	dir := t.TempDir()
	e := &exam{t: t, log: filepath.Join(dir, "app.log"), documents: map[string]string{}}
	answers := sink.New(1)
	var err error
	e.server, err = sink.Serve("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_bulk") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			e.keep(string(body))
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		answers.ServeHTTP(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.server.Close() })
	e.agent = newAgent(t, filepath.Join(dir, "data"), "http://"+e.server.Addr, "exam", e.log)
	e.start()
	return e
}

// keep takes the documents out of a bulk body, as Elasticsearch does: one with a known id is not another one.
func (e *exam) keep(body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for body != "" {
		var action, document string
		action, body, _ = strings.Cut(body, "\n")
		document, body, _ = strings.Cut(body, "\n")
		e.documents[action] = document
	}
}

func (e *exam) start() {
	e.t.Helper()
	if err := errors.Join(e.agent.start(), e.agent.ready()); err != nil {
		e.t.Fatal(err)
	}
}

// write appends a line for each message.
func (e *exam) write(messages ...string) {
	e.t.Helper()
	f, err := os.OpenFile(e.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		e.t.Fatal(err)
	}
	defer f.Close()
	for _, m := range messages {
		fmt.Fprintf(f, `{"time":"2026-11-22T08:00:00Z","message":%q}`+"\n", m)
	}
}

// await waits until exactly one document holds each of the messages.
func (e *exam) await(messages ...string) {
	e.t.Helper()
	var counts map[string]int
	for deadline := time.Now().Add(stalled); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if counts = e.count(messages); complete(counts, messages) {
			break
		}
	}
	time.Sleep(afterwards)
	for m, n := range e.count(messages) {
		if n != 1 {
			e.t.Errorf("message %q arrived %d times, want once\n%s", m, n, e.agent.said())
		}
	}
}

func complete(counts map[string]int, messages []string) bool {
	for _, m := range messages {
		if counts[m] == 0 {
			return false
		}
	}
	return true
}

func (e *exam) count(messages []string) map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := map[string]int{}
	for _, m := range messages {
		counts[m] = 0
		for _, d := range e.documents {
			if strings.Contains(d, fmt.Sprintf(`"message":%q`, m)) {
				counts[m]++
			}
		}
	}
	return counts
}

func (e *exam) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// rotateCreate: the log is renamed and a new one made; lines from before and after arrive.
func (e *exam) rotateCreate() {
	e.write("before one", "before two")
	e.must(os.Rename(e.log, e.log+".1"))
	e.write("after one", "after two")
	e.await("before one", "before two", "after one", "after two")
}

// rotateCopyTruncate: the log is copied and cut to nothing, right after its last line; all lines arrive, once.
func (e *exam) rotateCopyTruncate() {
	e.write("before one")
	e.await("before one")
	e.write("before two")
	data, err := os.ReadFile(e.log)
	e.must(err)
	e.must(os.WriteFile(e.log+".1", data, 0o600))
	e.must(os.Truncate(e.log, 0))
	e.write("after one", "after two")
	e.await("before one", "before two", "after one", "after two")
}

// truncate: the log is cut to nothing without a copy; what is written afterwards arrives.
func (e *exam) truncate() {
	e.write("before")
	e.await("before")
	e.must(os.Truncate(e.log, 0))
	e.write("after")
	e.await("before", "after")
}

// diskBufferPersistence: lines that were read while the cluster was away arrive after the agent was killed and the
// log removed, so that they can come from the agent's own disk only.
func (e *exam) diskBufferPersistence() {
	e.write("early")
	e.await("early")
	e.must(e.server.Close())
	e.write("one", "two", "three")
	e.awaitMetric("gatewatch_records_total", 4)
	e.agent.kill()
	e.must(os.Remove(e.log))
	e.start()
	e.must(e.server.Open())
	e.await("early", "one", "two", "three")
}

// awaitMetric waits until the sum of a counter over its labels is want.
func (e *exam) awaitMetric(name string, want float64) {
	e.t.Helper()
	var sum float64
	for deadline := time.Now().Add(stalled); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(e.agent.address() + "/metrics")
		e.must(err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		e.must(err)
		sum = 0
		for line := range strings.Lines(string(body)) {
			var value float64
			if fields := strings.Fields(line); strings.HasPrefix(line, name) && len(fields) == 2 {
				if _, err := fmt.Sscan(fields[1], &value); err == nil {
					sum += value
				}
			}
		}
		if sum == want {
			return
		}
	}
	e.t.Fatalf("%s is %v, want %v", name, sum, want)
}

// hangup: SIGHUP, by which services are told to read their configuration again, costs no line.
func (e *exam) hangup() {
	e.write("before")
	e.must(e.agent.cmd.Process.Signal(syscall.SIGHUP))
	e.write("after")
	e.await("before", "after")
	if !e.agent.running() {
		e.t.Errorf("the agent ended:\n%s", e.agent.said())
	}
}

// wrappedJSON: a log line that Docker has wrapped into a JSON string arrives as what it was.
func (e *exam) wrappedJSON() {
	inner := `{"time":"2026-11-22T08:00:00Z","level":"error","message":"Hello world","order":"A-7"}`
	outer, err := json.Marshal(map[string]string{"log": inner + "\n", "stream": "stdout", "time": "2026-11-22T08:00:01.5Z"})
	e.must(err)
	e.must(os.WriteFile(e.log, append(outer, '\n'), 0o600))
	e.await("Hello world")
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range e.documents {
		if len(e.documents) != 1 || !strings.Contains(d, `"log.level":"error"`) || !strings.Contains(d, "A-7") {
			e.t.Errorf("documents are %q, want one with the inner line's level and fields", e.documents)
		}
	}
}
