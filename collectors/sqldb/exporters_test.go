package sqldb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"

	"gatewatch/internal/servicetest"
)

// exporter returns the metrics of a database that Debian's exporter of it gives.
func exporter(t *testing.T, name, dsn string, flags ...string) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(collecttest.StartExporter(t, name, []string{"DATA_SOURCE_NAME=" + dsn}, func(addr string) []string {
		return append(flags, "--web.listen-address="+addr)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return collecttest.ParseExposition(t, resp.Body)
}

// The names that public alert rules for PostgreSQL and MySQL ask for, but for those of queries that users of the
// exporters write themselves (pg_bloat_*, pg_txid_current, pg_stat_ssl_*).
var (
	postgresAsked = strings.Fields(`pg_up pg_static pg_locks_count pg_postmaster_start_time_seconds pg_replication_is_replica
		pg_replication_lag_seconds pg_replication_slots_active pg_settings_autovacuum_analyze_threshold pg_settings_autovacuum_vacuum_threshold
		pg_settings_max_connections pg_settings_max_locks_per_transaction pg_settings_superuser_reserved_connections
		pg_stat_activity_count pg_stat_activity_max_tx_duration pg_stat_bgwriter_checkpoints_req_total
		pg_stat_bgwriter_checkpoints_timed_total pg_stat_database_blks_hit pg_stat_database_blks_read pg_stat_database_deadlocks
		pg_stat_database_xact_commit pg_stat_database_xact_rollback pg_stat_database_conflicts pg_stat_archiver_failed_count
		pg_stat_user_tables_last_autoanalyze pg_stat_user_tables_last_autovacuum pg_stat_user_tables_n_dead_tup
		pg_stat_user_tables_n_live_tup pg_stat_user_tables_n_tup_del pg_stat_user_tables_n_tup_hot_upd pg_stat_user_tables_n_tup_upd
		pg_database_size_bytes pg_stat_replication_pg_wal_lsn_diff`)
	mysqlAsked = strings.Fields(`mysql_up mysql_global_status_threads_connected mysql_global_status_threads_running mysql_global_status_uptime
		mysql_global_status_slow_queries mysql_global_status_innodb_log_waits mysql_global_status_queries mysql_global_status_open_files
		mysql_global_status_aborted_connects mysql_global_status_table_locks_waited mysql_global_status_created_tmp_disk_tables
		mysql_global_status_commands_total mysql_global_status_prepared_stmt_count mysql_global_status_innodb_deadlocks
		mysql_global_variables_max_connections mysql_global_variables_open_files_limit mysql_global_variables_read_only
		mysql_global_variables_max_prepared_stmt_count mysql_global_variables_innodb_force_recovery mysql_global_variables_wsrep_desync
		mysql_slave_status_master_server_id mysql_slave_status_slave_io_running mysql_slave_status_slave_sql_running
		mysql_slave_status_sql_delay mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len mysql_version_info
		mysql_info_schema_auto_increment_column mysql_info_schema_auto_increment_column_max mysql_binlog_size_bytes mysql_binlog_files`)
)

// compareExporter compares what is asked for: names, types, labels, and the values of settings and counts that rest.
func compareExporter(t *testing.T, ours, theirs map[string]*dto.MetricFamily, asked []string) {
	t.Helper()
	compared := 0
	for _, name := range asked {
		our, their := ours[name], theirs[name]
		switch {
		case our == nil && their == nil:
			t.Logf("%s: neither", name)
			continue
		case our == nil:
			t.Errorf("%s is the exporter's and not ours", name)
			continue
		case their == nil:
			t.Logf("%s: only ours", name)
			continue
		}
		compared++
		if our.GetType() != their.GetType() {
			t.Errorf("%s is a %v, the exporter's a %v", name, our.GetType(), their.GetType())
		}
		want, got := plain(their), plain(our)
		for labels, value := range want {
			v, ok := alike(got, labels)
			switch {
			case !ok && !strings.Contains(labels, `schema="mysql"`): // the server's own
				t.Errorf("the exporter has %s{%s}, we do not", name, labels)
			case ok && v != value && (strings.Contains(name, "_settings_") || strings.Contains(name, "_variables_") || strings.Contains(name, "_slave_status_")):
				t.Errorf("%s{%s} = %v, the exporter says %v", name, labels, v, value)
			}
		}
	}
	t.Logf("%d of %d names compared", compared, len(asked))
	if compared < len(asked)/2 {
		t.Errorf("only %d of %d names could be compared", compared, len(asked))
	}
}

// alike returns the value of a series that has all of labels, and perhaps others.
func alike(all map[string]float64, labels string) (float64, bool) {
	for has, value := range all {
		missing := false
		for label := range strings.SplitAfterSeq(labels, `",`) {
			missing = missing || !strings.Contains(","+has, ","+label)
		}
		if !missing || has == labels {
			return value, true
		}
	}
	return 0, false
}

// plain returns the series of a family without the labels that say which server it is.
func plain(f *dto.MetricFamily) map[string]float64 {
	for _, m := range f.Metric {
		m.Label = slices.DeleteFunc(m.Label, func(l *dto.LabelPair) bool {
			return slices.Contains([]string{"name", "instance", "server"}, l.GetName())
		})
	}
	return collecttest.Series(f)
}

func TestSameAsPostgresExporter(t *testing.T) {
	t.Parallel()
	s := servicetest.PostgreSQL(t)
	root := admin(t, s)
	do(t, root, postgresGrants+`CREATE TABLE cards (id serial PRIMARY KEY); INSERT INTO cards SELECT FROM generate_series(1, 100);
		SELECT pg_create_physical_replication_slot('standby_a')`)
	do(t, root, `VACUUM ANALYZE cards`)
	w := watch(t, newPostgres, gatewatchDSN(s, "p%40ss%20word"), 0)
	ours := collecttest.ParseExposition(t, strings.NewReader(w.Collect(t)))
	compareExporter(t, ours, exporter(t, "prometheus-postgres-exporter", s.URL), postgresAsked)
}

func TestSameAsMySQLExporter(t *testing.T) {
	t.Parallel()
	s := servicetest.MariaDB(t, "--log-bin=bin", "--server-id=1")
	root := session(t, s.URL)
	run(t, root, mysqlGrants...)
	run(t, root, "CREATE DATABASE pay", "CREATE TABLE pay.refunds (id int PRIMARY KEY AUTO_INCREMENT)", "INSERT INTO pay.refunds VALUES (7)",
		"GRANT REFERENCES ON pay.* TO gatewatch@'%'", "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'")
	w := watch(t, newMySQL, fmt.Sprintf("gatewatch:p@ss:word@tcp(%s)/", s.Addr), 0)
	ours := collecttest.ParseExposition(t, strings.NewReader(w.Collect(t)))
	theirs := exporter(t, "prometheus-mysqld-exporter", s.URL, "--collect.auto_increment.columns", "--collect.binlog_size", "--collect.info_schema.innodb_metrics")
	compareExporter(t, ours, theirs, mysqlAsked)
}
