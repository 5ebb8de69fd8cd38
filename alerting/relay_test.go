package alerting_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"gatewatch/alerting"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// startAs is start for an agent on another host.
func (r *rig) startAs(host string, cfg alerting.Config) {
	r.t.Helper()
	r.own = prometheus.NewRegistry()
	e, err := alerting.New(cfg, r.store, r.dir, host, slog.New(slog.NewTextHandler(r.log, nil)), r.own)
	if err != nil {
		r.t.Fatal(err)
	}
	r.engine = e
	r.run()
}

// TestManyAgentsOneMessage has several agents see one incident, and relay it to a real cluster of two: one message says
// that it began, one that it is over. Then the cluster is gone, and the agents tell people themselves.
func TestManyAgentsOneMessage(t *testing.T) {
	t.Parallel()
	central, local := newHook(t), newHook(t)
	members := servicetest.Alertmanagers(t, 2, fmt.Sprintf(`
route: {receiver: hook, group_by: [alertname, provider], group_wait: 15s, group_interval: 20s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: %s, send_resolved: true}]}]
`, central.URL))
	cfg := local.to(only(t, config(nil), brokenRule), "")
	for _, m := range members {
		cfg.Alertmanagers = append(cfg.Alertmanagers, secret.Secret(m.URL))
	}
	const agents = 50
	var all []*rig
	for i := range agents {
		r := newRig(t)
		r.startAs(fmt.Sprintf("pay-gw-%d", i), cfg)
		all = append(all, r)
	}
	everywhere := func(broken float64) {
		var g errgroup.Group
		for _, r := range all {
			r.broken.WithLabelValues("stripe", "a").Set(broken)
			r.ts = r.ts.Add(5 * time.Second)
			g.Go(func() error {
				err := r.store.Sample(t.Context(), r.ts)
				r.engine.Evaluate(t.Context(), r.ts)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	everywhere(1)
	until(t, "the message", func() bool { return len(central.messages()) > 0 })
	if first := central.messages()[0]; first.Status != "firing" || len(first.Alerts) != agents || fmt.Sprint(first.GroupLabels) != "map[alertname:Broken provider:stripe]" {
		t.Errorf("first message = %+v, want one of %d agents", first, agents)
	}
	// The other member looks at the group a little later: an end that it sees then is news to it.
	<-time.After(5 * time.Second)
	everywhere(0)
	until(t, "the end", func() bool { return len(central.messages()) > 1 })
	// As long as the slower member waits, and another round.
	<-time.After(servicetest.AlertmanagerWait + 15*time.Second)
	got := central.messages()
	if len(got) != 2 || got[1].Status != "resolved" || len(got[1].Alerts) != agents {
		t.Errorf("messages = %+v, want a beginning and an end", got)
	}
	if here := local.messages(); len(here) > 0 {
		t.Errorf("told by the agents: %+v", here)
	}
	for _, m := range members {
		m.Kill()
	}
	all[0].broken.WithLabelValues("stripe", "b").Set(1)
	all[0].tick()
	until(t, "the agent's own message", func() bool { return len(local.messages()) == 1 })
	all[0].broken.WithLabelValues("stripe", "b").Set(0)
	all[0].tick()
	until(t, "its end", func() bool { return len(local.messages()) == 2 })
	if here := local.messages(); here[0].Status != "firing" || here[1].Status != "resolved" {
		t.Errorf("told by the agent: %+v", here)
	}
}

func TestRelayAndHeartbeatMistakes(t *testing.T) {
	t.Parallel()
	cfg := alerting.DefaultConfig()
	cfg.Alertmanagers = []secret.Secret{"http://user:password@am:9093", "am-with-secret:9093"}
	cfg.Heartbeat = &alerting.HeartbeatConfig{URL: "hc-secret", Interval: 1, Method: "PUT"}
	cfg.SetDefaults()
	want := "alertmanagers[1]: must be an http or https address, e.g. http://alertmanager-1:9093\nheartbeat.url: must be an http or https address\n" +
		"heartbeat.interval: must be at least 5s, is 1ns\nheartbeat.method: must be GET or POST, is \"PUT\""
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate() = %v\nwant %s", err, want)
	}
	cfg.Alertmanagers, cfg.Heartbeat = cfg.Alertmanagers[:1], &alerting.HeartbeatConfig{URL: "https://hc.example/x"}
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Errorf("Validate() = %v, want nil", err)
	}
}
