package alerting_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/routing"
	"gatewatch/internal/fakeslack"
	"gatewatch/internal/secret"
)

// api serves the engine's Alertmanager API. Tests that use it do not run beside each other: all of a process share the
// API's description, which each new handler writes to.
func (r *rig) api() *httptest.Server {
	r.t.Helper()
	clean := func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte("4111111111111111"), []byte("411111******1111"))
	}
	h, err := r.engine.Alertmanager(clean, prometheus.NewRegistry())
	if err != nil {
		r.t.Fatal(err)
	}
	s := httptest.NewServer(h)
	r.t.Cleanup(s.Close)
	return s
}

// ask sends a request to the API and returns the status and the answer.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// told tells whether a message has the text.
func told(f *fakeSlack, text string) bool {
	return slices.ContainsFunc(f.Messages(), func(m fakeslack.Message) bool { return strings.Contains(m.All(), text) })
}

// TestSilenceOverAPI silences one of two providers over the API, kills the engine and ends the silence: what is silenced is
// told only then.
func TestSilenceOverAPI(t *testing.T) {
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	r.start(cfg)
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	status, body := ask(t, http.MethodPost, r.api().URL+"/api/v2/silences", `{"matchers": [{"name": "provider", "value": "stri.*", "isRegex": true}],
		"startsAt": "2026-01-01T00:00:00Z", "endsAt": "`+ends.Format(time.RFC3339)+`", "createdBy": "Li Wei", "comment": "they know"}`)
	if status != http.StatusOK {
		t.Fatalf("making a silence = %d %s", status, body)
	}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.broken.WithLabelValues("adyen", "a").Set(1)
	r.tick()
	until(t, "the other provider is told", func() bool { return told(f, "Adyen") })
	r.kill(cfg)
	r.tick()
	r.broken.WithLabelValues("paypal", "a").Set(1)
	r.tick()
	until(t, "a third provider is told", func() bool { return told(f, "PayPal") })
	if told(f, "Stripe") {
		t.Fatalf("told although it is silenced: %+v", f.Messages())
	}
	s := r.api()
	if _, body := ask(t, http.MethodGet, s.URL+"/api/v2/alerts?active=false", ""); !strings.Contains(body, `"provider":"stripe"`) ||
		!strings.Contains(body, `"state":"suppressed"`) || strings.Contains(body, "adyen") {
		t.Errorf("silenced alerts = %s, want that of stripe", body)
	}
	active := r.engine.Silences(t.Context(), map[string]string{"provider": "stripe"})
	if len(active) != 1 || active[0].By != "Li Wei" || active[0].Comment != "they know" || !active[0].Ends.Equal(ends) {
		t.Fatalf("Silences() = %+v", active)
	}
	if got := r.engine.Silences(t.Context(), map[string]string{"provider": "adyen"}); len(got) != 0 {
		t.Errorf("Silences() of another provider = %+v", got)
	}
	if status, body := ask(t, http.MethodDelete, s.URL+"/api/v2/silence/"+active[0].ID, ""); status != http.StatusOK {
		t.Fatalf("ending a silence = %d %s", status, body)
	}
	until(t, "what was silenced is told", func() bool { return told(f, "Stripe") })
	for _, want := range []string{`msg="silence made"`, `made_by="Li Wei"`, `what="provider=~stri.*"`, `msg="silence ended"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("log has no %s", want)
		}
	}
}

// TestSilence silences exactly one alert, as the page does.
func TestSilence(t *testing.T) {
	f := newFakeSlack(t)
	r := newRig(t)
	r.start(only(t, config(f), brokenRule))
	muted := map[string]string{"alertname": "Broken", "provider": "stripe", "part": "a", "severity": "critical", "verdict": "provider"}
	if _, err := r.engine.Silence(t.Context(), muted, "", "", time.Now().Add(time.Hour)); err == nil {
		t.Error("a silence of nobody was made")
	}
	if _, err := r.engine.Silence(t.Context(), muted, "Li Wei", "", time.Now().Add(-time.Hour)); err == nil {
		t.Error("a silence in the past was made")
	}
	id, err := r.engine.Silence(t.Context(), muted, "Li Wei", "", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.tick()
	if m := f.wait(t, 1)[0]; !strings.Contains(m.All(), "Stripe") {
		t.Errorf("told: %s", m.All())
	}
	if _, body := ask(t, http.MethodGet, r.api().URL+"/api/v2/alerts?silenced=false", ""); strings.Contains(body, `"part":"a"`) || !strings.Contains(body, `"part":"b"`) {
		t.Errorf("alerts that are not silenced = %s, want only part b", body)
	}
	if got := r.metric("gatewatch_silences"); got != 1 {
		t.Errorf("gatewatch_silences = %v, want 1", got)
	}
	if err := r.engine.Expire(t.Context(), id); err != nil {
		t.Error(err)
	}
	if err := r.engine.Expire(t.Context(), "unknown"); err == nil {
		t.Error("an unknown silence was ended")
	}
	if got := r.engine.Silences(t.Context(), muted); len(got) != 0 {
		t.Errorf("Silences() after the end = %+v", got)
	}
}

// TestDamagedSilences starts the engine on a file that is none of silences.
func TestDamagedSilences(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := filepath.Join(r.dir, "silences")
	if err := os.WriteFile(file, []byte("\xff\xff\xff no silences"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(only(t, config(nil), brokenRule))
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Error(err)
	}
	if got := r.log.String(); !strings.Contains(got, "silences are damaged") {
		t.Errorf("log = %s", got)
	}
}

// TestPostedAlert has a script post an alert, which is told like one of a rule, until there are too many.
func TestPostedAlert(t *testing.T) {
	f := newFakeSlack(t)
	r := newRig(t)
	r.start(only(t, config(f), brokenRule))
	s := r.api()
	post := func(alerts string) (int, string) { return ask(t, http.MethodPost, s.URL+"/api/v2/alerts", alerts) }
	if status, body := post(`[{"labels": {"alertname": "BackupFailed", "severity": "critical"}, "annotations": {"summary": "no backup"}}]`); status != 200 {
		t.Fatalf("POST = %d %s", status, body)
	}
	if m := f.wait(t, 1)[0]; !strings.Contains(m.All(), "no backup") {
		t.Errorf("told: %s", m.All())
	}
	if _, body := ask(t, http.MethodGet, s.URL+"/api/v2/alerts/groups", ""); !strings.Contains(body, `"alertname":"BackupFailed"`) {
		t.Errorf("groups = %s", body)
	}
	long := `[{"labels": {"alertname": "Long"}, "annotations": {"summary": "` + strings.Repeat("x", 9000) + `"}}]`
	if status, body := post(long); status != http.StatusBadRequest || !strings.Contains(body, "at most 8192") {
		t.Errorf("POST of a long alert = %d %s, want 400", status, body)
	}
	if status, body := post(`[{"labels": {"alertname": "Card", "n": "4111111111111111"}, "annotations": {"summary": "of 4111111111111111"}}]`); status != 200 {
		t.Fatalf("POST = %d %s", status, body)
	}
	until(t, "the card", func() bool { return told(f, "of 411111") })
	if told(f, "4111111111111111") {
		t.Error("a card number was told")
	}
	if status, body := post(`[{"labels": {"severity": ""}}]`); status != http.StatusBadRequest {
		t.Errorf("an alert without labels = %d %s, want 400", status, body)
	}
	many := strings.Repeat(`{"labels": {"alertname": "Many", "n": "N"}},`, 2001)
	for i := 0; strings.Contains(many, `"N"`); i++ {
		many = strings.Replace(many, `"N"`, `"`+time.Duration(i).String()+`"`, 1)
	}
	if status, body := post("[" + strings.TrimSuffix(many, ",") + "]"); status != 200 {
		t.Fatalf("POST of many = %d %s", status, body)
	}
	if status, body := post(`[{"labels": {"alertname": "More"}}]`); status != http.StatusConflict || !strings.Contains(body, "more than 2000 alerts") {
		t.Errorf("POST of more = %d %s, want 409", status, body)
	}
}

// TestPostedAlertsOverRestart posts two alerts and restarts the agent: one goes on untold, the other has ended meanwhile, which
// is told.
func TestPostedAlertsOverRestart(t *testing.T) {
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := only(t, config(f), brokenRule)
	r.start(cfg)
	s := r.api()
	post := func(name, summary string, ends time.Time) {
		t.Helper()
		alerts := fmt.Sprintf(`[{"labels": {"alertname": %q}, "annotations": {"summary": %q}, "endsAt": %q}]`, name, summary, ends.UTC().Format(time.RFC3339Nano))
		if status, body := ask(t, http.MethodPost, s.URL+"/api/v2/alerts", alerts); status != 200 {
			t.Fatalf("POST = %d %s", status, body)
		}
	}
	post("BackupFailed", "no backup", time.Now().Add(time.Hour))
	post("DiskFull", "no space", time.Now().Add(time.Hour))
	until(t, "both messages", func() bool { return len(f.Heads()) == 2 })
	r.sent()
	ends := time.Now().Add(2 * time.Second)
	post("DiskFull", "no space", ends)
	r.crash()
	<-time.After(time.Until(ends))
	r.start(cfg)
	s = r.api()
	if _, body := ask(t, http.MethodGet, s.URL+"/api/v2/alerts", ""); !strings.Contains(body, "no backup") {
		t.Errorf("alerts after the restart = %s", body)
	}
	says(t, f, "🟢")
	if n := len(f.Heads()); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
	for _, m := range f.Heads() {
		if over := strings.Contains(m.All(), "🟢"); over != strings.Contains(m.All(), "no space") {
			t.Errorf("message = %s", m.All())
		}
	}
	r.stop()
}

// TestMutedByOverAPI asks for groups that a maintenance window and a time interval mute, and for one that nothing does.
func TestMutedByOverAPI(t *testing.T) {
	h, now := newHook(t), time.Now().UTC()
	cfg := only(t, h.to(config(nil), ""), brokenRule)
	cfg.Routing.Maintenance = []routing.Window{{
		Comment: "stripe moves", Matchers: []string{"provider=stripe"},
		From: now.Add(-time.Hour).Format(time.RFC3339), To: now.Add(time.Hour).Format(time.RFC3339),
	}}
	var always routing.NamedInterval
	if err := yaml.Unmarshal([]byte("{name: always, time_intervals: [{years: ['2020:2090']}]}"), &always); err != nil {
		t.Fatal(err)
	}
	cfg.Routing.TimeIntervals = []routing.NamedInterval{always}
	cfg.Routing.Route = &routing.Route{Receiver: "webhook", Routes: []routing.Route{
		{Receiver: "webhook", Matchers: []string{"provider=adyen"}, MuteTimeIntervals: []string{"always"}},
	}}
	r := newRig(t)
	for _, provider := range []string{"stripe", "adyen", "alipay"} {
		r.broken.WithLabelValues(provider, "a").Set(1)
	}
	r.start(cfg)
	r.tick()
	s := r.api()
	want := "adyen=[always] alipay=[] stripe=[stripe moves]"
	got := ""
	until(t, "what is muted", func() bool {
		_, body := ask(t, http.MethodGet, s.URL+"/api/v2/alerts/groups", "")
		var groups []struct {
			Labels map[string]string
			Alerts []struct{ Status struct{ MutedBy []string } }
		}
		if err := json.Unmarshal([]byte(body), &groups); err != nil {
			t.Fatalf("groups = %s: %v", body, err)
		}
		var all []string
		for _, g := range groups {
			all = append(all, fmt.Sprint(g.Labels["provider"], "=", g.Alerts[0].Status.MutedBy))
		}
		slices.Sort(all)
		got = strings.Join(all, " ")
		return got == want
	})
	if _, body := ask(t, http.MethodGet, s.URL+"/api/v2/alerts/groups?muted=false", ""); strings.Contains(body, "stripe") || !strings.Contains(body, "alipay") {
		t.Errorf("groups that are not muted = %s", body)
	}
	r.stop()
}

// TestNoSilenceWithAlertmanagers refuses what would have no effect, and says where it has one.
func TestNoSilenceWithAlertmanagers(t *testing.T) {
	r := newRig(t)
	cfg := only(t, config(nil), brokenRule)
	cfg.Alertmanagers = []secret.Secret{"http://127.0.0.1:1"}
	r.prepare(cfg)
	s := r.api()
	for _, path := range []string{"/api/v2/silences", "/api/v2/alerts"} {
		if status, body := ask(t, http.MethodPost, s.URL+path, "[]"); status != http.StatusConflict || !strings.Contains(body, "do it at 127.0.0.1:1") {
			t.Errorf("POST %s = %d %s, want 409", path, status, body)
		}
	}
	if _, err := r.engine.Silence(t.Context(), nil, "Li Wei", "", time.Now().Add(time.Hour)); err == nil {
		t.Error("a silence without effect was made")
	}
	if status, body := ask(t, http.MethodGet, s.URL+"/api/v2/silences", ""); status != http.StatusOK || strings.TrimSpace(body) != "[]" {
		t.Errorf("GET silences = %d %s", status, body)
	}
}
