package logmetrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

// tried returns the event of a request that nginx passed on.
func tried(group, addresses, statuses, times string) *event.Event {
	ev := request()
	for key, value := range map[event.Key]string{event.UpstreamName: group, event.UpstreamAddress: addresses,
		event.UpstreamStatus: statuses, event.UpstreamDuration: times} {
		if value != "" {
			ev.SetFact(key, []byte(value))
		}
	}
	return ev
}

func TestUpstreams(t *testing.T) {
	t.Parallel()
	const total = "gateway_upstream_requests_total"
	f := func(t *testing.T, ev *event.Event, metric, want string) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		New(reg, Limits{}).Observe(ev)
		expectSamples(t, reg, metric, want)
	}
	f(t, request(), total, "")
	f(t, tried("pay", "-", "-", "-"), total, "")
	f(t, tried("pay", "10.0.0.7:80", "200", "0.030"), total, `{code="200",peer="10.0.0.7:80",upstream="pay"} 1`)
	f(t, tried("", "unix:/run/app.sock", "200", "0.030"), total, `{code="200",peer="unix:/run/app.sock",upstream="unknown"} 1`)
	// Passed on to the next peer; redirected inside nginx.
	f(t, tried("pay", "10.0.0.7:80, 10.0.0.8:80", "502, 201", "0.001, 0.030"), total,
		`{code="201",peer="10.0.0.8:80",upstream="pay"} 1`+"\n"+`{code="502",peer="10.0.0.7:80",upstream="pay"} 1`)
	f(t, tried("pay", "10.0.0.7:80, 10.0.0.8:80 : 10.0.0.9:80", "502, 504 : 200", "0.1, 0.2 : 0.3"), total,
		`{code="200",peer="10.0.0.9:80",upstream="pay"} 1`+"\n"+`{code="502",peer="10.0.0.7:80",upstream="pay"} 1`+"\n"+
			`{code="504",peer="10.0.0.8:80",upstream="pay"} 1`)
	// A log that has only the addresses: what the request got came from the last one.
	f(t, tried("pay", "10.0.0.7:80, 10.0.0.8:80", "", ""), total,
		`{code="200",peer="10.0.0.8:80",upstream="pay"} 1`+"\n"+`{code="unknown",peer="10.0.0.7:80",upstream="pay"} 1`)
	// A list without end is not followed to it.
	f(t, tried("pay", strings.Repeat("10.0.0.7:80, ", 100)+"10.0.0.7:80", strings.Repeat("502, ", 100)+"502", ""), total,
		`{code="502",peer="10.0.0.7:80",upstream="pay"} 16`)
	// The customer went away before the peer answered.
	f(t, tried("pay", "10.0.0.7:80", "-", "-"), total, `{code="unknown",peer="10.0.0.7:80",upstream="pay"} 1`)

	reg := prometheus.NewPedanticRegistry()
	m := New(reg, Limits{})
	many := make([]string, maxPeers+40)
	for i := range many {
		many[i] = fmt.Sprintf("10.0.0.%d:80", i)
		m.Observe(tried("pay", many[i], "200", "0.1"))
	}
	text := samplesOf(t, reg, total)
	if n := strings.Count(text, `code="200"`); n != maxPeers+1 {
		t.Errorf("%d peers have series, want %d and one for the others:\n%s", n, maxPeers, text)
	}
	if !strings.Contains(text, `{code="200",peer="other",upstream="pay"} 40`) {
		t.Errorf("the other 40 peers are not counted together:\n%s", text)
	}
}

// TestUpstreamsReplaced has peers come and go, as where they are scaled by themselves: those of now have series of their own.
func TestUpstreamsReplaced(t *testing.T) {
	t.Parallel()
	const total = "gateway_upstream_requests_total"
	reg := prometheus.NewPedanticRegistry()
	m := New(reg, Limits{})
	start := time.Unix(1_700_000_000, 0)
	at := func(after time.Duration, peers ...string) string {
		for _, p := range peers {
			ev := tried("pay", p, "200", "0.1")
			ev.Time = start.Add(after)
			m.Observe(ev)
		}
		return samplesOf(t, reg, total)
	}
	generation := func(n, of int) (all []string) {
		for i := range of {
			all = append(all, fmt.Sprintf("10.0.%d.%d:80", n, i))
		}
		return all
	}
	at(0, generation(1, maxPeers-1)...)
	at(50*time.Minute, generation(2, 1)...)
	// Nobody is quiet for long enough yet.
	if text := at(55*time.Minute, "10.0.3.0:80"); !strings.Contains(text, `peer="other",upstream="pay"} 1`) || strings.Contains(text, "10.0.3.0") {
		t.Errorf("a peer more than fit, want it among the others:\n%s", text)
	}
	text := at(70*time.Minute, append(generation(3, 10), generation(2, 1)...)...)
	if n := strings.Count(text, `peer="10.0.3.`); n != 10 {
		t.Errorf("%d of the 10 new peers have series:\n%s", n, text)
	}
	if n := strings.Count(text, `peer="10.0.1.`); n != maxPeers-1-10 {
		t.Errorf("%d of the old peers have series, want %d:\n%s", n, maxPeers-1-10, text)
	}
	if n := strings.Count(samplesOf(t, reg, "gateway_upstream_request_duration_seconds"), "10.0.1."); n != maxPeers-1-10 {
		t.Errorf("%d of the old peers have times, want %d", n, maxPeers-1-10)
	}
	if !strings.Contains(text, `peer="10.0.2.0:80",upstream="pay"} 2`) {
		t.Errorf("the peer that is tried goes on counting, want 2:\n%s", text)
	}
	// One that comes back begins anew.
	for _, p := range generation(1, maxPeers-1) {
		if series := fmt.Sprintf("peer=%q,", p); !strings.Contains(text, series) {
			if text := at(3*time.Hour, p); !strings.Contains(text, series+`upstream="pay"} 1`) {
				t.Errorf("%s came back and does not count 1:\n%s", p, text)
			}
			return
		}
	}
}
