package logmetrics

import (
	"fmt"
	"strings"
	"testing"

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
