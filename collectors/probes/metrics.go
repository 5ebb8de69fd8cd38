package probes

import "gatewatch/collectors/collect"

// probeMetric is one metric of probes: its name without probe_, what it tells, and labels beside name and instance.
type probeMetric struct {
	name, kinds, help string
	labels            []string
}

// probeTable lists the metrics of probes under the names that blackbox_exporter gives them, and which kinds of probe
// give them. Those marked own are not blackbox_exporter's.
func probeTable() []probeMetric {
	return []probeMetric{
		{"success", "all", "Displays whether or not the probe was a success", nil},
		{"duration_seconds", "all", "Returns how long the probe took to complete in seconds", nil},
		{"dns_lookup_time_seconds", "all", "Returns the time taken for probe dns lookup in seconds", nil},
		{"ip_protocol", "all", "Specifies whether probe ip protocol is IP4 or IP6", nil},
		{"ip_addr_hash", "all", "Specifies the hash of IP address. It's useful to detect if the IP address changes.", nil},
		{"failed_due_to_regex", "http, tcp, dns", "Indicates if probe failed due to regex", nil},
		{"failed_due_to_json", "http (own)", "Indicates if probe failed because its JSON is not as expected", nil},
		{"http_duration_seconds", "http", "Duration of http request by phase, summed over all redirects", []string{"phase"}},
		{"http_status_code", "http", "Response HTTP status code", nil},
		{"http_version", "http", "Returns the version of HTTP of the probe response", nil},
		{"http_ssl", "http", "Indicates if SSL was used for the final redirect", nil},
		{"http_redirects", "http", "The number of redirects", nil},
		{"http_content_length", "http", "Length of http content response", nil},
		{"http_uncompressed_body_length", "http", "Length of uncompressed response body", nil},
		{"http_last_modified_timestamp_seconds", "http", "Returns the Last-Modified HTTP response header in unixtime", nil},
		{"ssl_earliest_cert_expiry", "http, tls", "Returns earliest SSL cert expiry in unixtime", nil},
		{"ssl_last_chain_expiry_timestamp_seconds", "http, tls", "Returns last SSL chain expiry in timestamp seconds", nil},
		{"ssl_last_chain_info", "http, tls", "Contains SSL leaf certificate information",
			[]string{"fingerprint_sha256", "subject", "issuer", "subjectalternative", "serialnumber"}},
		{"tls_version_info", "http, tls", "Returns the TLS version used or NaN when unknown", []string{"version"}},
		{"tls_cipher_info", "http, tls", "Returns the TLS cipher negotiated during handshake", []string{"cipher"}},
		{"tcp_duration_seconds", "tcp (own)", "Duration of a TCP probe by phase", []string{"phase"}},
		{"dns_query_succeeded", "dns", "Displays whether or not the query was executed successfully", nil},
		{"dns_duration_seconds", "dns", "Duration of DNS request by phase", []string{"phase"}},
		{"dns_answer_rrs", "dns", "Returns number of entries in the answer resource record list", nil},
		{"dns_authority_rrs", "dns", "Returns number of entries in the authority resource record list", nil},
		{"dns_additional_rrs", "dns", "Returns number of entries in the additional resource record list", nil},
		{"dns_serial", "dns", "Returns the serial number of the zone", nil},
		{"icmp_duration_seconds", "icmp", "Duration of icmp request by phase", []string{"phase"}},
		{"icmp_reply_hop_limit", "icmp", "Replied packet hop limit (TTL for ipv4)", nil},
	}
}

func probeMetrics(seen *collect.Metrics) map[string]collect.Metric {
	all := map[string]collect.Metric{}
	for _, m := range probeTable() {
		all[m.name] = seen.Gauge("probe_"+m.name, m.help, append([]string{"name", "instance"}, m.labels...)...)
	}
	for _, m := range announcementTable() {
		all[m.name] = seen.Gauge(m.name, m.help, append([]string{"name", "instance"}, m.labels...)...)
	}
	return all
}
