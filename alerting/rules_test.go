package alerting_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"

	"gatewatch/alerting"
	"gatewatch/internal/servicetest"
)

// seen is what a rule test found out about one alert.
type seen struct {
	first, last time.Duration // firing
	annotations map[string]string
	verdict     string
}

// runPack evaluates a shipped pack over series in promqltest's notation, a sample each step, and returns the
// alerts that fired by "Name provider".
func runPack(t *testing.T, pack, series string, step, until time.Duration) map[string]*seen {
	t.Helper()
	text, err := alerting.Pack(pack)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), pack+".yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1_800_000_000, 0).UTC()
	db, err := promqltest.NewLazyLoader(fmt.Sprintf("load %v\n%s", step, series), promqltest.LazyLoaderOpts{StartTime: start})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	states := alerting.NewStates(rules.EngineQueryFunc(db.QueryEngine(), db.Queryable()), alerting.DefaultConfig().Flapping)
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: states.Query, Appendable: db.Storage(), Queryable: db.Queryable(),
		Context: db.Context(), NotifyFunc: func(_ context.Context, _ string, alerts ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler),
		ExternalURL: &url.URL{},
	})
	loaded, errs := m.LoadGroups(15*time.Second, labels.EmptyLabels(), "", nil, false, file)
	if errs != nil {
		t.Fatal(errs)
	}
	states.Load(loaded)
	found := map[string]*seen{}
	for at := time.Duration(0); at <= until; at += step {
		db.WithSamplesTill(start.Add(at), func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		})
		for _, key := range slices.Sorted(maps.Keys(loaded)) {
			g := loaded[key]
			if at%max(g.Interval(), step) != 0 {
				continue
			}
			if at == 0 {
				g.RestoreForState(start)
			}
			states.Eval(db.Context(), g, start.Add(at))
			collect(t, g, at, found)
		}
	}
	return found
}

func collect(t *testing.T, g *rules.Group, at time.Duration, found map[string]*seen) {
	t.Helper()
	for _, r := range g.Rules() {
		if err := r.LastError(); err != nil {
			t.Fatalf("%s at %v: %v", r.Name(), at, err)
		}
		ar, ok := r.(*rules.AlertingRule)
		if !ok {
			continue
		}
		for _, a := range ar.ActiveAlerts() {
			if a.State != rules.StateFiring {
				continue
			}
			key := strings.TrimSpace(a.Labels.Get("alertname") + " " + a.Labels.Get("provider"))
			if found[key] == nil {
				found[key] = &seen{first: at}
			}
			s := found[key]
			s.last, s.annotations = at, a.Annotations.Map()
			s.verdict = s.annotations["verdict"] + a.Labels.Get("verdict")
			for name, text := range s.annotations {
				if strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") {
					t.Fatalf("%s at %v: annotation %s = %q", key, at, name, text)
				}
			}
		}
	}
}

// attempts writes the counters of one provider. Each phase is approved and failed attempts per sample and how
// many samples it lasts.
func attempts(provider, outcome string, phases ...[3]int) string {
	var ok, bad strings.Builder
	okSum, badSum := 0, 0
	for _, p := range phases {
		fmt.Fprintf(&ok, " %d+%dx%d", okSum+p[0], p[0], p[2]-1)
		okSum += p[0] * p[2]
		fmt.Fprintf(&bad, " %d+%dx%d", badSum+p[1], p[1], p[2]-1)
		badSum += p[1] * p[2]
	}
	return fmt.Sprintf("  payment_attempts_total{provider=%q,method=\"qr\",outcome=\"approved\"}%s\n"+
		"  payment_attempts_total{provider=%q,method=\"qr\",outcome=%q}%s\n"+
		"  payment_codes_total{provider=%q,code=\"SYSTEM_ERROR\",outcome=%q}%s\n",
		provider, ok.String(), provider, outcome, bad.String(), provider, outcome, bad.String())
}

func TestShippedPaymentRules(t *testing.T) {
	t.Parallel()
	// The long cases have samples every 15 s, as a central Prometheus does.
	minutes := func(n int) int { return n * 12 }
	long := func(n int) int { return n * 4 }
	for _, c := range []struct {
		name   string
		series string
		step   time.Duration
		until  time.Duration
		// want is what fires: alert, first firing at the earliest and latest, verdict.
		want map[string]seen
	}{
		{
			name: "all well",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(6)}) +
				attempts("visa", "customer", [3]int{100, 20, minutes(6)}),
			until: 6 * time.Minute,
		},
		{
			// 60 % of WeChat Pay's 50 attempts/s fail from 120 s on, for 2 minutes. The sample at 120 s is the first
			// with failures.
			name: "one provider down",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(10)}) +
				attempts("visa", "customer", [3]int{100, 10, minutes(10)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, 24}, [3]int{250, 0, minutes(6)}),
			until: 9 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown wechatpay": {first: 120 * time.Second, last: 270 * time.Second, verdict: "provider"}},
		},
		{
			// So hard that nothing is logged any more: nobody may say that it is over.
			name: "one provider down, then no attempt at all",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(10)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, 24}, [3]int{0, 0, minutes(4)}, [3]int{250, 0, minutes(2)}),
			until: 9 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, last: 510 * time.Second, verdict: "provider"},
				"PaymentNoTraffic wechatpay":    {first: 315 * time.Second, verdict: "unknown"},
			},
		},
		{
			name: "all providers down",
			series: attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)}) +
				attempts("visa", "unknown_outcome", [3]int{100, 0, 24}, [3]int{50, 50, minutes(2)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, minutes(2)}),
			until: 4 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown alipay":    {first: 120 * time.Second, verdict: "us"},
				"PaymentProviderDown visa":      {first: 120 * time.Second, verdict: "us"},
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "us"},
			},
		},
		{
			name: "our certificate expired at one provider",
			series: attempts("alipay", "provider_down", [3]int{250, 0, minutes(6)}) +
				attempts("wechatpay", "merchant_config", [3]int{50, 0, 24}, [3]int{0, 50, minutes(3)}),
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "us"}},
		},
		{
			name:   "only one provider",
			series: attempts("stripe", "provider_down", [3]int{50, 0, 24}, [3]int{0, 50, minutes(3)}),
			until:  4 * time.Minute,
			want:   map[string]seen{"PaymentProviderDown stripe": {first: 120 * time.Second, verdict: "provider"}},
		},
		{
			name: "only one provider, and nobody says why",
			series: "  payment_attempts_total{provider=\"stripe\",outcome=\"approved\"} 0+50x24 1200x40\n" +
				"  payment_attempts_total{provider=\"stripe\",outcome=\"unknown_outcome\"} 0x23 0+50x40\n",
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown stripe": {first: 125 * time.Second, verdict: "unknown"}},
		},
		{
			name: "nobody answers in time",
			series: strings.ReplaceAll(attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)})+
				attempts("wechatpay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{100, 150, minutes(2)}), "SYSTEM_ERROR", "timeout"),
			until: 4 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown alipay":    {first: 120 * time.Second, verdict: "network"},
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "network"},
			},
		},
		{
			name: "no connection to one provider",
			series: strings.ReplaceAll(attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)}), "SYSTEM_ERROR", "timeout") +
				attempts("visa", "customer", [3]int{100, 10, minutes(5)}) +
				"  probe_success{name=\"alipay\",instance=\"a\"} 1x20 0x60\n  probe_http_status_code{name=\"alipay\",instance=\"a\"} 200x20 0x60\n",
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown alipay": {first: 120 * time.Second, verdict: "network"}},
		},
		{
			// Four attempts in an hour, three of which fail.
			name: "quiet night",
			series: "  payment_attempts_total{provider=\"paypal\",outcome=\"approved\"} _x100 1x300\n" +
				"  payment_attempts_total{provider=\"paypal\",outcome=\"provider_down\"} 0x10 1x3 2x3 3x300\n",
			step:  15 * time.Second,
			until: 30 * time.Minute,
		},
		{
			name: "a slow trickle of failures is no outage",
			series: attempts("alipay", "provider_down", [3]int{250, 5, long(10)}) +
				attempts("visa", "unknown_outcome", [3]int{250, 3, long(10)}),
			step:  15 * time.Second,
			until: 10 * time.Minute,
		},
		{
			name: "customers decline more than usual",
			series: attempts("visa", "provider_down", [3]int{95, 0, long(20)}) +
				"  payment_attempts_total{provider=\"visa\",method=\"qr\",outcome=\"issuer_policy\"} 0+5x39 200+45x40\n",
			step:  15 * time.Second,
			until: 20 * time.Minute,
			want:  map[string]seen{"PaymentSuccessRateLow visa": {first: 690 * time.Second, verdict: "customer"}},
		},
		{
			name: "an expected rate that is low by nature",
			series: attempts("amex", "customer", [3]int{60, 40, long(20)}) +
				attempts("alipay", "customer", [3]int{60, 1, long(20)}),
			step:  15 * time.Second,
			until: 19 * time.Minute,
			// Without history it is below what almost any method has; with it, it is usual.
			want: map[string]seen{"PaymentSuccessRateLow amex": {first: 45 * time.Second, last: 240 * time.Second, verdict: "customer"}},
		},
		{
			name: "time-outs, too few for an outage",
			series: attempts("unionpay", "unknown_outcome", [3]int{100, 0, long(5)}, [3]int{92, 8, long(5)}) +
				attempts("alipay", "customer", [3]int{60, 1, long(10)}),
			step:  15 * time.Second,
			until: 10 * time.Minute,
			want:  map[string]seen{"PaymentUnknownOutcome unionpay": {first: 345 * time.Second, verdict: "provider"}},
		},
		{
			name: "no traffic where there was much",
			series: attempts("alipay", "customer", [3]int{250, 1, long(10)}, [3]int{0, 0, long(5)}) +
				attempts("visa", "customer", [3]int{250, 1, long(15)}),
			step:  15 * time.Second,
			until: 13 * time.Minute,
			want:  map[string]seen{"PaymentNoTraffic alipay": {first: 10*time.Minute + 45*time.Second, verdict: "unknown"}},
		},
		{
			name:   "no traffic at all",
			series: attempts("alipay", "customer", [3]int{250, 1, long(10)}, [3]int{0, 0, long(5)}),
			step:   15 * time.Second,
			until:  13 * time.Minute,
			want:   map[string]seen{"PaymentNoTraffic alipay": {first: 10*time.Minute + 45*time.Second, verdict: "us"}},
		},
		{
			name:   "a little-used method is silent for a while",
			series: "  payment_attempts_total{provider=\"paypal\",outcome=\"approved\"} 0+0.06x120 7.2x70\n",
			step:   15 * time.Second,
			until:  45 * time.Minute,
		},
		{
			name: "slow",
			series: "  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"2\"} 0+60x39 2400x40\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"10\"} 0+60x39 2400x40\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"20\"} 0+60x79\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"+Inf\"} 0+60x79\n" +
				"  payment_attempt_duration_seconds_count{provider=\"visa\",operation=\"authorize\"} 0+60x79\n",
			step:  15 * time.Second,
			until: 14 * time.Minute,
			want:  map[string]seen{"PaymentLatencyHigh visa": {first: 11*time.Minute + 15*time.Second, verdict: "unknown"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compare(t, runPack(t, "payments", c.series, cmp.Or(c.step, 5*time.Second), c.until), c.want)
		})
	}
}

// slack is how much later than in the table an alert may fire: one sample.
const slack = 5 * time.Second

func compare(t *testing.T, got map[string]*seen, want map[string]seen) {
	t.Helper()
	for key, g := range got {
		w, ok := want[key]
		if !ok {
			t.Errorf("%s fired from %v to %v, want silence; %v", key, g.first, g.last, g.annotations)
			continue
		}
		if g.first < w.first || g.first > w.first+slack {
			t.Errorf("%s fired at %v, want %v", key, g.first, w.first)
		}
		if w.last != 0 && (g.last < w.last-slack || g.last > w.last+slack) {
			t.Errorf("%s fired until %v, want %v", key, g.last, w.last)
		}
		if g.verdict != w.verdict {
			t.Errorf("%s has the verdict %q, want %q", key, g.verdict, w.verdict)
		}
	}
	for key := range want {
		if got[key] == nil {
			t.Errorf("%s did not fire", key)
		}
	}
}

func TestShippedAgentRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, quiet, loud string }{
		{"GatewatchJournalBlocked", "gatewatch_journal_blocked 0x200", "gatewatch_journal_blocked 0x10 1x100"},
		{"GatewatchTailLag", "gatewatch_tail_lag_seconds{group=\"g\"} 0x10 60x4 0x100", "gatewatch_tail_lag_seconds{group=\"g\"} 0x10 40x100"},
		{"GatewatchRecordsLost", "gatewatch_journal_undelivered_dropped_records_total{consumer=\"es\"} 7x200",
			"gatewatch_journal_undelivered_dropped_records_total{consumer=\"es\"} 0x20 9x100"},
		{"GatewatchLinesLost", "gatewatch_tail_lost_bytes_total 4096x200", "gatewatch_tail_lost_bytes_total 0x20 4096x100"},
		{"GatewatchOutputLag", "gatewatch_output_lag_seconds{output=\"es\"} 0x10 150x6 0x100", "gatewatch_output_lag_seconds{output=\"es\"} 150x100"},
		{"GatewatchDeadLetters", "gatewatch_output_dead_letters_total{output=\"es\",reason=\"mapping\"} 3x100",
			"gatewatch_output_dead_letters_total{output=\"es\",reason=\"mapping\"} 0x20 1x100"},
		{"GatewatchCardDataSeen", "gatewatch_redacted_total{kind=\"secret\"} 0+1x100",
			"payment_card_leaks_total{source=\"/var/log/pay.log\",logger=\"c.j.Pay\"} 0x20 1x100"},
		{"GatewatchMalformedLines",
			"log_malformed_total{dataset=\"app\"} 0+1x200\n  log_records_total{dataset=\"app\",level=\"info\"} 0+100x200",
			"log_malformed_total{dataset=\"app\"} 0+50x200\n  log_records_total{dataset=\"app\",level=\"info\"} 0+100x200"},
		{"GatewatchNotificationsStuck", "gatewatch_notification_oldest_unsent_seconds{receiver=\"slack\"} 0+5x20 0x100",
			"gatewatch_notification_oldest_unsent_seconds{receiver=\"slack\"} 0+5x200"},
		{"GatewatchRulesFailing", "gatewatch_rule_failures_total 5x200", "gatewatch_rule_failures_total 0+1x200"},
		{"GatewatchRulesFailing", "gatewatch_rule_failed_evaluations{group=\"g\",rule=\"R\"} 2x200", "gatewatch_rule_failed_evaluations{group=\"g\",rule=\"R\"} 0+1x200"},
		{"GatewatchMetricsIncomplete", "gatewatch_series_in_memory 0x200\n  gatewatch_series_dropped_total{reason=\"limit\"} 0x200",
			"gatewatch_series_in_memory 0x10 1x100"},
		{"GatewatchCollectorFailing", "gatewatch_collector_success{collector=\"disk\"} 1x10 0x20 1x100", "gatewatch_collector_success{collector=\"disk\"} 1x10 0x100"},
		{"GatewatchHeartbeatFailing",
			"gatewatch_heartbeat_last_success_timestamp_seconds 1800000000x200\n  gatewatch_heartbeats_failed_total 4x200",
			"gatewatch_heartbeat_last_success_timestamp_seconds 1799999800x100\n  gatewatch_heartbeats_failed_total 0+1x100"},
		{"GatewatchReloadFailed", "gatewatch_config_last_reload_successful 1x10 0x8 1x100", "gatewatch_config_last_reload_successful 1x10 0x100"},
		{"GatewatchNotificationsRefused", "gatewatch_notifications_failed_total{receiver=\"slack\"} 3x200",
			"gatewatch_notifications_failed_total{receiver=\"slack\"} 0x20 1x100"},
		{"GatewatchAlertmanagerDown", "gatewatch_alertmanager_up{alertmanager=\"a\"} 1x10 0x20 1x100", "gatewatch_alertmanager_up{alertmanager=\"a\"} 0x100"},
		{"GatewatchSlackDisconnected", "gatewatch_slack_socket_up{receiver=\"slack\"} 1x10 0x40 1x100", "gatewatch_slack_socket_up{receiver=\"slack\"} 0x100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for key, s := range runPack(t, "agent", "  "+c.quiet+"\n", 5*time.Second, 10*time.Minute) {
				t.Errorf("%s fired at %v, want silence", key, s.first)
			}
			got := runPack(t, "agent", "  "+c.loud+"\n", 5*time.Second, 6*time.Minute)
			if s := got[c.name]; s == nil || len(got) != 1 {
				t.Errorf("fired: %v, want %s", slices.Collect(maps.Keys(got)), c.name)
			} else if s.verdict != "us" {
				t.Errorf("verdict %q, want us", s.verdict)
			}
		})
	}
}

// TestCardDataAlertNamesThePlace holds the alert to naming the file and the logger.
func TestCardDataAlertNamesThePlace(t *testing.T) {
	t.Parallel()
	got := runPack(t, "agent", "  payment_card_leaks_total{source=\"/var/log/pay.log\",logger=\"c.j.Pay\"} 0x20 2x100\n", 5*time.Second, 6*time.Minute)
	s := got["GatewatchCardDataSeen"]
	if s == nil {
		t.Fatal("GatewatchCardDataSeen did not fire")
	}
	for _, name := range []string{"description", "description_zh"} {
		if text := s.annotations[name]; !strings.Contains(text, "/var/log/pay.log") || !strings.Contains(text, "c.j.Pay") {
			t.Errorf("%s = %q, want the file and the logger in it", name, text)
		}
	}
}

// TestShippedRulesAreComplete holds every alert to what messages and people need of it.
func TestShippedRulesAreComplete(t *testing.T) {
	t.Parallel()
	for _, pack := range alerting.PackNames() {
		text, err := alerting.Pack(pack)
		if err != nil {
			t.Fatal(err)
		}
		groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		if errs != nil {
			t.Fatal(errs)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				for _, name := range []string{"summary", "summary_zh", "description", "description_zh", "runbook_url"} {
					if r.Annotations[name] == "" {
						t.Errorf("%s has no annotation %s", r.Alert, name)
					}
				}
				if r.Labels["severity"] == "" || r.Labels["verdict"]+r.Annotations["verdict"] == "" {
					t.Errorf("%s has no severity or no verdict", r.Alert)
				}
				book := filepath.Join("..", filepath.FromSlash(r.Annotations["runbook_url"]))
				for _, page := range []string{book, strings.TrimSuffix(book, ".md") + ".zh.md"} {
					if _, err := os.Stat(page); err != nil {
						t.Errorf("%s: %v", r.Alert, err)
					}
				}
			}
		}
	}
}

// TestPromtoolAccepts checks that an older central Prometheus takes the shipped rules as they are.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	promtool := servicetest.Program(t, "apt-get install prometheus", "promtool")
	args := []string{"check", "rules"}
	for _, pack := range alerting.PackNames() {
		args = append(args, "rules/"+pack+".yml")
	}
	out, err := exec.Command(promtool, args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}
