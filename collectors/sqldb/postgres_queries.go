package sqldb

import (
	"slices"
	"time"

	"gatewatch/collectors/collect"
)

// postgresQueries lists all that PostgreSQL is asked in SQL. Names, labels and types are postgres_exporter's where it
// has such a metric.
func postgresQueries() []*query {
	return slices.Concat(postgresDatabases(), postgresSessions(), postgresReplication(), postgresWriting(), postgresTables(), postgresIndexes(), postgresDesign())
}

// postgresDatabases tells what happens in each database, its size and its age. What all databases share has no name.
func postgresDatabases() []*query {
	const statDatabase = "pg_stat_database_"
	of := func(column, help string) value {
		return value{column, statDatabase + column, collect.CounterKind, help}
	}
	labels := []string{"datid", "datname"}
	return []*query{
		{part: "databases", labels: labels, most: 100, text: `SELECT datid, datname, numbackends, xact_commit, xact_rollback,
			blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files,
			temp_bytes, deadlocks, blk_read_time, blk_write_time, extract(epoch FROM stats_reset) AS stats_reset,
			checksum_failures, extract(epoch FROM checksum_last_failure) AS checksum_last_failure
			FROM pg_stat_database ORDER BY xact_commit DESC LIMIT 101`,
			values: []value{
				{"numbackends", statDatabase + "numbackends", collect.GaugeKind, "Sessions in this database."},
				of("xact_commit", "Transactions committed."),
				of("xact_rollback", "Transactions rolled back."),
				of("blks_read", "Blocks read from outside the buffer cache."),
				of("blks_hit", "Blocks found in the buffer cache."),
				of("tup_returned", "Rows that scans went over."),
				of("tup_fetched", "Rows fetched by index scans."),
				of("tup_inserted", "Rows inserted."),
				of("tup_updated", "Rows updated."),
				of("tup_deleted", "Rows deleted."),
				of("conflicts", "Queries cancelled on a standby because of conflicts with recovery."),
				of("temp_files", "Temporary files that queries made."),
				of("temp_bytes", "Bytes written to temporary files."),
				of("deadlocks", "Deadlocks."),
				of("blk_read_time", "Milliseconds spent reading blocks; 0 without track_io_timing."),
				of("blk_write_time", "Milliseconds spent writing blocks; 0 without track_io_timing."),
				of("stats_reset", "When the counters were last reset, as Unix time."),
				of("checksum_failures", "Blocks whose checksum was wrong; none where checksums are off."),
				{"checksum_last_failure", statDatabase + "checksum_last_failure", collect.GaugeKind, "When a checksum was last wrong, as Unix time."},
			}},
		{part: "database_time", since: 14, labels: labels, most: 100, text: `SELECT datid, datname, active_time / 1000 AS active,
			sessions_abandoned, sessions_fatal, sessions_killed
			FROM pg_stat_database WHERE datname IS NOT NULL ORDER BY xact_commit DESC LIMIT 101`,
			values: []value{
				{"active", statDatabase + "active_time_seconds_total", collect.CounterKind, "Time that statements took."},
				of("sessions_abandoned", "Sessions whose client went away."),
				of("sessions_fatal", "Sessions ended by errors."),
				of("sessions_killed", "Sessions ended by operators."),
			}},
		{part: "database_sizes", every: 5 * time.Minute, labels: []string{"datname"}, most: 100, text: `SELECT datname,
			datconnlimit, CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'MEMBER')
			THEN pg_database_size(oid) END AS bytes FROM pg_database ORDER BY oid LIMIT 101`,
			values: []value{
				{"bytes", "pg_database_size_bytes", collect.GaugeKind, "Disk space of the database."},
				{"datconnlimit", "pg_database_connection_limit", collect.GaugeKind, "Most sessions in the database; -1: no limit of its own."},
			}},
		{part: "wraparound", every: time.Minute, labels: []string{"datname"}, most: 100, text: `SELECT datname,
			age(datfrozenxid) AS xid, mxid_age(datminmxid) AS mxid FROM pg_database WHERE datallowconn
			ORDER BY age(datfrozenxid) DESC LIMIT 101`,
			values: []value{
				{"xid", "pg_database_wraparound_age_datfrozenxid_seconds", collect.GaugeKind, "Age of the oldest unfrozen transaction, in transactions; writing stops near 2147483648."},
				{"mxid", "pg_database_wraparound_age_datminmxid_seconds", collect.GaugeKind, "Age of the oldest multixact, in multixacts."},
			}},
	}
}

// postgresWriting tells about WAL, its archive, checkpoints and the background writer.
func postgresWriting() []*query {
	const checkpointer, bgwriter = "pg_stat_checkpointer_", "pg_stat_bgwriter_"
	total := func(prefix, column, help string) value {
		return value{column, prefix + column + "_total", collect.CounterKind, help}
	}
	cleaning := []value{
		total(bgwriter, "buffers_clean", "Buffers written by the background writer."),
		total(bgwriter, "maxwritten_clean", "Rounds the background writer ended early because it wrote too much."),
		total(bgwriter, "buffers_alloc", "Buffers allocated."),
		total(bgwriter, "stats_reset", "When the counters were last reset, as Unix time."),
	}
	return []*query{
		{part: "archiver", text: `SELECT archived_count, failed_count, extract(epoch FROM now() - last_archived_time) AS age,
			extract(epoch FROM last_failed_time) AS failed FROM pg_stat_archiver`,
			values: []value{
				{"archived_count", "pg_stat_archiver_archived_count", collect.CounterKind, "WAL files archived."},
				{"failed_count", "pg_stat_archiver_failed_count", collect.CounterKind, "Attempts to archive a WAL file that failed."},
				{"age", "pg_stat_archiver_last_archive_age", collect.GaugeKind, "Seconds since a WAL file was last archived."},
				{"failed", "pg_stat_archiver_last_failed_time", collect.GaugeKind, "When archiving last failed, as Unix time."},
			}},
		{part: "bgwriter", before: 17, text: `SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time,
			buffers_checkpoint, buffers_clean, maxwritten_clean, buffers_backend, buffers_backend_fsync, buffers_alloc,
			extract(epoch FROM stats_reset) AS stats_reset FROM pg_stat_bgwriter`,
			values: append([]value{
				total(bgwriter, "checkpoints_timed", "Scheduled checkpoints."),
				total(bgwriter, "checkpoints_req", "Requested checkpoints; many mean that max_wal_size is small."),
				total(bgwriter, "checkpoint_write_time", "Milliseconds that checkpoints spent writing."),
				total(bgwriter, "checkpoint_sync_time", "Milliseconds that checkpoints spent syncing."),
				total(bgwriter, "buffers_checkpoint", "Buffers written by checkpoints."),
				total(bgwriter, "buffers_backend", "Buffers that sessions had to write themselves."),
				total(bgwriter, "buffers_backend_fsync", "Times a session had to sync a file itself."),
			}, cleaning...)},
		{part: "bgwriter_17", since: 17, text: `SELECT buffers_clean, maxwritten_clean, buffers_alloc,
			extract(epoch FROM stats_reset) AS stats_reset FROM pg_stat_bgwriter`, values: cleaning},
		{part: "checkpointer", since: 17, text: `SELECT num_timed, num_requested, restartpoints_timed, restartpoints_req,
			restartpoints_done, write_time, sync_time, buffers_written, extract(epoch FROM stats_reset) AS stats_reset
			FROM pg_stat_checkpointer`,
			values: []value{
				total(checkpointer, "num_timed", "Scheduled checkpoints."),
				total(checkpointer, "num_requested", "Requested checkpoints; many mean that max_wal_size is small."),
				total(checkpointer, "restartpoints_timed", "Scheduled restartpoints of a standby."),
				total(checkpointer, "restartpoints_req", "Requested restartpoints of a standby."),
				total(checkpointer, "restartpoints_done", "Restartpoints done."),
				total(checkpointer, "write_time", "Milliseconds that checkpoints spent writing."),
				total(checkpointer, "sync_time", "Milliseconds that checkpoints spent syncing."),
				total(checkpointer, "buffers_written", "Buffers written by checkpoints."),
				total(checkpointer, "stats_reset", "When the counters were last reset, as Unix time."),
			}},
		{part: "wal", every: time.Minute, text: `SELECT count(*) AS segments, sum(size) AS bytes FROM pg_ls_waldir()
			WHERE name ~ '^[0-9A-F]{24}$'`,
			values: []value{
				{"segments", "pg_wal_segments", collect.GaugeKind, "Files of WAL on disk."},
				{"bytes", "pg_wal_size_bytes", collect.GaugeKind, "Bytes of WAL on disk."},
			}},
	}
}
