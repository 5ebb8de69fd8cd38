package parse_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestSchema compares documents with what the Elastic integrations for nginx and Apache make of lines of the same shape:
// the same names and values for all that both say. User agents are not taken apart and addresses not located here.
func TestSchema(t *testing.T) {
	t.Parallel()
	f := func(format, record string, want map[string]any) {
		t.Helper()
		var got map[string]any
		if err := json.Unmarshal([]byte(patternDocument(t, format, "", record)), &got); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if fmt.Sprint(got[name]) != fmt.Sprint(value) {
				t.Errorf("%s: %s = %v, want %v in the document of %s", format, name, got[name], value, record)
			}
		}
	}
	f("nginx", `203.0.113.9 - - [22/Nov/2026:14:49:34 +0200] "GET /favicon.ico HTTP/1.1" 404 571 "http://localhost:8080/" "Mozilla/5.0 (X11)"`, map[string]any{
		"@timestamp": "2026-11-22T12:49:34.000Z", "source.ip": "203.0.113.9", "http.request.method": "GET", "http.version": "1.1",
		"http.response.status_code": 404, "http.response.body.bytes": 571, "http.request.referrer": "http://localhost:8080/",
		"url.original": "/favicon.ico", "user_agent.original": "Mozilla/5.0 (X11)",
	})
	f("nginx", `localhost - alice [22/Nov/2026:14:49:34 +0200] "GET / HTTP/1.1" 200 612 "-" "-"`, map[string]any{
		"source.address": "localhost", "source.ip": nil, "user.name": "alice", "http.request.referrer": nil, "user_agent.original": nil,
	})
	f("apache", `::1 - - [22/Nov/2026:16:16:48 +0200] "-" 408 -`, map[string]any{
		"source.ip": "::1", "http.response.status_code": 408, "http.response.body.bytes": nil, "http.request.method": nil,
	})
	f("apache", `vhost1.domaine.fr:443 192.0.2.33 - - [22/Nov/2026:16:22:14 +0000] "GET /hello HTTP/1.1" 404 499 "-" "curl/8"`, map[string]any{
		"destination.domain": "vhost1.domaine.fr", "destination.port": 443, "source.ip": "192.0.2.33", "http.response.body.bytes": 499,
	})
	f("nginx-error", `2026/11/22 14:49:34 [error] 54053#0: *1 open() "/html/favicon.ico" failed (2: No such file or directory), client: 127.0.0.1, server: localhost, request: "GET /favicon.ico HTTP/1.1", host: "localhost:8080", referrer: "http://localhost:8080/"`, map[string]any{
		"log.level": "error", "process.pid": 54053, "process.thread.id": 0, "nginx.error.connection_id": 1, "client.ip": "127.0.0.1",
		"server.domain": "localhost", "http.request.method": "GET", "http.version": "1.1", "http.request.referrer": "http://localhost:8080/",
		"message": `open() "/html/favicon.ico" failed (2: No such file or directory), client: 127.0.0.1, server: localhost, request: "GET /favicon.ico HTTP/1.1", host: "localhost:8080", referrer: "http://localhost:8080/"`,
	})
	f("apache-error", `[Sun Nov 22 10:42:29.902022 2026] [core:error] [pid 35708:tid 4328636416] [client 203.0.113.9] File does not exist: /htdocs/favicon.ico`, map[string]any{
		"log.level": "error", "apache.error.module": "core", "process.pid": 35708, "process.thread.id": "4.328636416e+09", "source.ip": "203.0.113.9",
		"file.path": "/htdocs/favicon.ico", "message": "File does not exist: /htdocs/favicon.ico",
	})
	f("apache-error", `[Sun Nov 22 06:58:09.169510 2026] [include:warn] [pid 15934] [client 198.51.100.7:12345] AH01374: mod_include: no`, map[string]any{
		"@timestamp": "2026-11-22T06:58:09.169510000Z", "log.level": "warn", "apache.error.module": "include", "source.port": 12345, "message": "AH01374: mod_include: no",
	})
}
