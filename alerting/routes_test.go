package alerting_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/secret"
)

// hook takes Alertmanager's webhooks.
type hook struct {
	*httptest.Server

	mu  sync.Mutex
	got []hookMessage
}

type hookMessage struct {
	Status      string
	GroupKey    string
	GroupLabels map[string]string
	Alerts      []struct {
		Status string
		Labels map[string]string
	}
}

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m hookMessage
		if err := json.Unmarshal(body, &m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, m)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) messages() []hookMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]hookMessage(nil), h.got...)
}

// to adds a webhook to the receivers of cfg.
func (h *hook) to(cfg alerting.Config, minSeverity string) alerting.Config {
	cfg.Receivers.Webhooks = append(cfg.Receivers.Webhooks, receivers.WebhookConfig{
		Entry: receivers.Entry{MinSeverity: minSeverity}, URL: secret.Secret(h.URL + "/hook"),
	})
	return cfg
}

// TestSeveritiesOfReceivers has two receivers: one is told everything, one only what is critical.
func TestSeveritiesOfReceivers(t *testing.T) {
	t.Parallel()
	all, critical := newHook(t), newHook(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	cfg := critical.to(all.to(config(nil), ""), "critical")
	r.start(only(t, cfg, brokenRule+`
  - alert: Slow
    expr: broken > 0
    labels: {severity: warning}
`))
	r.tick()
	until(t, "the webhooks", func() bool { return len(all.messages()) == 2 && len(critical.messages()) == 1 })
	r.broken.WithLabelValues("stripe", "a").Set(0)
	r.tick()
	until(t, "the ends", func() bool { return len(all.messages()) == 4 && len(critical.messages()) == 2 })
	got := critical.messages()
	if first := got[0]; first.Status != "firing" || fmt.Sprint(first.GroupLabels) != "map[alertname:Broken provider:stripe]" || first.GroupKey == "" ||
		len(first.Alerts) != 1 || first.Alerts[0].Labels["part"] != "a" {
		t.Errorf("first message = %+v", first)
	}
	if got[1].Status != "resolved" || got[1].GroupKey != got[0].GroupKey {
		t.Errorf("second message = %+v, want the end of %s", got[1], got[0].GroupKey)
	}
	if names := r.engine.Receivers(); names[0].Name != "webhook" || names[1].Name != "webhook-2" {
		t.Errorf("Receivers() = %+v", names)
	}
}

// TestHostWithoutNetwork has alerts of a provider fire while its host reaches nothing: they are told when it does again, but for
// what a bad link explains.
func TestHostWithoutNetwork(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	const rules = `
groups:
- name: g
  interval: 5s
  rules:
  - {alert: HostNetworkDown, expr: 'broken{part="host"} > 0', labels: {severity: critical}}
  - {alert: HostNetworkFlapping, expr: 'broken{part="link"} > 0', labels: {severity: warning}}
  - {alert: PaymentProviderDown, expr: 'broken{part="a"} > 0', labels: {severity: critical}}
  - {alert: PaymentSuccessUnusual, expr: 'broken{part="a"} > 0', labels: {severity: warning}}
  - {alert: TLSEndpointFails, expr: 'broken{part="a"} > 0', labels: {severity: warning}}
`
	r.broken.WithLabelValues("", "host").Set(1)
	r.broken.WithLabelValues("", "link").Set(1)
	r.start(only(t, h.to(config(nil), ""), rules))
	r.tick()
	until(t, "the alerts of the host", func() bool { return len(h.messages()) == 2 })
	settled() // what inhibits hears of alerts by a way of its own
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.tick()
	settled()
	if n := len(h.messages()); n != 2 {
		t.Errorf("%d messages while the host has no network, want 2", n)
	}
	r.broken.WithLabelValues("", "host").Set(0)
	r.tick()
	until(t, "the alerts of the provider", func() bool { return len(h.messages()) >= 5 })
	settled()
	var names []string
	for _, m := range h.messages() {
		names = append(names, m.GroupLabels["alertname"]+" "+m.Status)
	}
	slices.Sort(names)
	want := "HostNetworkDown firing,HostNetworkDown resolved,HostNetworkFlapping firing,PaymentProviderDown firing,PaymentSuccessUnusual firing"
	if got := strings.Join(names, ","); got != want {
		t.Errorf("told: %s\nwant: %s", got, want)
	}
	r.stop()
}

// TestApplicationDown has an application that is down with everything that follows from it, and another one that is only busy.
func TestApplicationDown(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	r := newRig(t)
	const rules = `
groups:
- name: g
  interval: 5s
  rules:
  - {alert: ApplicationDown, expr: 'broken{part="down"} > 0', labels: {severity: critical, application: pay, instance: "a:1"}}
  - {alert: HikariPoolExhausted, expr: 'broken{part="pool"} > 0', labels: {severity: critical, application: bff, instance: "a:2"}}
  - {alert: JVMHeapNearlyFull, expr: 'broken{part="all"} > 0', labels: {severity: warning, application: pay, instance: "a:1"}}
  - {alert: ApplicationServerErrors, expr: 'broken{part="all"} > 0', labels: {severity: critical, application: pay, instance: "a:1"}}
  - {alert: ApplicationRestarting, expr: 'broken{part="all"} > 0', labels: {severity: critical, application: pay, instance: "a:1"}}
  - {alert: NodeEventLoopLag, expr: 'broken{part="all"} > 0', labels: {severity: warning, application: bff, instance: "a:2"}}
  - {alert: TomcatThreadsBusy, expr: 'broken{part="all"} > 0', labels: {severity: critical, application: bff, instance: "a:2"}}
  - {alert: ApplicationPageFails, expr: 'broken{part="all"} > 0', labels: {severity: warning, application: bff, instance: "a:2"}}
`
	r.broken.WithLabelValues("", "down").Set(1)
	r.broken.WithLabelValues("", "pool").Set(1)
	r.start(only(t, h.to(config(nil), ""), rules))
	r.tick()
	until(t, "what explains the rest", func() bool { return len(h.messages()) == 2 })
	settled() // what inhibits hears of alerts by a way of its own
	r.broken.WithLabelValues("", "all").Set(1)
	r.tick()
	until(t, "what is told all the same", func() bool { return len(h.messages()) >= 4 })
	settled()
	var names []string
	for _, m := range h.messages() {
		names = append(names, m.GroupLabels["alertname"])
	}
	slices.Sort(names)
	want := "ApplicationDown,ApplicationRestarting,HikariPoolExhausted,NodeEventLoopLag"
	if got := strings.Join(names, ","); got != want {
		t.Errorf("told: %s\nwant: %s", got, want)
	}
	r.stop()
}
