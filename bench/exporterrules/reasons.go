package main

import "strings"

// reasons say why metrics that begin so are missing; the first that fits holds.
var reasons = []struct{ begins, why string }{
	{"blackbox_exporter_", "about the exporter itself; here `gatewatch_config_last_reload_successful`"},
	{"pg_exporter_", "about the exporter itself; here `gatewatch_collector_success`"},
	{"mysql_heartbeat_", "needs a table that pt-heartbeat writes: no table of a user is read; `mysql_slave_status_seconds_behind_master` is there"},
	{"pg_general_index_info", "from a query of one's own; `pg_invalid_indexes` is there"},
	{"pg_stat_ssl_", "compression of connections ended with PostgreSQL 14"},
	{"redis_connected_slaves without name", "sums over all servers, which have the label `name` here: write `without (instance, job, name)`"},
}

func reason(missing string) string {
	for _, r := range reasons {
		if strings.HasPrefix(missing, r.begins) {
			return r.why
		}
	}
	return "not collected"
}

// silences say why metrics that begin so have no series on a machine for tests; the first that fits holds.
var silences = []struct{ begins, why string }{
	{"node_network_speed_bytes", "the network card of this virtual machine tells no speed; the exporter gives -1 bit/s, which the rule leaves out"},
	{"node_bonding_", noHardware}, {"node_hwmon_", noHardware}, {"node_md_", noHardware}, {"node_edac_", noHardware}, {"node_zfs_", noHardware},
	{`probe_success{job="blackbox-exporter"}`, "asks for the name of a scrape: call it so in Prometheus"},
	{"systemd_unit_tasks_current", "the control groups of the systemd that tests start count no tasks"},
	{"mongodb_rs_members_optimeDate", "the rule itself: it takes one member of a set that is watched, and fails with more, as it does with exporters"},
	{"jvm_gc_collection_seconds_count{gc=~", "the rule itself: the JVM's names have capitals, as in `G1 Old Generation`"},
}

const noHardware = "no such hardware here"

// apart is why a rule has no series although its selectors have.
const apart = "the rule itself: its sides have different labels, with the exporter, too"

func silence(selector string) string {
	for _, r := range silences {
		if strings.HasPrefix(selector, r.begins) {
			return r.why
		}
	}
	return "not known"
}
