package rules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

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
		{"GatewatchCollectorFailing", "gatewatch_collector_success{collector=\"disk\"} 1x10 0x20 1x100\n  gatewatch_collector_success{collector=\"scrape_pay\"} 0x200",
			"gatewatch_collector_success{collector=\"disk\"} 1x10 0x100"},
		{"GatewatchHeartbeatFailing",
			"gatewatch_heartbeat_last_success_timestamp_seconds 1800000000x200\n  gatewatch_heartbeats_failed_total 4x200",
			"gatewatch_heartbeat_last_success_timestamp_seconds 1799999800x100\n  gatewatch_heartbeats_failed_total 0+1x100"},
		{"GatewatchReloadFailed", "gatewatch_config_last_reload_successful 1x10 0x8 1x100", "gatewatch_config_last_reload_successful 1x10 0x100"},
		{"GatewatchNotificationsRefused", "gatewatch_notifications_failed_total{receiver=\"slack\"} 3x200",
			"gatewatch_notifications_failed_total{receiver=\"slack\"} 0x20 1x100"},
		{"GatewatchAlertmanagerDown", "gatewatch_alertmanager_up{alertmanager=\"a\"} 1x10 0x20 1x100", "gatewatch_alertmanager_up{alertmanager=\"a\"} 0x100"},
		{"GatewatchIncidentsUntold", "gatewatch_alerts_ungrouped_total 7x200", "gatewatch_alerts_ungrouped_total 0x20 1+1x100"},
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
