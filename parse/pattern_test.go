package parse_test

import (
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

// patternDocument returns what a record becomes.
func patternDocument(t *testing.T, format, pattern, record string) string {
	t.Helper()
	p, err := parse.NewPattern(format, pattern)
	if err != nil {
		t.Fatalf("NewPattern(%s, %s): %v", format, pattern, err)
	}
	if p.Name() != format {
		t.Errorf("NewPattern(%s).Name() = %q", format, p.Name())
	}
	ev := &event.Event{}
	ev.Reset()
	ev.Source, ev.Raw = &event.Source{}, []byte(record)
	p.Parse(ev)
	newNames(t, nil, time.UTC).Assign(ev)
	if repeated := repeatedName(event.AppendDocument(nil, ev)); repeated != "" {
		t.Errorf("%s: %q stands twice in the document of %q", format, repeated, record)
	}
	return string(event.AppendDocument(nil, ev))
}

func TestNginxPattern(t *testing.T) {
	t.Parallel()
	f := func(pattern, record, want string) {
		t.Helper()
		if got := patternDocument(t, "nginx", pattern, record); got != want {
			t.Errorf("%s\n%s\n got %s\nwant %s", pattern, record, got, want)
		}
	}
	const combined = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`
	f(combined, `203.0.113.9 - alice [22/Nov/2026:16:00:01 +0800] "POST /pay?a=\x22b\x22 HTTP/2.0" 502 0 "-" "Mozilla/5.0 \x22q\x22"`,
		`{"@timestamp":"2026-11-22T08:00:01.000Z","source.ip":"203.0.113.9","http.request.method":"POST","http.response.status_code":502,"http.version":"2.0","url.original":"/pay?a=\\x22b\\x22","http.response.body.bytes":0,"user_agent.original":"Mozilla/5.0 \\x22q\\x22","user.name":"alice","event.outcome":"failure"}`)
	f(combined, `203.0.113.9 - - [22/Nov/2026:16:00:01 +0800] "" 400 0 "-" "-"`,
		`{"@timestamp":"2026-11-22T08:00:01.000Z","source.ip":"203.0.113.9","http.response.status_code":400,"http.response.body.bytes":0,"event.outcome":"success"}`)
	f(combined, `203.0.113.9 - - [22/Nov/2026:16:00:01 +0800] "GET / HT`,
		`{"@timestamp":"0001-01-01T00:00:00.000Z","event.kind":"pipeline_error","error.message":"nginx: stops fitting the pattern at byte 46, where $request with \"\\\" \" behind it is expected","message":"203.0.113.9 - - [22/Nov/2026:16:00:01 +0800] \"GET / HT"}`)
	f(`log_format  upstream  '$remote_addr:$remote_port [$time_iso8601] $scheme://$host$request_uri '
		'$request_method $status $upstream_addr $upstream_status $upstream_response_time $request_time $http_x_channel_code "$ssl_protocol" $msec';`,
		`203.0.113.9:51234 [2026-11-22T16:00:01+08:00] https://pay.example/v1/charges?x=1 POST 200 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 502, 200 : 200 0.1, 0.2 : 0.3 0.612 alipay "TLSv1.3" 1795334401.123`,
		`{"@timestamp":"2026-11-22T08:00:01.123Z","source.ip":"203.0.113.9","http.request.method":"POST","http.response.status_code":200,"url.original":"/v1/charges?x=1","event.duration":612000000,"nginx.upstream.duration":"0.1, 0.2 : 0.3","nginx.upstream.address":"10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80","nginx.upstream.status":"502, 200 : 200","event.outcome":"success","source.port":51234,"url.scheme":"https","url.domain":"pay.example","tls.version":"1.3","tls.version_protocol":"tls","fields":{"http_x_channel_code":"alipay"}}`)
	f(`escape=json '{"t":"$time_iso8601","status":$status,"ua":"$http_user_agent","merchant":"$http_x_merchant","body":"$request_body","rt":$request_time}'`,
		`{"t":"2026-11-22T16:00:01+08:00","status":200,"ua":"a \"b\"","merchant":"M1","body":"{\"out_trade_no\":\"A1\"}","rt":0.250}`,
		`{"@timestamp":"2026-11-22T08:00:01.000Z","http.response.status_code":200,"user_agent.original":"a \"b\"","event.duration":250000000,"payment.order_id":"A1","payment.merchant":"M1","event.outcome":"success","fields":{"request_body":"{\"out_trade_no\":\"A1\"}"}}`)
	f(`$http_host$uri$is_args$args $status`, `pay.example/cb?a=1 200`,
		`{"@timestamp":"0001-01-01T00:00:00.000Z","http.response.status_code":200,"event.outcome":"success","url.domain":"pay.example","url.path":"/cb","url.query":"a=1"}`)
}

func TestApachePattern(t *testing.T) {
	t.Parallel()
	f := func(pattern, record, want string) {
		t.Helper()
		if got := patternDocument(t, "apache", pattern, record); got != want {
			t.Errorf("%s\n%s\n got %s\nwant %s", pattern, record, got, want)
		}
	}
	f("common", `127.0.0.1 - frank [10/Oct/2025:13:55:36 -0700] "GET /a HTTP/1.0" 200 -`,
		`{"@timestamp":"2025-10-10T20:55:36.000Z","source.ip":"127.0.0.1","http.request.method":"GET","http.response.status_code":200,"http.version":"1.0","url.original":"/a","user.name":"frank","event.outcome":"success"}`)
	f(`LogFormat "%v:%p %a %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D %{X-Request-Id}i %X" timed`,
		`pay.example:443 203.0.113.9 - - [22/Nov/2026:16:00:01 +0800] "GET /a\"b HTTP/1.1" 200 512 "-" "say \"hi\"" 120345 r-1 +`,
		`{"@timestamp":"2026-11-22T08:00:01.000Z","trace.id":"r-1","source.ip":"203.0.113.9","http.request.method":"GET","http.response.status_code":200,"http.version":"1.1","url.original":"/a\\\"b","http.response.body.bytes":512,"user_agent.original":"say \\\"hi\\\"","event.duration":120345000,"event.outcome":"success","destination.domain":"pay.example","destination.port":443,"fields":{"connection_status":"+"}}`)
	f(`%h [%{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t %{%z}t] %m %U%q %H %s %b %T %{ms}T %{JSESSIONID}C`,
		`client.example [2026-11-22 16:00:01.250 +0800] POST /pay?a=b HTTP/1.1 500 17 0 123 abc`,
		`{"@timestamp":"2026-11-22T08:00:01.250Z","http.request.method":"POST","http.response.status_code":500,"http.version":"1.1","http.response.body.bytes":17,"event.duration":123000000,"event.outcome":"failure","source.address":"client.example","url.path":"/pay","url.query":"a=b","fields":{"cookie_jsessionid":"abc"}}`)
}

func TestPatternMistakes(t *testing.T) {
	t.Parallel()
	f := func(format, pattern, want string) {
		t.Helper()
		if _, err := parse.NewPattern(format, pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewPattern(%s, %q) = %v, want %q", format, pattern, err, want)
		}
	}
	f("json", "x", "format json takes no pattern (those that do: nginx, apache")
	f("xml", "x", `unknown format "xml"`)
	f("nginx", "no variables", "has no variable")
	f("nginx", "$status$request_time", "at byte 7: nothing stands between $status and $request_time")
	f("nginx", "$status $", "at byte 8: a $ without the name of a variable")
	f("nginx", "log_format main '$status", "a quote is not closed")
	f("apache", "%h %", "at byte 3: a % without the letter")
	f("apache", "%h %y", "at byte 3: %y is not a directive of Apache")
	f("apache", "%h %{%Q}t", "at byte 3: %{%Q}t: the time has %Q")
}

func BenchmarkPatterns(b *testing.B) {
	f := func(name, format, pattern, record string) {
		b.Run(name, func(b *testing.B) {
			p, err := parse.NewPattern(format, pattern)
			if err != nil {
				b.Fatal(err)
			}
			ev := &event.Event{}
			measure(b, [][]byte{[]byte(record)}, func(raw []byte) {
				ev.Reset()
				ev.Raw = raw
				p.Parse(ev)
			})
			if ev.Malformed != "" {
				b.Fatal(ev.Malformed)
			}
		})
	}
	const access = `10.177.75.132 - - [22/Nov/2026:08:00:00 +0000] "POST /v1/payouts?t=T000000000000 HTTP/1.1" 200 1545 "https://shop.example/checkout" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" 0.123`
	f("nginx", "nginx", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time`, access)
	f("apache", "apache", `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T`, access)
	const java = `2026-11-22 08:00:00.123 INFO  [http-nio-9216-exec-3] [com.jeequan.jeepay.pay.channel.WxPay] - 下单成功 out_trade_no=P202611220001 amount=1250`
	f("logback", "logback", `%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] [%logger] - %msg%n`, java)
	f("regex", "regex", `^(?P<time>\S+ \S+) (?P<level>\w+) +\[(?P<thread>[^\]]*)\] \[(?P<logger>[^\]]*)\] - (?P<message>.*)$`, java)
	f("grok", "grok", `%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:log.level} +\[%{DATA:thread}\] \[%{DATA:log.logger}\] - %{GREEDYDATA:message}`, java)
}
