package alerting_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/alerting/routing"
	"gatewatch/internal/secret"
)

// cluster is an Alertmanager that remembers what it was told of each part, without repetitions.
type cluster struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var all []struct {
			Labels map[string]string
			EndsAt time.Time
		}
		if req.Method == http.MethodPost && json.NewDecoder(req.Body).Decode(&all) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, a := range all {
			c.told = append(c.told, fmt.Sprint(a.Labels["part"], " ", map[bool]string{true: "fires", false: "over"}[a.EndsAt.After(time.Now())]))
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// since returns what was told after the first n times, and how much was told in all.
func (c *cluster) since(n int) (string, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.told[n:], "\n"), len(c.told)
}

// TestRelayInMaintenanceOverRestart restarts an agent in a maintenance window: Alertmanagers go on to hear of what they were
// told before the window, and of its end; what began in the window they hear of after it.
func TestRelayInMaintenanceOverRestart(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	r := newRig(t)
	cfg := only(t, config(nil), brokenRule)
	cfg.Alertmanagers = []secret.Secret{secret.Secret(c.URL)}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	heard := func(after int, what string) {
		t.Helper()
		until(t, what, func() bool { got, _ := c.since(after); return strings.Contains(got, what) })
	}
	heard(0, "a fires")
	now := time.Now()
	muted := cfg
	muted.Routing.Maintenance = []routing.Window{{
		Comment: "move", From: now.Add(-time.Hour).UTC().Format(time.RFC3339), To: now.Add(time.Hour).UTC().Format(time.RFC3339),
	}}
	r.reload(muted)
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.tick()
	r.crash()
	_, before := c.since(0)
	r.start(muted)
	r.tick()
	heard(before, "a fires")
	if got, _ := c.since(0); strings.Contains(got, "b ") || strings.Contains(got, "over") {
		t.Errorf("told in the window:\n%s", got)
	}
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	heard(before, "a over")
	_, before = c.since(0)
	r.reload(cfg)
	r.tick()
	heard(before, "b fires")
	if got, _ := c.since(before); strings.Contains(got, "a fires") {
		t.Errorf("told after the window:\n%s", got)
	}
	r.stop()
}
