package collect_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// pretended is a server that answers as a test wants.
type pretended struct {
	opened, open, asked int
	refuses             error
	lost                bool // the connection is gone
	answers             map[string]error
}

var errLost = errors.New("connection reset")

func (p *pretended) server() *collect.Server[*pretended] {
	m := collect.Spec{Name: "part_value", Kind: collect.GaugeKind, Help: "A gauge.", Labels: []string{"part"}}.Metric(nil)
	s := &collect.Server[*pretended]{
		Name: "pretended", Pace: 10 * time.Second, Timeout: 5 * time.Second,
		Up: collect.Spec{Name: "pretended_up", Kind: collect.GaugeKind, Help: "Up.", Labels: nil}.Metric(nil),
		Open: func(context.Context) (*pretended, error) {
			p.opened++
			if p.refuses != nil {
				return nil, p.refuses
			}
			p.open++
			p.lost = false
			return p, nil
		},
		Close:  func(*pretended) { p.open-- },
		Usable: func(*pretended) bool { return !p.lost },
	}
	for _, name := range []string{"a", "b"} {
		s.Parts = append(s.Parts, &collect.Part[*pretended]{Name: name, Ask: func(_ context.Context, _ *pretended, out *collect.Samples) error {
			p.asked++
			if p.lost {
				return errLost
			}
			if err := p.answers[name]; err != nil {
				return err
			}
			out.Add(m, float64(p.asked), name)
			return nil
		}})
	}
	return s
}

func TestServerKeepsWhatAPartFoundBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		w := collecttest.NewWatched()
		collecttest.Serve(t, w, p.server())
		collecttest.Expect(t, w.Collect(t), `part_value{part="a"} 1`, `part_value{part="b"} 2`, "pretended_up 1")
		began := time.Now()
		p.answers = map[string]error{"b": errors.New("locked")}
		for time.Since(began) < 30*time.Minute {
			time.Sleep(10 * time.Second)
			text := w.Collect(t)
			success := `gatewatch_collector_part_success{collector="pretended",part="b"} `
			collecttest.Expect(t, text, `part_value{part="a"} `, "pretended_up 1", success+"0", `gatewatch_collector_success{collector="pretended"} 0`)
			shown := strings.Contains(text, `part_value{part="b"} 2`)
			if want := time.Since(began) <= 15*time.Minute; shown != want {
				t.Fatalf("after %v what b found before is shown: %v, want %v", time.Since(began), shown, want)
			}
		}
		if p.opened != 1 || p.asked > 2+180+20 {
			t.Errorf("opened %d times, asked %d times in 180 collections; want 1 connection, and b asked rarely", p.opened, p.asked)
		}
		p.answers = nil
		time.Sleep(20 * time.Minute)
		collecttest.Expect(t, w.Collect(t), `gatewatch_collector_part_success{collector="pretended",part="b"} 1`)
	})
}

func TestServerRestsWhenItCannotConnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{refuses: errors.New("refused")}
		w := collecttest.NewWatched()
		collecttest.Serve(t, w, p.server())
		for range 60 {
			collecttest.Expect(t, w.Collect(t), "pretended_up 0", `gatewatch_collector_success{collector="pretended"} 0`)
			time.Sleep(10 * time.Second)
		}
		// Three times at once, then after 20, 40 and each 60 s, a fifth more or less.
		if p.opened < 10 || p.opened > 17 {
			t.Errorf("tried to connect %d times in ten minutes, want 10 to 17", p.opened)
		}
		collecttest.Expect(t, w.Collect(t), `gatewatch_collector_resting{collector="pretended"} 1`)
		p.refuses = nil
		time.Sleep(2 * time.Minute)
		collecttest.Expect(t, w.Collect(t), "pretended_up 1", `gatewatch_collector_resting{collector="pretended"} 0`)
		if n := strings.Count(w.Log.String(), "collector fails"); n != 1 {
			t.Errorf("the log tells %d times that it fails, want once: %s", n, w.Log)
		}
	})
}

func TestServerConnectsAgain(t *testing.T) {
	t.Parallel()
	p := &pretended{}
	w := collecttest.NewWatched()
	collecttest.Serve(t, w, p.server())
	w.Collect(t)
	p.lost = true
	w.AllDue()
	collecttest.Expect(t, w.Collect(t), "pretended_up 1", `gatewatch_collector_success{collector="pretended"} 1`)
	if p.opened != 2 || p.open != 1 {
		t.Errorf("opened %d connections, %d are open; want 2 and 1", p.opened, p.open)
	}
	p.lost, p.refuses = true, errors.New("refused")
	w.AllDue()
	text := w.Collect(t)
	collecttest.Expect(t, text, "pretended_up 0")
	if strings.Contains(text, "part_value") {
		t.Errorf("without a connection there are samples:\n%s", text)
	}
	if p.open != 0 {
		t.Errorf("%d connections are open, want none", p.open)
	}
}

// TestServerAsksForMore has a part that is asked once an hour, and needs three collections for what it is asked.
func TestServerAsksForMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{}
		s := p.server()
		s.Parts = s.Parts[:1]
		s.Parts[0].Every, s.Parts[0].More = time.Hour, func() bool { return p.asked < 3 }
		c := s.Collector()
		for range 10 {
			if err := c.Collect(t.Context(), new(collect.Samples)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		if p.asked != 3 {
			t.Errorf("asked %d times in ten collections, want 3", p.asked)
		}
		time.Sleep(time.Hour)
		if err := c.Collect(t.Context(), new(collect.Samples)); err != nil || p.asked != 4 {
			t.Errorf("asked %d times after an hour, want 4 (%v)", p.asked, err)
		}
	})
}
