package main

import (
	"slices"
	"testing"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/routing"
	"gatewatch/configs"
	"gatewatch/internal/secret"
	"gatewatch/outputs"
	"gatewatch/pipeline"
)

func TestNeedRestart(t *testing.T) {
	t.Parallel()
	f := func(change func(*configs.Config), want ...string) {
		t.Helper()
		after := configs.Default()
		change(after)
		if got := needRestart(configs.Default(), after); !slices.Equal(got, want) {
			t.Errorf("needRestart() = %q, want %q", got, want)
		}
	}
	f(func(*configs.Config) {})
	f(func(c *configs.Config) {
		c.Logs = []pipeline.GroupConfig{{Paths: []string{"a"}}}
		c.Outputs.Elasticsearch = &outputs.ElasticsearchConfig{}
		c.Payments.Outcomes = "a"
		c.Alerting.Rules, c.Alerting.Packs = []string{"a"}, nil
		c.Alerting.Slack, c.Alerting.GroupWait = []receivers.SlackConfig{{}}, 1
		c.Alerting.Receivers.Webhooks = []receivers.WebhookConfig{{}}
		c.Alerting.Routing.Route = &routing.Route{Receiver: "a"}
	})
	f(func(c *configs.Config) {
		c.DataDir, c.Journal.MaxAge = "a", 1 // of sections, the whole is named
		c.Payments.Intents.MaxOrders++
		c.Alerting.ExternalURL, c.Alerting.Alertmanagers = "a", []secret.Secret{"a"}
	}, "data_dir", "payments.intents", "journal", "alerting.alertmanagers", "alerting.external_url")
	f(func(c *configs.Config) {
		c.HTTP.Listen = "a"
		c.Series.Interval += 1
	}, "http", "series")
}
