package main

import "strings"

// reasons say why metrics that begin so are missing; the first that fits holds.
var reasons = []struct{ begins, why string }{
	{"blackbox_exporter_", "about the exporter itself; here `gatewatch_config_last_reload_successful`"},
	{"pg_exporter_", "about the exporter itself; here `gatewatch_collector_success`"},
	{"systemd_timer_", "not collected: timers' services are, as `node_systemd_unit_state`"},
	{"systemd_unit_tasks_", "not collected"},
	{"systemd_", "given under node_exporter's name: `node_` before it"},
	{"mysql_heartbeat_", "needs a table that pt-heartbeat writes: no table of a user is read; `mysql_slave_status_seconds_behind_master` is there"},
	{"pg_bloat_", "from a query of one's own that reads the statistics of each column; `pg_stat_user_tables_n_dead_tup` is there"},
	{"pg_txid_", "from a query of one's own; `pg_database_wraparound_age_datfrozenxid_seconds` is there"},
	{"pg_general_index_info", "from a query of one's own; `pg_invalid_indexes` is there"},
	{"pg_stat_ssl_", "compression of connections ended with PostgreSQL 14"},
	{"jvm_", "of the Java client library; comes by `collectors.scrapes` from a program that has it"},
	{"process_", "of the program that is scraped, by `collectors.scrapes`"},
}

func reason(missing string) string {
	for _, r := range reasons {
		if strings.HasPrefix(missing, r.begins) {
			return r.why
		}
	}
	return "not collected"
}
