package collecttest

import (
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"

	"gatewatch/event"
	"gatewatch/internal/testlog"
)

// FreeAddress returns an address of this host on which nothing listens.
func FreeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// WithoutOwn takes the labels that HAProxy's exporter leaves to Prometheus out of f.
func WithoutOwn(f *dto.MetricFamily) *dto.MetricFamily {
	for _, m := range f.Metric {
		m.Label = slices.DeleteFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == "name" || l.GetName() == "instance" })
	}
	return f
}

// Watched is one collector of a server, with what it gave.
type Watched struct {
	set *collect.Set
	Reg *prometheus.Registry
	Log *testlog.Log
	// AllDue makes the next collection ask every part.
	AllDue func()
	// notes are the documents it gave.
	notes []event.Note
}

// Add keeps a document that the collector gives.
func (w *Watched) Add(n event.Note) { w.notes = append(w.notes, n) }

// NewWatched returns what Follow or Serve gives a collector to.
func NewWatched() *Watched { return &Watched{Log: &testlog.Log{}} }

// Env is for a collector that logs to w and tells w its documents.
func (w *Watched) Env() collect.Env { return collect.Env{Log: w.logger(), Notes: w} }

func (w *Watched) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.Log, nil)) }

// Follow makes c the collector of w.
func (w *Watched) Follow(t *testing.T, c collect.Collector) {
	t.Helper()
	w.Reg = prometheus.NewRegistry()
	set, err := collect.NewSet([]collect.Collector{c}, w.logger(), w.Reg)
	if err != nil {
		t.Fatal(err)
	}
	w.set = set
	if c.Stop != nil {
		t.Cleanup(c.Stop)
	}
}

// Serve makes s the collector of w.
func Serve[C any](t *testing.T, w *Watched, s *collect.Server[C]) {
	t.Helper()
	w.Follow(t, s.Collector())
	w.AllDue = s.AskAllNow
}

// Collect collects once and returns what a scrape then says.
func (w *Watched) Collect(t *testing.T) string {
	t.Helper()
	w.set.Once(t.Context())
	return Exposition(t, w.Reg)
}

// Expect fails t for each beginning of a line that is not in text.
func Expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+text, "\n"+line) {
			// Of a text that may have a thousand lines, those that are nearest.
			near, _, _ := strings.Cut(line, "{")
			t.Errorf("no line %s… but\n%s\n%s", line, SamplesOf(text, near), SamplesOf(text, "gatewatch_collector_part_success"))
		}
	}
}

// ExpectDown collects from a server that is down: there is the line down, and no sample whose name begins with prefix.
func ExpectDown(t *testing.T, w *Watched, down, prefix string) {
	t.Helper()
	text := w.Collect(t)
	Expect(t, text, down)
	if stale := SamplesOf(text, prefix); stale != "" {
		t.Errorf("while the server is down there are samples of it:\n%s", stale)
	}
}

// Listen has each connection to the address that it returns served by serve, which need not close it.
func Listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// SilentServer returns the address of a server that takes connections and never says a word, and a function that ends
// it and tells how many came.
func SilentServer(t *testing.T) (addr string, tried func() int) {
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

// ExpectSilence collects ten times from a SilentServer: each time there is the line down, it is asked three times and then
// left alone, and the log says why without the password tell-nobody.
func ExpectSilence(t *testing.T, w *Watched, down string, tried func() int) {
	t.Helper()
	for range 10 {
		Expect(t, w.Collect(t), down)
	}
	if n := tried(); n != 3 {
		t.Errorf("it was tried %d times in ten collections, want 3", n)
	}
	if log := w.Log.String(); !strings.Contains(log, "gives no answer") || strings.Contains(log, "tell-nobody") {
		t.Errorf("the log says %s", log)
	}
}

// document returns the document of a note, as the journal has it without redaction.
func document(n event.Note) string {
	return string(event.AppendDocument(nil, n.Event(&event.Source{}, 0, func(s string) []byte { return []byte(s) })))
}

// Documents returns the documents of w in which text occurs.
func (w *Watched) Documents(text string) (found []string) {
	for _, n := range w.notes {
		if d := document(n); strings.Contains(d, text) {
			found = append(found, d)
		}
	}
	return found
}
