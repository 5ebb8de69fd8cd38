package web

// databaseKinds are the kinds of ground that payments are kept in.
var databaseKinds = []string{"postgres", "mysql", "redis", "mongodb"}

// fullest returns how many connections the server has that is nearest to its limit, and the limit.
func fullest(used, limit string) []groundNumber {
	nearest := " and on (name, instance) topk(1, " + used + " / on (name, instance) " + limit + ")"
	return []groundNumber{{used + nearest, asNumber}, {limit + nearest, asNumber}}
}

func postgresGround() groundKind {
	return groundKind{kind: "postgres", needs: "pg_up", name: "name", alerts: []string{"Postgres"}, parts: []groundPart{
		{key: "ground.connections", numbers: fullest(`sum by (name, instance) (pg_stat_database_numbackends)`, `pg_settings_max_connections`)},
		// A standby's own word, or what a primary says of its standbys.
		{key: "ground.lag", numbers: []groundNumber{
			{`max((pg_replication_lag_seconds and on (name, instance) pg_replication_is_replica == 1) or pg_stat_replication_replay_lag_seconds)`, asSeconds}}},
		{key: "ground.blocked", numbers: []groundNumber{{`sum(pg_blocked_sessions) > 0`, asNumber}}},
	}}
}

func mysqlGround() groundKind {
	return groundKind{kind: "mysql", needs: "mysql_up", name: "name", alerts: []string{"Mysql"}, parts: []groundPart{
		{key: "ground.connections", numbers: fullest(`mysql_global_status_threads_connected`, `mysql_global_variables_max_connections`)},
		// MySQL 8.0.22 and newer call a master a source.
		{key: "ground.lag", numbers: []groundNumber{
			{`max(mysql_slave_status_seconds_behind_master or mysql_slave_status_seconds_behind_source)`, asSeconds}}},
		{key: "ground.blocked", numbers: []groundNumber{{`sum(mysql_blocked_sessions) > 0`, asNumber}}},
	}}
}

func redisGround() groundKind {
	return groundKind{kind: "redis", needs: "redis_up", name: "name", alerts: []string{"Redis"}, parts: []groundPart{
		{key: "ground.hits", numbers: []groundNumber{
			{`sum(rate(redis_keyspace_hits_total[5m])) / (sum(rate(redis_keyspace_hits_total[5m])) + sum(rate(redis_keyspace_misses_total[5m])))`, asPercent}}},
		{key: "ground.memory", numbers: []groundNumber{{`max(redis_memory_used_bytes / (redis_memory_max_bytes > 0))`, asShare}}},
	}}
}

func mongoGround() groundKind {
	return groundKind{kind: "mongodb", needs: "mongodb_up", name: "name", alerts: []string{"Mongodb"}, parts: []groundPart{
		{key: "ground.open", numbers: []groundNumber{{`sum(mongodb_ss_connections{conn_type="current"})`, asNumber}}},
		{key: "ground.lag", numbers: []groundNumber{{`max(mongodb_mongod_replset_member_replication_lag)`, asSeconds}}},
	}}
}
