package collecttest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"

	"gatewatch/event"
	"gatewatch/internal/servicetest"
	"gatewatch/internal/testlog"
)

// FreeAddress returns an address of this host on which nothing listens, and nobody else will while t lasts.
func FreeAddress(t *testing.T) string {
	t.Helper()
	return servicetest.FreeAddress(t)
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
	set       *collect.Set
	collector collect.Collector
	Reg       *prometheus.Registry
	Log       *testlog.Log
	// AllDue makes the next collection ask every part.
	AllDue func()
	// notes are the documents it gave.
	notes []event.Note
	// err is what the last collection returned, late how many came too late.
	err  error
	late int
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
	own := c.Collect
	c.Collect = func(ctx context.Context, out *collect.Samples) error {
		w.err = own(ctx, out)
		return w.err
	}
	w.follow(t, c)
	if c.Stop != nil {
		t.Cleanup(c.Stop)
	}
}

// follow begins anew with c: what it told before is forgotten, and its next failure is logged.
func (w *Watched) follow(t *testing.T, c collect.Collector) {
	t.Helper()
	w.collector, w.Reg = c, prometheus.NewRegistry()
	set, err := collect.NewSet([]collect.Collector{c}, w.logger(), w.Reg)
	if err != nil {
		t.Fatal(err)
	}
	w.set = set
}

// Serve makes s the collector of w.
func Serve[C any](t *testing.T, w *Watched, s *collect.Server[C]) {
	t.Helper()
	w.Follow(t, s.Collector())
	w.AllDue = s.AskAllNow
}

// patience is how long a test waits for what comes at once on a machine that has nothing else to do.
const patience = time.Minute

// Collect collects and returns what a scrape then says. What the server answered too late, because the machine does much
// else, is asked again for a while: collectors give up after a second or two.
func (w *Watched) Collect(t *testing.T) string {
	t.Helper()
	text := w.CollectOnce(t)
	for end := time.Now().Add(patience); tooLate(w.err) && time.Now().Before(end); {
		text = w.again(t)
	}
	return text
}

// again collects from every part, as if it were for the first time when the last answer came too late.
func (w *Watched) again(t *testing.T) string {
	t.Helper()
	if tooLate(w.err) {
		w.follow(t, w.collector)
	}
	if w.AllDue != nil {
		w.AllDue()
	}
	time.Sleep(20 * time.Millisecond)
	return w.CollectOnce(t)
}

// CollectOnce is Collect for a server that is meant to answer too late.
func (w *Watched) CollectOnce(t *testing.T) string {
	t.Helper()
	w.set.Once(t.Context())
	if tooLate(w.err) {
		w.late++
	}
	return Exposition(t, w.Reg)
}

// Late returns how often an answer came too late. The next collection may have used another connection.
func (w *Watched) Late() int { return w.late }

// tooLate tells whether a collection failed for want of time.
func tooLate(err error) bool {
	return err != nil && (errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "more than a second") ||
		strings.Contains(err.Error(), "the other parts took all the time"))
}

// Await collects from every part, again and again, until each of lines begins a line and nothing came
// too late, and returns what a scrape then says.
func (w *Watched) Await(t *testing.T, lines ...string) string {
	t.Helper()
	lacks := func(text string) bool {
		return slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains("\n"+text, "\n"+line) })
	}
	text := w.again(t)
	for end := time.Now().Add(patience); lacks(text) || tooLate(w.err); {
		if time.Now().After(end) {
			Expect(t, text, lines...)
			break
		}
		text = w.again(t)
	}
	return text
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
	text := w.CollectOnce(t)
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
		Expect(t, w.CollectOnce(t), down)
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
