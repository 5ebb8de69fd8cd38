package proxies

import "gatewatch/collectors/collect"

// haproxyColumn is a column of HAProxy's table and its metric.
type haproxyColumn struct {
	column string
	collect.Metric
	scale float64
}

// haproxySection is what is told of frontends, backends or servers.
type haproxySection struct {
	columns           []haproxyColumn
	status, responses collect.Metric
	states            []string
}

// haproxyInfo is a line of "show info" and its metric.
type haproxyInfo struct {
	key string
	collect.Metric
}

// haproxyCodes are the columns of responses by the class of their status.
var haproxyCodes = map[string]string{
	"hrsp_1xx": "1xx", "hrsp_2xx": "2xx", "hrsp_3xx": "3xx", "hrsp_4xx": "4xx", "hrsp_5xx": "5xx", "hrsp_other": "other",
}

// haproxyTable lists the columns; in says of which kinds: f, b and s.
var haproxyTable = []struct {
	column, name, in string
	counts           bool
	scale            float64
	help             string
}{
	{"qcur", "current_queue", "bs", false, 1, "Number of current queued requests."},
	{"qmax", "max_queue", "bs", false, 1, "Highest value of queued requests encountered since process started."},
	{"scur", "current_sessions", "fbs", false, 1, "Number of current sessions on the frontend, backend or server."},
	{"smax", "max_sessions", "fbs", false, 1, "Highest value of current sessions encountered since process started."},
	{"slim", "limit_sessions", "fbs", false, 1, "Frontend/listener/server's maxconn, backend's fullconn."},
	{"stot", "sessions_total", "fbs", true, 1, "Total number of sessions since process started."},
	{"bin", "bytes_in_total", "fbs", true, 1, "Total number of request bytes since process started."},
	{"bout", "bytes_out_total", "fbs", true, 1, "Total number of response bytes since process started."},
	{"dreq", "requests_denied_total", "fb", true, 1, "Total number of denied requests since process started."},
	{"dcon", "denied_connections_total", "f", true, 1, "Total number of denied connections since process started."},
	{"ereq", "request_errors_total", "f", true, 1, "Total number of invalid requests since process started."},
	{"econ", "connection_errors_total", "bs", true, 1, "Total number of failed connections to server since the worker process started."},
	{"eresp", "response_errors_total", "bs", true, 1, "Total number of invalid responses since the worker process started."},
	{"wretr", "retry_warnings_total", "bs", true, 1, "Total number of server connection retries since the worker process started."},
	{"wredis", "redispatch_warnings_total", "bs", true, 1, "Total number of server redispatches due to connection failures since the worker process started."},
	{"weight", "weight", "bs", false, 1, "Server's effective weight, or sum of active servers' effective weights for a backend."},
	{"act", "active_servers", "b", false, 1, "Total number of active UP servers with a non-zero weight."},
	{"bck", "backup_servers", "b", false, 1, "Total number of backup UP servers with a non-zero weight."},
	{"chkfail", "check_failures_total", "s", true, 1, "Total number of failed individual health checks per server/backend, since the worker process started."},
	{"chkdown", "check_up_down_total", "bs", true, 1, "Total number of failed checks causing UP to DOWN server transitions, per server/backend, since the worker process started."},
	{"lastchg", "check_last_change_seconds", "bs", false, 1, "How long ago the last server state changed, in seconds."},
	{"downtime", "downtime_seconds_total", "bs", true, 1, "Total time spent in DOWN state, for server or backend."},
	{"lbtot", "loadbalanced_total", "bs", true, 1, "Total number of requests routed by load balancing since the worker process started."},
	{"check_duration", "check_duration_seconds", "s", false, 1e-3, "Total duration of the latest server health check, in seconds."},
	{"req_tot", "http_requests_total", "fb", true, 1, "Total number of HTTP requests processed by this object since the worker process started."},
	{"cli_abrt", "client_aborts_total", "bs", true, 1, "Total number of requests or connections aborted by the client since the worker process started."},
	{"srv_abrt", "server_aborts_total", "bs", true, 1, "Total number of requests or connections aborted by the server since the worker process started."},
	{"conn_tot", "connections_total", "f", true, 1, "Total number of new connections accepted on this frontend since the worker process started."},
	{"qtime", "queue_time_average_seconds", "bs", false, 1e-3, "Avg. queue time for last 1024 successful connections."},
	{"ctime", "connect_time_average_seconds", "bs", false, 1e-3, "Avg. connect time for last 1024 successful connections."},
	{"rtime", "response_time_average_seconds", "bs", false, 1e-3, "Avg. response time for last 1024 successful connections."},
	{"ttime", "total_time_average_seconds", "bs", false, 1e-3, "Avg. total time for last 1024 successful connections."},
	{"qtime_max", "max_queue_time_seconds", "bs", false, 1e-3, "Maximum observed time spent in the queue."},
	{"ctime_max", "max_connect_time_seconds", "bs", false, 1e-3, "Maximum observed time spent waiting for a connection to complete."},
	{"rtime_max", "max_response_time_seconds", "bs", false, 1e-3, "Maximum observed time spent waiting for a server response."},
	{"ttime_max", "max_total_time_seconds", "bs", false, 1e-3, "Maximum observed total request+response time (request+queue+connect+response+processing)."},
}

// haproxySections returns the metrics by kind.
func haproxySections(all *collect.Metrics) map[string]haproxySection {
	sections := map[string]haproxySection{}
	for _, kind := range []string{"frontend", "backend", "server"} {
		letter := kind[:1]
		labels := []string{"name", "instance", "proxy"}
		states := []string{"DOWN", "UP"}
		if kind == "server" {
			labels = append(labels, "server")
			states = []string{"DOWN", "UP", "MAINT", "DRAIN", "NOLB"}
		}
		with := func(more string) []string { return append(append([]string(nil), labels...), more) }
		s := haproxySection{
			states:    states,
			status:    all.Gauge("haproxy_"+kind+"_status", "Current status of the service, per state label value.", with("state")...),
			responses: all.Counter("haproxy_"+kind+"_http_responses_total", "Total number of HTTP responses returned by this object since the worker process started.", with("code")...),
		}
		for _, c := range haproxyTable {
			for _, in := range c.in {
				if string(in) != letter {
					continue
				}
				make := all.Gauge
				if c.counts {
					make = all.Counter
				}
				s.columns = append(s.columns, haproxyColumn{c.column, make("haproxy_"+kind+"_"+c.name, c.help, labels...), c.scale})
			}
		}
		sections[kind] = s
	}
	return sections
}

// haproxyInfos are those of the whole process, which only the socket tells.
func haproxyInfos(all *collect.Metrics) []haproxyInfo {
	of := func(key, name, help string) haproxyInfo {
		return haproxyInfo{key, all.Gauge("haproxy_process_"+name, help, "name", "instance")}
	}
	dropped := all.Counter("haproxy_process_dropped_logs_total", "Total number of dropped logs for current worker process.", "name", "instance")
	return []haproxyInfo{
		{"DroppedLogs", dropped},
		of("CurrConns", "current_connections", "Current number of connections on this worker process."),
		of("Maxconn", "max_connections", "Hard limit on the number of per-process connections (configured or imposed by Ulimit-n)."),
		of("Uptime_sec", "uptime_seconds", "How long ago this worker process was started (seconds)."),
		of("Idle_pct", "idle_time_percent", "Percentage of last second spent waiting in the current worker thread."),
		of("Ulimit-n", "max_fds", "Hard limit on the number of per-process file descriptors."),
	}
}
