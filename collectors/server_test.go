package collectors

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"gatewatch/event"
	"gatewatch/internal/secret"
)

// watched is one collector of a server, with what it gave.
type watched struct {
	runner *runner
	reg    *prometheus.Registry
	log    *lockedLog
	// allDue makes the next collection ask every part.
	allDue func()
	// notes are the documents it gave.
	notes []event.Note
}

func (w *watched) Add(n event.Note) { w.notes = append(w.notes, n) }

// lockedLog is a log that a test may read while it is written.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// watch returns a collector of the database at dsn, called main. A timeout of 0 is the default's.
func watch[C any](t *testing.T, make func(DatabaseConfig, env) (*server[C], error), dsn string, timeout time.Duration) *watched {
	t.Helper()
	w := &watched{log: &lockedLog{}}
	d := DatabaseConfig{DSNConfig: DSNConfig{ServerConfig{Name: "main", Timeout: model.Duration(timeout)}, secret.Secret(dsn)}}
	d.setDefaults()
	s, err := make(d, env{log: slog.New(slog.NewTextHandler(w.log, nil)), notes: w})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, w, s)
	return w
}

func serve[C any](t *testing.T, w *watched, s *server[C]) {
	t.Helper()
	w.reg = prometheus.NewRegistry()
	set, err := newSet([]collector{s.collector()}, slog.New(slog.NewTextHandler(w.log, nil)), w.reg)
	if err != nil {
		t.Fatal(err)
	}
	w.runner = set.runners[0]
	w.allDue = func() {
		for _, p := range s.parts {
			p.asked, p.rest = time.Time{}, breaker{}
		}
	}
	t.Cleanup(w.runner.stop)
}

// collect collects once and returns what a scrape then says.
func (w *watched) collect(t *testing.T) string {
	t.Helper()
	w.runner.once(t.Context())
	return exposition(t, w.reg)
}

// expect fails t for each beginning of a line that is not in text.
func expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+text, "\n"+line) {
			// Of a text that may have a thousand lines, those that are nearest.
			near, _, _ := strings.Cut(line, "{")
			t.Errorf("no line %s… but\n%s\n%s", line, samplesOf(text, near), samplesOf(text, "gatewatch_collector_part_success"))
		}
	}
}

// silentServer returns the address of a server that takes connections and never says a word, and a function that ends
// it and tells how many came.
func silentServer(t *testing.T) (addr string, tried func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came := make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			came <- conn
		}
	}()
	end := func() (n int) {
		last, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer last.Close()
		for conn := range came {
			conn.Close()
			if conn.RemoteAddr().String() == last.LocalAddr().String() {
				break
			}
			n++
		}
		return n
	}
	return l.Addr().String(), end
}

// pretended is a server that answers as a test wants.
type pretended struct {
	opened, open, asked int
	refuses             error
	lost                bool // the connection is gone
	answers             map[string]error
}

var errLost = errors.New("connection reset")

func (p *pretended) server() *server[*pretended] {
	m := spec{"part_value", gaugeKind, "A gauge.", []string{"part"}}.metric(nil)
	s := &server[*pretended]{
		name: "pretended", pace: 10 * time.Second, timeout: 5 * time.Second,
		up: spec{"pretended_up", gaugeKind, "Up.", nil}.metric(nil),
		open: func(context.Context) (*pretended, error) {
			p.opened++
			if p.refuses != nil {
				return nil, p.refuses
			}
			p.open++
			p.lost = false
			return p, nil
		},
		close:  func(*pretended) { p.open-- },
		usable: func(*pretended) bool { return !p.lost },
	}
	for _, name := range []string{"a", "b"} {
		s.parts = append(s.parts, &part[*pretended]{name: name, ask: func(_ context.Context, _ *pretended, out *samples) error {
			p.asked++
			if p.lost {
				return errLost
			}
			if err := p.answers[name]; err != nil {
				return err
			}
			out.add(m, float64(p.asked), name)
			return nil
		}})
	}
	return s
}

func TestServerKeepsWhatAPartFoundBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		w := &watched{log: &lockedLog{}}
		serve(t, w, p.server())
		expect(t, w.collect(t), `part_value{part="a"} 1`, `part_value{part="b"} 2`, "pretended_up 1")
		began := time.Now()
		p.answers = map[string]error{"b": errors.New("locked")}
		for time.Since(began) < 30*time.Minute {
			time.Sleep(10 * time.Second)
			text := w.collect(t)
			success := `gatewatch_collector_part_success{collector="pretended",part="b"} `
			expect(t, text, `part_value{part="a"} `, "pretended_up 1", success+"0", `gatewatch_collector_success{collector="pretended"} 0`)
			shown := strings.Contains(text, `part_value{part="b"} 2`)
			if want := time.Since(began) <= keptFor; shown != want {
				t.Fatalf("after %v what b found before is shown: %v, want %v", time.Since(began), shown, want)
			}
		}
		if p.opened != 1 || p.asked > 2+180+20 {
			t.Errorf("opened %d times, asked %d times in 180 collections; want 1 connection, and b asked rarely", p.opened, p.asked)
		}
		p.answers = nil
		time.Sleep(longestPartRest * 2)
		expect(t, w.collect(t), `gatewatch_collector_part_success{collector="pretended",part="b"} 1`)
	})
}

func TestServerRestsWhenItCannotConnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{refuses: errors.New("refused")}
		w := &watched{log: &lockedLog{}}
		serve(t, w, p.server())
		for range 60 {
			expect(t, w.collect(t), "pretended_up 0", `gatewatch_collector_success{collector="pretended"} 0`)
			time.Sleep(10 * time.Second)
		}
		// Three times at once, then after 20, 40 and each 60 s, a fifth more or less.
		if p.opened < 10 || p.opened > 17 {
			t.Errorf("tried to connect %d times in ten minutes, want 10 to 17", p.opened)
		}
		expect(t, w.collect(t), `gatewatch_collector_resting{collector="pretended"} 1`)
		p.refuses = nil
		time.Sleep(2 * longestServerRest)
		expect(t, w.collect(t), "pretended_up 1", `gatewatch_collector_resting{collector="pretended"} 0`)
		if n := strings.Count(w.log.String(), "collector fails"); n != 1 {
			t.Errorf("the log tells %d times that it fails, want once: %s", n, w.log)
		}
	})
}

func TestServerConnectsAgain(t *testing.T) {
	t.Parallel()
	p := &pretended{}
	w := &watched{log: &lockedLog{}}
	serve(t, w, p.server())
	w.collect(t)
	p.lost = true
	w.allDue()
	expect(t, w.collect(t), "pretended_up 1", `gatewatch_collector_success{collector="pretended"} 1`)
	if p.opened != 2 || p.open != 1 {
		t.Errorf("opened %d connections, %d are open; want 2 and 1", p.opened, p.open)
	}
	p.lost, p.refuses = true, errors.New("refused")
	w.allDue()
	text := w.collect(t)
	expect(t, text, "pretended_up 0")
	if strings.Contains(text, "part_value") {
		t.Errorf("without a connection there are samples:\n%s", text)
	}
	if p.open != 0 {
		t.Errorf("%d connections are open, want none", p.open)
	}
}
