package collectors

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text, want string) {
		t.Helper()
		cfg := DefaultConfig()
		if err := yaml.Unmarshal([]byte(text), &cfg); err != nil {
			t.Fatal(err)
		}
		cfg.SetDefaults()
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate(%s) = %q, want %q", text, got, want)
		}
	}
	f(t, `{}`, "")
	f(t, `host: {}`, "")
	f(t, `host: null`, "")
	f(t, `host: {also: [processes, interrupts]}`, "")
	f(t, `host: {also: [processes, disks, processes]}`, `host.also[1]: "disks" is none of connections, interrupts, processes`+"\n"+
		`host.also[2]: "processes" is there twice`)
	f(t, `probes: [{name: a, url: "https://openapi.alipay.com/gateway.do"}]`, "")
	f(t, `interval: 10ms`, "interval: must be at least 1s, is 10ms")
	f(t, `probes: [{url: "https://x"}]`, "probes[0].name: is missing")
	f(t, `probes: [{name: a}]`, "probes[0].url: is missing")
	f(t, `probes: [{name: a, url: "https://x"}, {name: a, url: "https://y"}]`, `probes[1].name: "a" is used by another entry`)
	f(t, `probes: [{name: a, url: "ftp://x"}]`,
		"probes[0].url: must be http://host… or https://host…, tcp://host:port, tls://host:port, dns://server/name or icmp://host")
	f(t, `probes: [{name: a, url: "https://"}]`, "probes[0].url: must be https://host…")
	f(t, `probes: [{name: a, url: "https://x\x7f?key=secret"}]`, "probes[0].url: is not a URL")
	f(t, `probes: [{name: a, url: "https://u:secret@x"}]`, "probes[0].url: must not hold a user name or password")
	f(t, `probes: [{name: a, url: "https://x", interval: 5ms, expect_status: [200, 99]}]`,
		"probes[0].interval: must be at least 1s, is 5ms\nprobes[0].expect_status[1]: 99 is no HTTP status code")
	f(t, `probes: [{name: a, url: "https://x", ca_file: /does/not/exist}]`,
		"probes[0].ca_file: open /does/not/exist: no such file or directory")
	f(t, `postgres: [{name: a, dsn: "postgres://u:secret@h/db"}]`, "")
	f(t, `postgres: [{name: a, dsn: "host=h user=u password=secret dbname=db"}]`, "")
	f(t, `postgres: [{name: a, dsn: "postgres://u:sec%ret@h/db"}, {name: a, interval: 10ms}]`,
		"postgres[0].dsn: is no connection string: write postgres://user:password@host:5432/database, with %-codes for special "+
			"characters in the password\npostgres[1].name: \"a\" is used by another entry\npostgres[1].dsn: is missing\n"+
			"postgres[1].interval: must be at least 1s, is 10ms")
	f(t, `mysql: [{dsn: "u:secret@tcp(h:3306)/"}]`, "mysql[0].name: is missing")
	f(t, `mysql: [{name: a, dsn: "mysql://u:secret@h:3306/"}]`,
		"mysql[0].dsn: is no data source name: write user:password@tcp(host:3306)/, with ?tls=true for TLS")
	f(t, `nginx: [{name: a, status_url: "http://127.0.0.1/stub"}]`, "")
	f(t, `nginx: [{status_url: "http://127.0.0.1/stub"}]`, "nginx[0].name: is missing")
	f(t, `nginx: [{name: a, status_url: "unix:/x"}, {name: a, status_url: "http://x", config_files: ["[", conf], config_test: [""]}]`,
		`nginx[0].status_url: must be unix:/path/of/socket:/stub_status`+"\n"+`nginx[1].name: "a" is used by another entry`+"\n"+
			`nginx[1].config_files[0]: "[" is no absolute path or glob`+"\n"+
			`nginx[1].config_files[1]: "conf" is no absolute path or glob`+"\n"+
			`nginx[1].config_test[0]: is empty; it must be a program`)
	f(t, `processes: {}`, "")
	f(t, `processes: null`, "")
	f(t, `processes: {groups: [{name: a, command: x}, {name: a, executable: "["}, {command: "("}, {name: b}], units: ["["]}`,
		`processes.groups[1].name: "a" is used by another entry`+"\n"+`processes.groups[1].executable: "[" is no name with * and ?`+"\n"+
			`processes.groups[2].name: is missing`+"\n"+"processes.groups[2].command: error parsing regexp: missing closing ): `(`"+"\n"+
			`processes.groups[3].executable: is missing, and command, too: one of them says which processes are meant`+"\n"+
			`processes.units[0]: "[" is no name of a unit, with * and ?`)
	f(t, `redis: [{name: a, dsn: "redis://u:secret@h"}, {name: b, dsn: "unix:///run/redis.sock"}]`, "")
	f(t, `redis: [{name: a, dsn: "redis://u:secret@", timeout: 1ms}, {name: b, key_file: k.pem, ca_file: /does/not/exist}]`,
		`redis[0].dsn: must be redis://user:password@host:6379, rediss://… for TLS or unix://user:password@/path, with %-codes for special `+
			"characters in the password\nredis[0].timeout: must be at least 1s, is 1ms\nredis[1].dsn: is missing\n"+
			"redis[1].ca_file: open /does/not/exist: no such file or directory\nredis[1].cert_file: and key_file must both be there")
	f(t, `haproxy: [{name: a, url: "unix:///run/haproxy/admin.sock"}, {name: b, url: "http://127.0.0.1:8404/stats;csv"}]`, "")
	f(t, `haproxy: [{url: "unix://run/haproxy.sock"}, {name: a, url: ""}, {name: a, url: "http://x", interval: 1ms}]`,
		"haproxy[0].name: is missing\nhaproxy[0].url: must be unix:///path, with three slashes\nhaproxy[1].url: is missing\n"+
			`haproxy[2].name: "a" is used by another entry`+"\nhaproxy[2].interval: must be at least 1s, is 1ms")
	f(t, `probes: [{preset: alipay}, {preset: wechatpay}, {preset: wechatpay_disaster}, {preset: visa, name: visa_direct}]`, "")
	f(t, `probes: [{preset: alipy}]`, `probes[0].name: is missing
probes[0].preset: "alipy" is none of alipay, wechatpay, wechatpay_disaster, unionpay, stripe, paypal, adyen, visa, mastercard
probes[0].url: is missing`)
	f(t, `probes: [{name: a, url: "tcp://x"}]`, "probes[0].url: must have a port, as in tcp://host:port")
	f(t, `probes: [{name: a, url: "icmp://x/path"}]`, "probes[0].url: has more than icmp needs")
	f(t, `probes: [{name: a, url: "dns://1.1.1.1"}]`, "probes[0].url: must be dns://server/name?type=A")
	f(t, `probes: [{name: a, url: "dns://1.1.1.1/x?type=Q"}]`, `probes[0].url: "Q" is no type of DNS record`)
	f(t, `probes: [{name: a, url: "dns:///x?type=aaaa", match: ["::1"]}]`, "")
	f(t, `probes: [{name: a, url: "https://x", expect_status: [4xx, 6xx]}]`, "probes[0].expect_status[1]: 6xx is no HTTP status code")
	f(t, `probes: [{name: a, url: "https://x", match: ["("], json: {status: up}}]`,
		"probes[0].match[0]: error parsing regexp: missing closing ): `(`\n"+`probes[0].json: "status" is no JSON pointer: it begins with /, as in /status`)
	f(t, `probes: [{name: a, url: "icmp://x", match: [a], redirects: 1, ip: ip5}]`, `probes[0].ip: "ip5" is none of any, ip4, ip6, prefer_ip4, prefer_ip6
probes[0].redirects: means nothing to a probe over icmp
probes[0].match: means nothing to a probe over icmp`)
	f(t, `probes: [{name: a, url: "https://x", proxy: "ftp://u:secret@x", redirects: 11, cert_file: a.pem}]`, `probes[0].redirects: must be from 0 to 10, is 11
probes[0].proxy: must be http://host:port, https://host:port, socks5://host:port or none
probes[0].cert_file: and key_file must both be there`)
	f(t, `status_pages: [{provider: stripe}, {provider: paypal}, {provider: worldpay}, {provider: visa_acceptance}]`, "")
	f(t, `status_pages: [{provider: adyen}, {url: "ftp://x", format: html, interval: 5s, proxy: x}]`, `status_pages[0].url: is missing
status_pages[1].provider: is missing
status_pages[1].url: must be http://host… or https://host…
status_pages[1].format: "html" is none of auto, statuspage, stripe, feed
status_pages[1].interval: must be at least 1m, is 5s
status_pages[1].proxy: must be http://host:port, https://host:port, socks5://host:port or none`)
	f(t, `status_pages: [{provider: stripe}, {provider: stripe}]`, `status_pages[1].provider: "stripe" is used by another entry`)
}
