package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/fakeslack"
	"gatewatch/internal/servicetest"
)

// apiConfig tells a Slack at URL of the rules in DIR.
const apiConfig = `
alerting:
  packs: []
  rules: [DIR/rules.yml]
  group_wait: 100ms
  group_interval: 1s
  slack: {token: TOKEN, channel: "CHANNEL", api_url: URL}
`

const apiRules = `
groups:
- name: g
  interval: 1s
  rules:
  - {record: one, expr: vector(1)}
  - {alert: Muted, expr: max(gatewatch_build_info) > 0, labels: {severity: warning}, annotations: {summary: this is muted}}
  - {alert: Loud, expr: max(gatewatch_build_info) > 0, keep_firing_for: 1m, labels: {severity: critical}, annotations: {summary: this is loud}}
  - {alert: Later, expr: max(gatewatch_build_info) > 0, for: 1h}
`

var silenceID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// TestAmtool works on the agent as people do with amtool: a silence keeps an alert from Slack, also over a kill, until it is
// ended; alerts can be added.
func TestAmtool(t *testing.T) {
	t.Parallel()
	slack := fakeslack.New()
	api := httptest.NewServer(slack)
	t.Cleanup(api.Close)
	config := strings.NewReplacer("TOKEN", fakeslack.Token, "CHANNEL", fakeslack.Channel, "URL", api.URL).Replace(apiConfig)
	servicetest.Amtool(t, "") // ends the test at once where there is none
	r := startWithRules(t, config, "groups: []")
	amtool := servicetest.Amtool(t, r.base)
	wants(t, "config", amtool("config", "show"), "receiver: default", "- alertname", "group_interval: 1s", "source_matchers:")
	wants(t, "status", amtool("cluster", "show"), "disabled")
	id := silenceID.FindString(amtool("silence", "add", "alertname=~Mut.*", "--author=Li Wei", "--comment=they know", "--duration=1h"))
	wants(t, "silences", amtool("silence", "query"), id, `alertname=~"Mut.*"`, "Li Wei", "they know")

	r.file("rules.yml", apiRules)
	r.mustReload()
	eventually(t, "Slack is told of what is not silenced", func() error { return contains(channelTexts(slack), "this is loud") })
	r.kill()
	r.process = start(t, "run", "-config", filepath.Join(r.dir, "gatewatch.yml"))
	amtool = servicetest.Amtool(t, r.base)
	eventually(t, "the alert is there, and silenced", func() error { return contains(amtool("alert", "query", "--silenced"), "Muted") })
	wants(t, "silences after the kill", amtool("silence", "query", "--quiet"), id)
	wants(t, "longer silence", amtool("silence", "update", id, "--duration=2h"), id)
	page, err := r.get("/incidents")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "page", page, " by Li Wei", "<q>they know</q>", id)
	amtool("alert", "add", "alertname=FromScript", "severity=critical", "--annotation=summary=added by a script")
	eventually(t, "Slack is told of what was added", func() error { return contains(channelTexts(slack), "added by a script") })
	wants(t, "alerts", amtool("alert", "query", "severity=critical"), "Loud", "FromScript")
	if strings.Contains(channelTexts(slack), "this is muted") {
		t.Fatalf("Slack is told of what is silenced: %s", channelTexts(slack))
	}
	amtool("silence", "expire", id)
	eventually(t, "Slack is told when the silence is over", func() error { return contains(channelTexts(slack), "this is muted") })
}

// TestPrometheusClients has promtool ask the agent, and compares what the agent says of rules and alerts with what a real
// Prometheus says of the same file.
func TestPrometheusClients(t *testing.T) {
	t.Parallel()
	promtool := servicetest.Promtool(t)
	r := startWithRules(t, "alerting: {packs: [], rules: [DIR/rules.yml]}\n", apiRules)
	eventually(t, "promtool finds a sample", func() error { return contains(promtool("query", "instant", r.base, "one"), "one => 1 @[") })
	from := fmt.Sprint("--start=", time.Now().Add(-time.Minute).Unix())
	eventually(t, "promtool finds a range", func() error {
		return contains(promtool("query", "range", r.base, "one", from, "--step=1s"), "one =>\n1 @[")
	})
	wants(t, "labels", promtool("query", "labels", r.base, "alertname"), "Loud\nMuted\n")
	wants(t, "series", promtool("query", "series", r.base, "--match=gatewatch_build_info", from), `__name__="gatewatch_build_info"`)

	real := servicetest.Prometheus(t, strings.TrimPrefix(r.base, "http://"), filepath.Join(r.dir, "rules.yml"))
	for path, filled := range map[string]string{
		"/api/v1/rules":  "data.groups[].rules[].alerts[].value string",
		"/api/v1/alerts": "data.alerts[].value string",
		"/api/v1/metadata?metric=gatewatch_build_info": "data.gatewatch_build_info[].help string",
		"/api/v1/status/buildinfo":                     "data.version string",
	} {
		eventually(t, path+" of both is alike", func() error {
			want, err := jsonPaths(real.URL + path)
			if err != nil || !want[filled] {
				return fmt.Errorf("Prometheus does not show %s yet: %v", filled, err)
			}
			got, err := jsonPaths(r.base + path)
			if err != nil {
				return err
			}
			for p := range want {
				if !got[p] {
					return fmt.Errorf("the agent's has no %s, only %v", p, slices.Sorted(maps.Keys(got)))
				}
			}
			return nil
		})
	}
}

// startWithRules starts an agent whose configuration names the rules in DIR/rules.yml.
func startWithRules(t *testing.T, config, rules string) *reloadable {
	t.Helper()
	r := &reloadable{t: t, dir: t.TempDir()}
	r.file("rules.yml", rules)
	r.write(config)
	r.process = start(t, "run", "-config", filepath.Join(r.dir, "gatewatch.yml"))
	return r
}

func wants(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%s has no %q:\n%s", what, want, text)
		}
	}
}

// channelTexts returns all that is in the channel and its threads.
func channelTexts(slack *fakeslack.Server) string {
	var b strings.Builder
	for _, m := range slack.Messages() {
		fmt.Fprintln(&b, m.All(), m.Text)
	}
	return b.String()
}

// jsonPaths returns the places of all values in the JSON at url, each with its kind: data.groups[].name string.
func jsonPaths(url string) (map[string]bool, error) {
	body, err := httpGet(url)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(strings.TrimPrefix(at+"."+k, "."), inner)
			}
		case []any:
			for _, inner := range v {
				walk(at+"[]", inner)
			}
		default:
			paths[fmt.Sprintf("%s %T", at, v)] = true
		}
	}
	walk("", v)
	return paths, nil
}
