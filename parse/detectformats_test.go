package parse_test

import (
	"strings"
	"testing"

	"gatewatch/parse"
)

// detectSamples has, for each format that is detected, files as short as they can be.
var detectSamples = []struct{ format, text string }{
	{"json", `{"level":30,"time":1795334400123,"pid":1,"msg":"pino"}`},
	{"json", `{"level":"info","ts":1795334406.123,"caller":"pay/charge.go:31","msg":"zap"}`},
	{"json", `{"time":"2026-11-22T16:00:07+08:00","level":"WARN","msg":"slog"}`},
	{"json", `{"time":"2026-11-22T16:00:07+08:00","status":"200","request":"GET / HTTP/1.1"}`},
	{"nginx", `203.0.113.9 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.1" 200 612 "-" "curl/8"`},
	{"nginx", `203.0.113.9 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.1" 200 612 "-" "curl/8" 0.123 0.118`},
	{"nginx", `203.0.113.9 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.1" 200 612 "-" "curl/8" "198.51.100.1"`},
	{"apache", `127.0.0.1 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.0" 200 2326`},
	{"apache", `127.0.0.1 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.0" 304 - "-" "curl/8"`},
	{"apache", `pay.example:443 127.0.0.1 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.0" 200 12 "-" "curl/8"`},
	{"apache", `[22/Nov/2026:16:00:00 +0800] 198.51.100.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "POST /v3/pay HTTP/1.1" 512`},
	{"nginx", `10.0.0.2, 198.51.100.7 - - [22/Nov/2026:16:00:00 +0800] "GET / HTTP/1.1" 200 612 "-" "curl/8"`},
	{"postgres", `2026-11-22 08:10:02 UTC LOG:  duration: 112.337 ms  execute S_59: UPDATE payments SET state = $1`},
	{"postgres", `2026-11-22 08:00:01.903 UTC,"shop","pay",59,"10.0.0.9:42642",5ff25f96.3b,3,"SELECT",2026-11-22 08:00:00 UTC,3/0,0,LOG,00000,"statement: SELECT 'several',`},
	{"text", `2026-11-22 08:10:02 UTC LOG: one space`},
	{"nginx-error", `2026/11/22 16:00:11 [error] 31#31: *1 connect() failed, client: 203.0.113.9, server: pay.example`},
	{"nginx-error", `2026/11/22 16:00:11 [notice] 1#1: using the "epoll" event method`},
	{"apache-error", `[Sun Nov 22 16:22:09.103786 2026] [core:notice] [pid 11379] AH00094: Command line: 'httpd'`},
	{"apache-error", `[Sun Nov 22 16:22:08 2026] [error] [client 192.0.2.33] File does not exist: /var/www/a`},
	{"logfmt", `time=2026-11-22T16:00:00.123+08:00 level=INFO msg="slog text" order_id=P1`},
	{"logfmt", `time="2026-11-22T16:00:03+08:00" level=warning msg="logrus"`},
	{"logfmt", `ts=2026-11-22T08:00:04.5Z caller=main.go:12 level=debug msg=go-kit`},
	{"zap", "2026-11-22T16:00:00.123+0800\tINFO\tpay/charge.go:31\tpaid\t{\"order_id\": \"P1\"}"},
	{"zap", "2026-11-22T16:00:00.123+0800\t\x1b[34mINFO\x1b[0m\tpaid\npay.Create\n\t/app/pay.go:57\nmain.main\n\t/app/main.go:12"},
	{"zap", "1.7953344005e+09\tinfo\tpay/charge.go:31\tpaid"},
	{"golog", "2026/11/22 16:00:00 listening on :8080"},
	{"golog", "2026/11/22 16:00:00.123456 main.go:12: listening"},
	{"golog", "2026/11/22 16:00:01 err: error http response:[StatusCode: 500 Code: \"SYSTEM_ERROR\"\nMessage: x\nHeader:\n - Request-Id=[1]]"},
	{"killbill", `2026-11-22T08:00:00,123+0000 lvl='INFO', log='PaymentProcessor', th='catalina-exec-7', rId='1', paid`},
	{"killbill", `lvl='INFO', log='PaymentProcessor', th='main', rId='', paid`},
	{"jtl", "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes\n1795334400123,8,a,200,OK,t,text,true,,1"},
	{"jtl", "1795334400123,812,pay,200,OK,t 1-1,text,true,,15,41,1,1,https://pay.example/,801,0,12"},
	{"jtl", "<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n<httpSample t=\"1\" ts=\"1795334400123\" lb=\"a\" rc=\"200\">\n  <a/>\n</httpSample>"},
	{"logback", "2026-11-22 08:00:00.123 INFO  [main] [c.e.App] - started"},
	{"logback", "2026-11-22 08:00:00.123  INFO 4711 --- [main] c.e.App : started"},
	{"logback", "2026-11-22T08:00:00.123+08:00  INFO 4711 --- [pay] [main] c.e.App : started"},
	{"logback", "\x1b[2m2026-11-22T08:00:00.123+08:00\x1b[0;39m \x1b[32m INFO\x1b[0;39m \x1b[35m4711\x1b[0;39m \x1b[2m---\x1b[0;39m \x1b[2m[main]\x1b[0;39m c.e.App : started"},
	{"logback", "08:00:00.123 [main] INFO  c.e.App - started"},
	{"text", "Started gateway.\nsome text, level unknown = 1"},
	{"text", "key=value other=thing"},
}

// TestDetectFormats finds each sample's own format, also behind a banner, and in a file that goes on for long.
func TestDetectFormats(t *testing.T) {
	t.Parallel()
	for _, s := range detectSamples {
		lines := splitLines(s.text)
		for name, sample := range map[string][][]byte{
			"alone": lines, "behind a banner": append(splitLines("starting up\n\nversion 1.2"), lines...),
			"with CRLF": splitLines(strings.ReplaceAll(s.text+"\n", "\n", "\r\n")),
			"long":      splitLines(strings.Repeat(s.text+"\n", 20)),
		} {
			if got := parse.Detect(sample); got != s.format {
				t.Errorf("Detect(%q %s) = %q, want %q", s.text, name, got, s.format)
			}
		}
	}
}

func splitLines(text string) [][]byte {
	var lines [][]byte
	for line := range strings.Lines(text) {
		lines = append(lines, []byte(strings.TrimSuffix(line, "\n")))
	}
	return lines
}
