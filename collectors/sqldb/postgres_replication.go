package sqldb

import "gatewatch/collectors/collect"

// walNow is the position of the WAL: what was written, or on a standby what was received.
const walNow = `CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END`

// postgresReplication tells how far standbys and slots are behind.
func postgresReplication() []*query {
	const replication, standby, slot = "pg_replication_", "pg_stat_replication_", "pg_replication_slot_"
	return []*query{
		{part: "replication", text: `SELECT pg_is_in_recovery() AS replica, CASE WHEN NOT pg_is_in_recovery()
			OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
			ELSE greatest(0, extract(epoch FROM now() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))) END AS lag,
			extract(epoch FROM now() - pg_last_xact_replay_timestamp()) AS replayed,
			extract(epoch FROM pg_postmaster_start_time()) AS started,
			txid_snapshot_xmax(txid_current_snapshot()) AS xid`, // txid_current() would use one up
			values: []value{
				{"lag", replication + "lag_seconds", collect.GaugeKind, "Seconds that this standby is behind; 0 for a primary."},
				{"replica", replication + "is_replica", collect.GaugeKind, "Whether this is a standby."},
				{"replayed", replication + "last_replay_seconds", collect.GaugeKind, "Seconds since this standby last replayed a transaction."},
				{"started", "pg_postmaster_start_time_seconds", collect.GaugeKind, "When the server started, as Unix time."},
				{"xid", "pg_txid_current", collect.CounterKind, "The transaction id that is given out next: how many were used up."},
			}},
		{part: "standbys", most: 100, labels: []string{"application_name", "client_addr", "state", "slot_name", "pid"},
			text: `SELECT r.application_name, r.client_addr, r.state, s.slot_name, r.pid,
			pg_wal_lsn_diff(` + walNow + `, '0/0') AS written, pg_wal_lsn_diff(` + walNow + `, r.replay_lsn) AS behind,
			extract(epoch FROM r.write_lag) AS write_lag, extract(epoch FROM r.flush_lag) AS flush_lag,
			extract(epoch FROM r.replay_lag) AS replay_lag
			FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid ORDER BY r.pid LIMIT 101`,
			values: []value{
				{"written", standby + "pg_current_wal_lsn_bytes", collect.GaugeKind, "Position of the WAL, in bytes."},
				{"behind", standby + "pg_wal_lsn_diff", collect.GaugeKind, "Bytes of WAL that the standby has not replayed."},
				{"write_lag", standby + "write_lag_seconds", collect.GaugeKind, "Seconds until the standby wrote recent WAL."},
				{"flush_lag", standby + "flush_lag_seconds", collect.GaugeKind, "Seconds until the standby flushed recent WAL."},
				{"replay_lag", standby + "replay_lag_seconds", collect.GaugeKind, "Seconds until the standby replayed recent WAL."},
			}},
		slotsRead("slots", "active", 0, 17),
		slotsRead("slots_17", readable, 17, 0),
		slotPositions("slot_positions", "active", 0, 17),
		slotPositions("slot_positions_17", readable, 17, 0),
		{part: "slot_safety", since: 13, most: 100, labels: []string{"slot_name", "slot_type", "wal_status"},
			text: `SELECT slot_name, slot_type, wal_status, 1 AS one FROM pg_replication_slots
			WHERE wal_status IS NOT NULL ORDER BY slot_name LIMIT 101`,
			values: []value{{"one", slot + "wal_status", collect.GaugeKind, "1, with whether the WAL that the slot needs is kept."}}},
		{part: "slot_room", since: 13, most: 100, labels: []string{"slot_name", "slot_type"},
			text: `SELECT slot_name, slot_type, safe_wal_size FROM pg_replication_slots ORDER BY slot_name LIMIT 101`,
			values: []value{{"safe_wal_size", slot + "safe_wal_size_bytes", collect.GaugeKind,
				"Bytes of WAL that can be written before the slot may lose what it needs."}}},
		walReceiver("wal_receiver", "flushed_lsn", 13, 0),
		walReceiver("wal_receiver_12", "received_lsn", 0, 13),
	}
}

// readable tells whether a slot is read, but for one that a standby copies from its primary to have it when it becomes
// the primary: nobody can read it before that.
const readable = `CASE WHEN NOT synced THEN active END`

const activeHelp = "Whether somebody reads from the slot; absent for one that a standby from 17 on copies from its primary."

// slotsRead asks whether slots are read, and what is kept for them. active is how its versions tell the former.
func slotsRead(part, active string, since, before int) *query {
	const slots = "pg_replication_slots_"
	return &query{part: part, since: since, before: before, most: 100, labels: []string{"slot_name", "database"},
		text: `SELECT slot_name, database, ` + active + ` AS active, pg_wal_lsn_diff(` + walNow + `, restart_lsn) AS kept
			FROM pg_replication_slots ORDER BY kept DESC NULLS LAST LIMIT 101`,
		values: []value{
			{"active", slots + "active", collect.GaugeKind, activeHelp},
			{"kept", slots + "pg_wal_lsn_diff", collect.GaugeKind, "Bytes of WAL that are kept for the slot."},
		}}
}

// slotPositions asks how far slots are read.
func slotPositions(part, active string, since, before int) *query {
	const slot = "pg_replication_slot_"
	return &query{part: part, since: since, before: before, most: 100, labels: []string{"slot_name", "slot_type"},
		text: `SELECT slot_name, slot_type, ` + active + ` AS active, ` + walNow + ` - '0/0' AS written,
			CASE WHEN active THEN coalesce(confirmed_flush_lsn, '0/0') - '0/0' END AS flushed
			FROM pg_replication_slots ORDER BY slot_name LIMIT 101`,
		values: []value{
			{"written", slot + "slot_current_wal_lsn", collect.GaugeKind, "Position of the WAL, in bytes."},
			{"flushed", slot + "slot_confirmed_flush_lsn", collect.GaugeKind, "Position that the reader of the slot confirmed, in bytes."},
			{"active", slot + "slot_is_active", collect.GaugeKind, activeHelp},
		}}
}

// walReceiver asks a standby for what it receives, if it receives anything. flushed is how its versions call the
// position up to which it has the WAL on disk.
func walReceiver(part, flushed string, since, before int) *query {
	const receiver = "pg_stat_wal_receiver_"
	return &query{part: part, since: since, before: before, labels: []string{"upstream_host", "slot_name", "status"},
		text: `SELECT sender_host AS upstream_host, slot_name, status, ` + flushed + ` - '0/0' AS flushed, latest_end_lsn - '0/0' AS ended,
			extract(epoch FROM last_msg_receipt_time) AS heard FROM pg_stat_wal_receiver`,
		values: []value{
			{"flushed", receiver + "flushed_lsn", collect.CounterKind, "Position up to which this standby has the WAL on disk, in bytes; absent when it receives nothing."},
			{"ended", receiver + "latest_end_lsn", collect.CounterKind, "Position that this standby told its upstream last, in bytes."},
			{"heard", receiver + "last_msg_receipt_time", collect.CounterKind, "When its upstream was last heard, as Unix time."},
		}}
}
