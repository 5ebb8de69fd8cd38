package sqldb

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// postgresSettings are the settings that are metrics: those that alert rules and dashboards ask for.
var postgresSettings = []string{
	"archive_timeout", "autovacuum", "autovacuum_analyze_scale_factor", "autovacuum_analyze_threshold", "autovacuum_freeze_max_age", "autovacuum_max_workers", "autovacuum_multixact_freeze_max_age", "autovacuum_vacuum_scale_factor", "autovacuum_vacuum_threshold",
	"checkpoint_completion_target", "checkpoint_timeout", "data_checksums", "deadlock_timeout", "default_statistics_target",
	"effective_cache_size", "fsync", "full_page_writes", "hot_standby", "idle_in_transaction_session_timeout", "lock_timeout",
	"log_min_duration_statement", "maintenance_work_mem", "max_connections", "max_locks_per_transaction",
	"max_parallel_workers", "max_prepared_transactions", "max_replication_slots", "max_slot_wal_keep_size",
	"max_standby_streaming_delay", "max_wal_senders", "max_wal_size", "max_worker_processes", "min_wal_size",
	"random_page_cost", "seq_page_cost", "server_version_num", "shared_buffers", "statement_timeout",
	"superuser_reserved_connections", "track_io_timing", "wal_buffers", "wal_keep_size", "wal_segment_size", "work_mem",
}

// settingsText asks for them as they are outside our own transaction, whose time-outs are our own.
var settingsText = `SELECT name, CASE WHEN source = 'session' THEN coalesce(reset_val, setting) ELSE setting END AS setting, unit, vartype
	FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') AND name IN ('` + strings.Join(postgresSettings, "', '") + `')`

// settingUnits are the units of pg_settings in seconds and bytes.
var settingUnits = map[string]struct {
	suffix string
	factor float64
}{
	"ms": {"_seconds", 1e-3}, "s": {"_seconds", 1}, "min": {"_seconds", 60}, "h": {"_seconds", 3600}, "d": {"_seconds", 86400},
	"B": {"_bytes", 1}, "kB": {"_bytes", 1 << 10}, "8kB": {"_bytes", 8 << 10}, "16kB": {"_bytes", 16 << 10},
	"32kB": {"_bytes", 32 << 10}, "MB": {"_bytes", 1 << 20}, "16MB": {"_bytes", 16 << 20}, "64MB": {"_bytes", 64 << 20},
	"GB": {"_bytes", 1 << 30}, "": {"", 1},
}

// settingsPart returns the question for the settings, each of which is a metric.
func settingsPart(fixed prometheus.Labels) func(context.Context, *pgconn.PgConn, *collect.Samples) error {
	return func(ctx context.Context, conn *pgconn.PgConn, out *collect.Samples) error {
		a, err := askPostgres(ctx, conn, settingsText)
		if err != nil {
			return err
		}
		for _, row := range a.rows {
			s, number, ok := setting(a.cell(row, "name"), a.cell(row, "setting"), a.cell(row, "unit"))
			if ok {
				out.Add(s.Metric(fixed), number)
			}
		}
		return nil
	}
}

// setting returns the metric of one setting and its value in the base unit. -1 means "none" in every unit.
func setting(name, text, unit string) (collect.Spec, float64, bool) {
	switch text {
	case "on":
		text = "t"
	case "off":
		text = "f"
	}
	number, ok := collect.ParseNumber(text)
	u, known := settingUnits[unit]
	if !ok || !known {
		return collect.Spec{}, 0, false
	}
	if number != -1 {
		number *= u.factor
	}
	return collect.Spec{Name: "pg_settings_" + name + u.suffix, Kind: collect.GaugeKind, Help: "Server Parameter: " + name, Labels: nil}, number, true
}
