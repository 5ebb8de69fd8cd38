package redis

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var (
	redisUp       = collect.Spec{Name: "redis_up", Kind: collect.GaugeKind, Help: "Whether the last connection to the server worked.", Labels: nil}
	redisInstance = collect.Spec{Name: "redis_instance_info", Kind: collect.GaugeKind, Help: "1, with what the server is.", Labels: []string{"role", "redis_version",
		"redis_build_id", "redis_mode", "os", "maxmemory_policy", "tcp_port", "run_id", "process_id", "master_replid", "valkey_version"}}
	redisMaxMemory   = collect.Spec{Name: "redis_config_maxmemory", Kind: collect.GaugeKind, Help: "Most memory for data, as redis_memory_max_bytes.", Labels: nil}
	redisTotalMemory = collect.Spec{Name: "redis_total_system_memory_bytes", Kind: collect.GaugeKind, Help: "Memory of the host.", Labels: nil}
	redisStarted     = collect.Spec{Name: "redis_start_time_seconds", Kind: collect.GaugeKind, Help: "When the server started, as Unix time.", Labels: nil}
)

// redisReplicaSpecs are the metrics of replication that have labels.
var redisReplicaSpecs = []collect.Spec{
	{Name: "redis_slave_info", Kind: collect.GaugeKind, Help: "1 on a replica.", Labels: []string{"master_host", "master_port", "read_only"}},
	{Name: "redis_master_link_up", Kind: collect.GaugeKind, Help: "On a replica: whether it is connected to its primary.", Labels: []string{"master_host", "master_port"}},
	{Name: "redis_master_link_down_since_seconds", Kind: collect.GaugeKind, Help: "On a replica without its primary: for how long; -1: it never was connected.", Labels: []string{"master_host", "master_port"}},
	{Name: "redis_master_last_io_seconds_ago", Kind: collect.GaugeKind, Help: "On a replica: seconds since it last heard of its primary.", Labels: []string{"master_host", "master_port"}},
	{Name: "redis_master_sync_in_progress", Kind: collect.GaugeKind, Help: "On a replica: whether it takes over all data.", Labels: []string{"master_host", "master_port"}},
	{Name: "redis_slave_repl_offset", Kind: collect.GaugeKind, Help: "On a replica: how far it has read.", Labels: []string{"master_host", "master_port"}},
	{Name: "redis_connected_slave_offset_bytes", Kind: collect.GaugeKind, Help: "How far a replica has read, as it last said.", Labels: []string{"slave_ip", "slave_port", "slave_state"}},
	{Name: "redis_connected_slave_lag_seconds", Kind: collect.GaugeKind, Help: "Seconds since a replica last said so.", Labels: []string{"slave_ip", "slave_port", "slave_state"}},
}

// redisOfPrimary are the lines of INFO that a replica tells of its primary, and their metrics.
var redisOfPrimary = map[string]string{
	"master_link_status":             "redis_master_link_up",
	"master_link_down_since_seconds": "redis_master_link_down_since_seconds",
	"master_last_io_seconds_ago":     "redis_master_last_io_seconds_ago",
	"master_sync_in_progress":        "redis_master_sync_in_progress",
	"slave_repl_offset":              "redis_slave_repl_offset",
}

// redisCountSpecs are the metrics by command, database and error.
var redisCountSpecs = []collect.Spec{
	{Name: "redis_commands_total", Kind: collect.CounterKind, Help: "Calls by command.", Labels: []string{"cmd"}},
	{Name: "redis_commands_duration_seconds_total", Kind: collect.CounterKind, Help: "Time spent by command.", Labels: []string{"cmd"}},
	{Name: "redis_commands_rejected_calls_total", Kind: collect.CounterKind, Help: "Calls that were refused before they ran, by command.", Labels: []string{"cmd"}},
	{Name: "redis_commands_failed_calls_total", Kind: collect.CounterKind, Help: "Calls that failed while they ran, by command.", Labels: []string{"cmd"}},
	{Name: "redis_errors_total", Kind: collect.CounterKind, Help: "Errors that clients were told, by code; other: what is not one of the server's.", Labels: []string{"err"}},
	{Name: "redis_db_keys", Kind: collect.GaugeKind, Help: "Keys by database.", Labels: []string{"db"}},
	{Name: "redis_db_keys_expiring", Kind: collect.GaugeKind, Help: "Keys that expire, by database.", Labels: []string{"db"}},
	{Name: "redis_db_avg_ttl_seconds", Kind: collect.GaugeKind, Help: "How long those live yet on average, estimated.", Labels: []string{"db"}},
}

// redisSentinelSpecs are the metrics of a Sentinel, without the redis_ that they begin with.
var redisSentinelSpecs = []collect.Spec{
	{Name: "sentinel_masters", Kind: collect.GaugeKind, Help: "Primaries that this Sentinel watches.", Labels: nil},
	{Name: "sentinel_tilt", Kind: collect.GaugeKind, Help: "Whether it does nothing because its clock jumped.", Labels: nil},
	{Name: "sentinel_running_scripts", Kind: collect.GaugeKind, Help: "Scripts that it runs now.", Labels: nil},
	{Name: "sentinel_scripts_queue_length", Kind: collect.GaugeKind, Help: "Scripts that wait.", Labels: nil},
	{Name: "sentinel_master_status", Kind: collect.GaugeKind, Help: "1, with what it thinks of the primary: ok, sdown, odown.", Labels: []string{"master_name", "master_address", "master_status"}},
	{Name: "sentinel_master_slaves", Kind: collect.GaugeKind, Help: "Replicas of the primary.", Labels: []string{"master_name", "master_address"}},
	{Name: "sentinel_master_sentinels", Kind: collect.GaugeKind, Help: "Sentinels that watch it.", Labels: []string{"master_name", "master_address"}},
}

// redisField is a line of INFO that is one number, and the metric that redis_exporter makes of it.
type redisField struct {
	field, name string
	kind        prometheus.ValueType
	// per is how many of the server's units are one of the metric's.
	per  float64
	help string
}

func (f redisField) spec() collect.Spec {
	return collect.Spec{Name: "redis_" + f.name, Kind: f.kind, Help: f.help, Labels: nil}
}

// redisFields lists them in the order of INFO.
var redisFields = []redisField{
	{"uptime_in_seconds", "uptime_in_seconds", collect.GaugeKind, 1, "Seconds since the server started."},
	{"process_id", "process_id", collect.GaugeKind, 1, "Id of its process."},
	{"io_threads_active", "io_threads_active", collect.GaugeKind, 1, "Whether threads read and write for clients."},

	{"connected_clients", "connected_clients", collect.GaugeKind, 1, "Clients, without replicas."},
	{"cluster_connections", "cluster_connections", collect.GaugeKind, 1, "Connections of the cluster's own."},
	{"maxclients", "max_clients", collect.GaugeKind, 1, "Most clients at a time."},
	{"client_recent_max_input_buffer", "client_recent_max_input_buffer_bytes", collect.GaugeKind, 1, "Largest input buffer of a client lately."},
	{"client_recent_max_output_buffer", "client_recent_max_output_buffer_bytes", collect.GaugeKind, 1, "Largest output buffer of a client lately."},
	{"blocked_clients", "blocked_clients", collect.GaugeKind, 1, "Clients that wait in a blocking call, such as BLPOP."},
	{"tracking_clients", "tracking_clients", collect.GaugeKind, 1, "Clients that are told of changed keys."},
	{"clients_in_timeout_table", "clients_in_timeout_table", collect.GaugeKind, 1, "Clients whose blocking call has a time-out."},

	{"used_memory", "memory_used_bytes", collect.GaugeKind, 1, "Memory allocated."},
	{"used_memory_rss", "memory_used_rss_bytes", collect.GaugeKind, 1, "Memory as the system sees it."},
	{"used_memory_peak", "memory_used_peak_bytes", collect.GaugeKind, 1, "Most memory that was allocated."},
	{"used_memory_overhead", "memory_used_overhead_bytes", collect.GaugeKind, 1, "Memory for buffers and administration."},
	{"used_memory_startup", "memory_used_startup_bytes", collect.GaugeKind, 1, "Memory allocated at the start."},
	{"used_memory_dataset", "memory_used_dataset_bytes", collect.GaugeKind, 1, "Memory for data."},
	{"used_memory_lua", "memory_used_lua_bytes", collect.GaugeKind, 1, "Memory of the engine for scripts."},
	{"used_memory_scripts", "memory_used_scripts_bytes", collect.GaugeKind, 1, "Memory of cached scripts."},
	{"maxmemory", "memory_max_bytes", collect.GaugeKind, 1, "Most memory for data; 0: no limit."},
	{"mem_fragmentation_ratio", "mem_fragmentation_ratio", collect.GaugeKind, 1, "Memory as the system sees it, by memory allocated; below 1 it is swapped."},
	{"mem_fragmentation_bytes", "mem_fragmentation_bytes", collect.GaugeKind, 1, "The difference of the two."},
	{"allocator_allocated", "allocator_allocated_bytes", collect.GaugeKind, 1, "Memory that the allocator has given out."},
	{"allocator_active", "allocator_active_bytes", collect.GaugeKind, 1, "Memory in pages that hold some of it."},
	{"allocator_resident", "allocator_resident_bytes", collect.GaugeKind, 1, "Memory that the allocator holds."},
	{"allocator_frag_ratio", "allocator_frag_ratio", collect.GaugeKind, 1, "Active by allocated memory."},
	{"allocator_frag_bytes", "allocator_frag_bytes", collect.GaugeKind, 1, "The difference of the two."},
	{"allocator_rss_ratio", "allocator_rss_ratio", collect.GaugeKind, 1, "Resident by active memory."},
	{"allocator_rss_bytes", "allocator_rss_bytes", collect.GaugeKind, 1, "The difference of the two."},
	{"mem_not_counted_for_evict", "mem_not_counted_for_eviction_bytes", collect.GaugeKind, 1, "Memory that does not count towards the limit."},
	{"mem_clients_slaves", "mem_clients_slaves", collect.GaugeKind, 1, "Memory for replicas, in bytes."},
	{"mem_clients_normal", "mem_clients_normal", collect.GaugeKind, 1, "Memory for clients, in bytes."},
	{"active_defrag_running", "active_defrag_running", collect.GaugeKind, 1, "Share of the time spent on defragmentation now, in percent."},
	{"lazyfree_pending_objects", "lazyfree_pending_objects", collect.GaugeKind, 1, "Objects that wait for being freed."},

	{"loading", "loading_dump_file", collect.GaugeKind, 1, "Whether the server loads its data and refuses most commands."},
	{"loading_eta_seconds", "loading_eta_seconds", collect.GaugeKind, 1, "While it does: seconds that it still needs, estimated."},
	{"async_loading", "async_loading", collect.GaugeKind, 1, "Whether it takes over data while it serves the old."},
	{"rdb_changes_since_last_save", "rdb_changes_since_last_save", collect.GaugeKind, 1, "Changes since the last snapshot."},
	{"rdb_bgsave_in_progress", "rdb_bgsave_in_progress", collect.GaugeKind, 1, "Whether a snapshot is written."},
	{"rdb_last_save_time", "rdb_last_save_timestamp_seconds", collect.GaugeKind, 1, "When the last snapshot was written, as Unix time; before the first, when the server started."},
	{"rdb_last_bgsave_status", "rdb_last_bgsave_status", collect.GaugeKind, 1, "Whether the last snapshot was written."},
	{"rdb_last_bgsave_time_sec", "rdb_last_bgsave_duration_sec", collect.GaugeKind, 1, "How long that took; -1: there was none."},
	{"rdb_current_bgsave_time_sec", "rdb_current_bgsave_duration_sec", collect.GaugeKind, 1, "How long the present one has taken; -1: there is none."},
	{"rdb_last_cow_size", "rdb_last_cow_size_bytes", collect.GaugeKind, 1, "Memory that the last snapshot copied."},
	{"aof_enabled", "aof_enabled", collect.GaugeKind, 1, "Whether there is an append-only file."},
	{"aof_rewrite_in_progress", "aof_rewrite_in_progress", collect.GaugeKind, 1, "Whether it is written anew."},
	{"aof_rewrite_scheduled", "aof_rewrite_scheduled", collect.GaugeKind, 1, "Whether that will be done after the snapshot."},
	{"aof_last_rewrite_time_sec", "aof_last_rewrite_duration_sec", collect.GaugeKind, 1, "How long that took last; -1: it was never done."},
	{"aof_current_rewrite_time_sec", "aof_current_rewrite_duration_sec", collect.GaugeKind, 1, "How long it has taken now; -1: it is not done."},
	{"aof_last_bgrewrite_status", "aof_last_bgrewrite_status", collect.GaugeKind, 1, "Whether that worked last."},
	{"aof_last_write_status", "aof_last_write_status", collect.GaugeKind, 1, "Whether the last write to it worked; while not, the server refuses to write."},
	{"aof_last_cow_size", "aof_last_cow_size_bytes", collect.GaugeKind, 1, "Memory that writing it anew copied last."},
	{"aof_current_size", "aof_current_size_bytes", collect.GaugeKind, 1, "Its size."},
	{"aof_base_size", "aof_base_size_bytes", collect.GaugeKind, 1, "Its size when it was written anew."},
	{"aof_pending_rewrite", "aof_pending_rewrite", collect.GaugeKind, 1, "Whether writing it anew waits for the snapshot."},
	{"aof_buffer_length", "aof_buffer_length", collect.GaugeKind, 1, "Bytes that wait for being written to it."},
	{"aof_pending_bio_fsync", "aof_pending_bio_fsync", collect.GaugeKind, 1, "Syncs of it that wait."},
	{"aof_delayed_fsync", "aof_delayed_fsync", collect.GaugeKind, 1, "Syncs of it that were late: the disk is slow."},
	{"module_fork_in_progress", "module_fork_in_progress", collect.GaugeKind, 1, "Whether a module has forked."},

	{"total_connections_received", "connections_received_total", collect.CounterKind, 1, "Connections accepted."},
	{"total_commands_processed", "commands_processed_total", collect.CounterKind, 1, "Commands processed."},
	{"total_net_input_bytes", "net_input_bytes_total", collect.CounterKind, 1, "Bytes read."},
	{"total_net_output_bytes", "net_output_bytes_total", collect.CounterKind, 1, "Bytes written."},
	{"rejected_connections", "rejected_connections_total", collect.CounterKind, 1, "Connections refused because of maxclients."},
	{"sync_full", "replica_resyncs_full", collect.GaugeKind, 1, "Replicas that took over all data."},
	{"sync_partial_ok", "replica_partial_resync_accepted", collect.GaugeKind, 1, "Replicas that went on where they were."},
	{"sync_partial_err", "replica_partial_resync_denied", collect.GaugeKind, 1, "Replicas that could not: the backlog was too short."},
	{"expired_keys", "expired_keys_total", collect.CounterKind, 1, "Keys that expired."},
	{"expired_stale_perc", "expired_stale_percentage", collect.GaugeKind, 1, "Keys that expired and are still there, in percent, estimated."},
	{"expired_time_cap_reached_count", "expired_time_cap_reached_total", collect.CounterKind, 1, "Times that removing expired keys ran out of time."},
	{"evicted_keys", "evicted_keys_total", collect.CounterKind, 1, "Keys that went because the memory was full."},
	{"evicted_clients", "evicted_clients_total", collect.CounterKind, 1, "Clients that went because their buffers were too large."},
	{"total_eviction_exceeded_time", "eviction_exceeded_time_ms_total", collect.CounterKind, 1, "Milliseconds that more memory was used than allowed."},
	{"current_eviction_exceeded_time", "current_eviction_exceeded_time_ms", collect.GaugeKind, 1, "Milliseconds of that since it last began; 0: it is not so."},
	{"keyspace_hits", "keyspace_hits_total", collect.CounterKind, 1, "Keys that were asked for and found."},
	{"keyspace_misses", "keyspace_misses_total", collect.CounterKind, 1, "Keys that were asked for and not found."},
	{"pubsub_channels", "pubsub_channels", collect.GaugeKind, 1, "Channels with subscribers."},
	{"pubsub_patterns", "pubsub_patterns", collect.GaugeKind, 1, "Patterns with subscribers."},
	{"latest_fork_usec", "latest_fork_seconds", collect.GaugeKind, 1e6, "How long the last fork stopped the server."},
	{"active_defrag_hits", "defrag_hits", collect.GaugeKind, 1, "Values that defragmentation moved."},
	{"active_defrag_misses", "defrag_misses", collect.GaugeKind, 1, "Values that it did not need to."},
	{"active_defrag_key_hits", "defrag_key_hits", collect.GaugeKind, 1, "Keys of which it moved something."},
	{"active_defrag_key_misses", "defrag_key_misses", collect.GaugeKind, 1, "Keys of which it did not."},
	{"unexpected_error_replies", "unexpected_error_replies", collect.CounterKind, 1, "Errors to replicas and from scripts that nobody expects."},
	{"total_error_replies", "total_error_replies", collect.CounterKind, 1, "Errors that clients were told."},
	{"total_reads_processed", "total_reads_processed", collect.CounterKind, 1, "Reads from clients."},
	{"total_writes_processed", "total_writes_processed", collect.CounterKind, 1, "Writes to clients."},
	{"io_threaded_reads_processed", "io_threaded_reads_processed", collect.CounterKind, 1, "Reads that threads did."},
	{"io_threaded_writes_processed", "io_threaded_writes_processed", collect.CounterKind, 1, "Writes that threads did."},
	{"client_query_buffer_limit_disconnections", "client_query_buffer_limit_disconnections_total", collect.CounterKind, 1, "Clients that went because of their input buffers."},
	{"client_output_buffer_limit_disconnections", "client_output_buffer_limit_disconnections_total", collect.CounterKind, 1, "Clients that went because of their output buffers: slow subscribers, lost replicas."},
	{"acl_access_denied_auth", "acl_access_denied_auth_total", collect.CounterKind, 1, "Logins that were refused."},
	{"acl_access_denied_cmd", "acl_access_denied_cmd_total", collect.CounterKind, 1, "Commands that the user may not run."},
	{"acl_access_denied_key", "acl_access_denied_key_total", collect.CounterKind, 1, "Commands with keys that the user may not touch."},
	{"acl_access_denied_channel", "acl_access_denied_channel_total", collect.CounterKind, 1, "Commands with channels that the user may not touch."},

	{"connected_slaves", "connected_slaves", collect.GaugeKind, 1, "Replicas."},
	{"master_repl_offset", "master_repl_offset", collect.GaugeKind, 1, "How far the stream of changes has come."},
	{"second_repl_offset", "second_repl_offset", collect.GaugeKind, 1, "How far it had come when this replica became primary; -1: it did not."},
	{"repl_backlog_active", "repl_backlog_is_active", collect.GaugeKind, 1, "Whether there is a backlog for replicas."},
	{"repl_backlog_size", "replication_backlog_bytes", collect.GaugeKind, 1, "Its size."},
	{"repl_backlog_first_byte_offset", "repl_backlog_first_byte_offset", collect.GaugeKind, 1, "Where it begins."},
	{"repl_backlog_histlen", "repl_backlog_history_bytes", collect.GaugeKind, 1, "How much is in it."},
	{"slave_priority", "slave_priority", collect.GaugeKind, 1, "Order in which replicas become primary; 0: never."},
	{"slave_expires_tracked_keys", "slave_expires_tracked_keys", collect.GaugeKind, 1, "Keys with a time that were written on a replica."},

	{"used_cpu_sys", "cpu_sys_seconds_total", collect.CounterKind, 1, "CPU time in the kernel."},
	{"used_cpu_user", "cpu_user_seconds_total", collect.CounterKind, 1, "CPU time outside it."},
	{"used_cpu_sys_children", "cpu_sys_children_seconds_total", collect.CounterKind, 1, "CPU time of forks in the kernel."},
	{"used_cpu_user_children", "cpu_user_children_seconds_total", collect.CounterKind, 1, "CPU time of forks outside it."},
	{"used_cpu_sys_main_thread", "cpu_sys_main_thread_seconds_total", collect.CounterKind, 1, "CPU time of the main thread in the kernel."},
	{"used_cpu_user_main_thread", "cpu_user_main_thread_seconds_total", collect.CounterKind, 1, "CPU time of the main thread outside it: at a second a second, the server is at its limit."},

	{"cluster_enabled", "cluster_enabled", collect.GaugeKind, 1, "Whether the server is part of a cluster."},
}
