package web

import "time"

// The limits above which a resource of the host is short.
const (
	worseCPU, failingCPU       = 0.85, 0.95
	worseMemory, failingMemory = 0.90, 0.97
	worseDisk, failingDisk     = 0.85, 0.95
	worse5xx, failing5xx       = 0.01, 0.05
)

// groundKinds lists what payments stand on, in the order of the page. Where no limit is given, the alert rules judge.
func groundKinds() []groundKind {
	return []groundKind{
		hostGround(), diskGround(), networkGround(), httpGround(),
		{kind: "upstreams", needs: "gateway_upstream_requests_total", alerts: []string{"NginxUpstream"}, parts: []groundPart{
			{key: "ground.peers", numbers: []groundNumber{
				// A peer is in when it was asked lately, and there when it was asked since the agent started.
				{`count(sum by (upstream, peer) (rate(gateway_upstream_requests_total[5m])) > 0)`, asNumber},
				{`count(count by (upstream, peer) (gateway_upstream_requests_total))`, asNumber}}}}},
		{kind: "nginx", needs: "nginx_up", name: "name", alerts: []string{"NginxDown", "NginxConn", "NginxConfig"}, parts: []groundPart{
			{key: "ground.open", numbers: []groundNumber{{`sum(nginx_connections_active)`, asNumber}}}}},
		{kind: "haproxy", needs: "haproxy_up", name: "name", alerts: []string{"Haproxy"}, parts: []groundPart{
			{key: "ground.servers", numbers: []groundNumber{
				{`count(haproxy_server_status{state="UP"} == 1) or vector(0)`, asNumber},
				{`count(haproxy_server_status{state="UP"})`, asNumber}}}}},
		applicationGround(),
		postgresGround(), mysqlGround(), redisGround(), mongoGround(),
		{kind: "probes", needs: "probe_success", name: "name", alerts: []string{"ProviderProbe"}, parts: []groundPart{
			{key: "ground.slowest", numbers: []groundNumber{{`max(probe_duration_seconds)`, asSeconds}}}}},
		certificateGround(), backupGround(), serviceGround(),
		{kind: "security", needs: "posture_security_updates_pending", alerts: []string{"Security"}, parts: []groundPart{
			{key: "ground.updates", numbers: []groundNumber{{`sum(posture_security_updates_pending) > 0`, asNumber}}}}},
	}
}

func asNumber(v float64) any   { return number(v) }
func asShare(v float64) any    { return wholePercent(v) }
func asPercent(v float64) any  { return percent(v) }
func asSeconds(v float64) any  { return seconds(v) }
func asBytes(v float64) any    { return bytesize(v) }
func asDecimal(v float64) any  { return decimal(v) }
func asDuration(v float64) any { return time.Duration(v * float64(time.Second)) }

func hostGround() groundKind {
	return groundKind{kind: "host", alerts: []string{"HostCPU", "HostMemory", "HostLoad", "HostOOM"}, parts: []groundPart{
		{key: "ground.cpu", worse: worseCPU, failing: failingCPU, numbers: []groundNumber{
			{`1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))`, asShare}}},
		{key: "ground.load", numbers: []groundNumber{
			{`node_load1`, asDecimal}, {`count(node_cpu_seconds_total{mode="idle"})`, asNumber}}},
		{key: "ground.memory", worse: worseMemory, failing: failingMemory, numbers: []groundNumber{
			{`1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes`, asShare}}},
	}}
}

func diskGround() groundKind {
	return groundKind{kind: "disk", alerts: []string{"HostFilesystem", "HostInodes", "HostDisk", "HostRaid"}, parts: []groundPart{
		{key: "ground.disk.text", label: "mountpoint", worse: worseDisk, failing: failingDisk, numbers: []groundNumber{
			// As df counts: what is kept for root is neither used nor free.
			{`topk(1, max by (mountpoint) (1 - node_filesystem_avail_bytes / (node_filesystem_size_bytes - node_filesystem_free_bytes + node_filesystem_avail_bytes)))`, asShare}}},
	}}
}

func networkGround() groundKind {
	return groundKind{kind: "network", alerts: []string{"HostNetwork", "HostRetransmits", "HostConntrack", "HostListen"}, parts: []groundPart{
		{key: "ground.network.text", numbers: []groundNumber{
			{`sum(rate(node_network_receive_bytes_total{device!="lo"}[1m]))`, asBytes},
			{`sum(rate(node_network_transmit_bytes_total{device!="lo"}[1m]))`, asBytes}}},
	}}
}

func httpGround() groundKind {
	return groundKind{kind: "http", alerts: []string{"GatewayServerErrors", "GatewaySlow"}, parts: []groundPart{
		{key: "ground.requests", numbers: []groundNumber{{`sum(rate(gateway_http_requests_total[2m]))`, asNumber}}},
		{key: "ground.5xx", worse: worse5xx, failing: failing5xx, numbers: []groundNumber{
			{`(sum(rate(gateway_http_requests_total{code=~"5.."}[2m])) or vector(0)) / sum(rate(gateway_http_requests_total[2m]))`, asPercent}}},
		{key: "ground.p95", numbers: []groundNumber{
			{`histogram_quantile(0.95, sum by (le) (rate(gateway_http_request_duration_seconds_bucket[2m])))`, asSeconds}}},
	}}
}

func applicationGround() groundKind {
	return groundKind{kind: "applications", needs: "scrape_up", name: "application",
		alerts: []string{"Application", "JVM", "Hikari", "Tomcat", "Node"}, parts: []groundPart{
			{key: "ground.heap", numbers: []groundNumber{
				{`max(sum by (application, instance) (jvm_memory_used_bytes{area="heap"}) / sum by (application, instance) (jvm_memory_max_bytes{area="heap"} > 0))`, asShare}}},
			{key: "ground.loop", numbers: []groundNumber{{`max(nodejs_eventloop_lag_p99_seconds)`, asSeconds}}},
		}}
}

func certificateGround() groundKind {
	return groundKind{kind: "certificates", needs: "x509_cert_not_after", alerts: []string{"TLS"}, parts: []groundPart{
		{key: "ground.expired", names: "name", list: `x509_cert_not_after{source!="ca"} - time() < 0`, bad: failing},
		{key: "ground.expiry", numbers: []groundNumber{
			{`min((x509_cert_not_after{source!="ca"} - time()) >= 0)`, asDuration}}},
	}}
}

func backupGround() groundKind {
	return groundKind{kind: "backups", needs: "backup_last_success_timestamp_seconds", alerts: []string{"Backup"}, parts: []groundPart{
		{key: "ground.backup", numbers: []groundNumber{
			// The oldest, where there are several.
			{`time() - min(backup_last_success_timestamp_seconds > 0)`, asDuration},
			{`sum(backup_last_size_bytes)`, asBytes}}},
		{key: "ground.backup.none", names: "name", list: `backup_last_success_timestamp_seconds == 0`, bad: worse},
	}}
}

func serviceGround() groundKind {
	return groundKind{kind: "services", needs: "node_systemd_unit_state", alerts: []string{"HostService"}, parts: []groundPart{
		{key: "ground.running", numbers: []groundNumber{{`count(node_systemd_unit_state{state="active"} == 1)`, asNumber}}},
		{key: "ground.failed", names: "name", list: `node_systemd_unit_state{state="failed"} == 1`, bad: worse},
	}}
}
