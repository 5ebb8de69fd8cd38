package configs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/collectors/probes"
	"gatewatch/configs"
	"gatewatch/intents"
	"gatewatch/internal/secret"
	"gatewatch/outputs"
	"gatewatch/pipeline"
)

// TestReference keeps gatewatch.yml equal to the defaults.
func TestReference(t *testing.T) {
	t.Parallel()
	got, err := configs.Load("gatewatch.yml", environment)
	if err != nil {
		t.Fatal(err)
	}
	want := configs.Default()
	want.Logs = []pipeline.GroupConfig{{Paths: []string{"/var/log/gateway/*.log"}}}
	want.SetDefaults()
	same(t, got, want)
}

// TestReferenceOptional uncomments the parts that are off: they are as documented, and no key is missing.
func TestReferenceOptional(t *testing.T) {
	t.Parallel()
	text := uncommented(t)
	got, err := configs.Parse(text, "gatewatch.yml", environment)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want := configs.Default()
	want.Logs = got.Logs
	want.Outputs.Elasticsearch = &outputs.ElasticsearchConfig{URLs: []string{"http://127.0.0.1:9200"}}
	want.Payments.Intents.Redis = &intents.RedisConfig{Address: "127.0.0.1:6379"}
	want.Payments.APIEnds = got.Payments.APIEnds
	want.Collectors.TLS.Endpoints, want.Collectors.TLS.Files = got.Collectors.TLS.Endpoints, got.Collectors.TLS.Files
	posture := got.Collectors.Posture
	want.Collectors.Posture.Endpoints, want.Collectors.Posture.Reports = posture.Endpoints, posture.Reports
	want.Collectors.Posture.Updates.Minimum = posture.Updates.Minimum
	firstEntries(reflect.ValueOf(&want.Collectors).Elem(), reflect.ValueOf(&got.Collectors).Elem())
	want.Collectors.StatusPages = []probes.StatusPageConfig{{Provider: "stripe", Components: []string{}}}
	want.Alerting.Slack = slices.Clone(got.Alerting.Slack)
	slack := &want.Alerting.Slack[0]
	slack.Token, slack.Name, slack.Language, slack.MinSeverity, slack.Morning = secret.Secret("xoxb-1: a # b"), "", "", "", ""
	want.Alerting.Routing = got.Alerting.Routing
	want.Alerting.Links = got.Alerting.Links
	want.Alerting.Receivers = receiversOf(got)
	want.Alerting.Heartbeat = &alerting.HeartbeatConfig{URL: got.Alerting.Heartbeat.URL}
	want.Series.Retention = got.SLO[0].Window
	want.SLO = slices.Clone(got.SLO)
	want.SLO[0].Window, want.SLO[0].QuietErrors, want.SLO[0].QuietBelow = 0, 0, 0
	want.SetDefaults()
	same(t, got, want)

	rendered, err := configs.Render(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keyPaths(t, rendered) {
		if !slices.Contains(keyPaths(t, text), key) {
			t.Errorf("gatewatch.yml does not document %s", key)
		}
	}
}

// firstEntries makes each list of want the first entry of got's without its durations, which are to be the defaults.
func firstEntries(want, got reflect.Value) {
	for i := range want.NumField() {
		if list := want.Field(i); list.Kind() == reflect.Slice && got.Field(i).Len() > 0 {
			list.Set(reflect.MakeSlice(list.Type(), 1, 1))
			list.Index(0).Set(got.Field(i).Index(0))
			withoutDurations(list.Index(0))
		}
	}
}

func withoutDurations(section reflect.Value) {
	for i := range section.NumField() {
		switch field := section.Field(i); {
		case field.Type() == reflect.TypeFor[model.Duration]():
			field.SetZero()
		case section.Type().Field(i).Anonymous:
			withoutDurations(field)
		}
	}
}

// receiversOf returns the receivers of cfg without what they need not say.
func receiversOf(cfg *configs.Config) receivers.Config {
	all := cfg.Alerting.Receivers
	return receivers.Config{
		Webhooks:  []receivers.WebhookConfig{{URL: all.Webhooks[0].URL}},
		Teams:     []receivers.TeamsConfig{{URL: all.Teams[0].URL}},
		DingTalk:  []receivers.DingTalkConfig{{URL: all.DingTalk[0].URL}},
		Feishu:    []receivers.FeishuConfig{{URL: all.Feishu[0].URL}},
		WeCom:     []receivers.WeComConfig{{URL: all.WeCom[0].URL}},
		PagerDuty: []receivers.PagerDutyConfig{{RoutingKey: all.PagerDuty[0].RoutingKey}},
		Email:     []receivers.EmailConfig{{Server: all.Email[0].Server, From: all.Email[0].From, To: all.Email[0].To}},
	}
}

// optional begins a line of gatewatch.yml that is switched off; prose has a space after its #.
var optional = regexp.MustCompile(`(?m)^( *)#([^ #\n])`)

// emptyList is a list that is followed by its entries, switched off.
var emptyList = regexp.MustCompile(`(?m)^ *[a-z_]+: \[\]\n( *#[a-z_]+:\n)`)

func uncommented(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("gatewatch.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := optional.ReplaceAllString(emptyList.ReplaceAllString(string(data), "$1"), "$1$2")
	// An objective looks back on more than is kept by default.
	text = strings.Replace(text, "  retention: 24h", "  retention: 30d", 1)
	return []byte(text)
}

func same(t *testing.T, got, want *configs.Config) {
	t.Helper()
	if runtime.GOOS != "linux" {
		got.Collectors.Host, want.Collectors.Host = nil, nil // its defaults are Linux' file systems
	}
	gotText, err := configs.Render(got)
	if err != nil {
		t.Fatal(err)
	}
	wantText, err := configs.Render(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(gotText) != string(wantText) {
		t.Errorf("got\n%s\nwant\n%s", gotText, wantText)
	}
}

// keyPaths returns the paths of all keys in a YAML text, as in "collectors.probes[0].url".
func keyPaths(t *testing.T, text []byte) []string {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var paths []string
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i, below := range n.Content {
			switch {
			case n.Kind == yaml.DocumentNode:
				walk(below, "")
			case n.Kind == yaml.SequenceNode:
				walk(below, fmt.Sprintf("%s[%d]", path, i))
			case i%2 == 1:
				key := strings.TrimPrefix(path+"."+n.Content[i-1].Value, ".")
				paths = append(paths, key)
				walk(below, key)
			}
		}
	}
	walk(&root, "")
	return paths
}

// TestExamples loads what users are invited to copy.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("examples/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		if _, err := configs.Load(file, environment); err != nil {
			t.Error(err)
		}
	}
}

// TestForLogs shows the configuration of an agent that was only told which logs to follow.
func TestForLogs(t *testing.T) {
	t.Parallel()
	cfg, err := configs.ForLogs("/tmp/data", "/var/log/*.log", "/srv/*.log")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.DataDir != "/tmp/data" || len(cfg.Logs) != 1 || cfg.Logs[0].Format != "auto" || len(cfg.Logs[0].Paths) != 2 {
		t.Errorf("ForLogs() = %+v", cfg)
	}
	if cfg.Collectors.Host == nil || !slices.Contains(cfg.Alerting.Packs, "payments") {
		t.Errorf("ForLogs() does not watch the host or runs no payment rules: %+v", cfg)
	}
	if _, err := configs.ForLogs("", "["); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("ForLogs() without folder and with a bad pattern = %v, want two mistakes", err)
	}
}
