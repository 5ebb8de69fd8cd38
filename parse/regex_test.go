package parse_test

import (
	"strings"
	"testing"
	"time"

	"gatewatch/parse"
)

func TestRegex(t *testing.T) {
	t.Parallel()
	f := func(format, pattern, record, want string) {
		t.Helper()
		if got := patternDocument(t, format, pattern, record); got != want {
			t.Errorf("%s\n%s\n got %s\nwant %s", pattern, record, got, want)
		}
	}
	const expr = `^(?P<timestamp>\S+ \S+) \[(?<level>\w+)\] (?P<source__ip>[\d.]+):(?P<"source.port">\d+) (?P<channel_code>\w+) (?P<cost>\d+ms)(?: (?P<message>.*))?$`
	f("regex", expr, `2026-11-22 08:00:00.123 [WARN] 203.0.113.9:5123 alipay 12ms out_trade_no=P1`,
		`{"@timestamp":"2026-11-22T08:00:00.123Z","log.level":"warn","message":"out_trade_no=P1","source.ip":"203.0.113.9","event.duration":12000000,"payment.provider":"alipay","payment.order_id":"P1","source.port":5123}`)
	f("regex", expr, `2026-11-22 08:00:00.123 [WARN] 203.0.113.9:port alipay`,
		`{"@timestamp":"0001-01-01T00:00:00.000Z","event.kind":"pipeline_error","error.message":"regex: stops matching at byte 43, where (?P<\"source.port\">…) is expected","message":"2026-11-22 08:00:00.123 [WARN] 203.0.113.9:port alipay"}`)
	f("regex", `(?P<level>\w+) (?P<message>.*)`, "ERROR a\n\tat b\n\tat c", `{"@timestamp":"0001-01-01T00:00:00.000Z","log.level":"error","message":"a\n\tat b\n\tat c"}`)
	f("regex", `x|(?P<a>1)|(?P<a>2)`, "x 2", `{"@timestamp":"0001-01-01T00:00:00.000Z"}`)
	f("regex", `(?:(?P<a>1)|(?P<a>2))$`, "12", `{"@timestamp":"0001-01-01T00:00:00.000Z","fields":{"a":"2"}}`)

	f("grok", `%{IP:source.ip} %{WORD:http.request.method} %{URIPATHPARAM:url.original} %{NUMBER:amount:float} %{GREEDYDATA:message}`,
		`2001:db8::7 POST /v1/pay?x=1 12.50 order=[P1] done`,
		`{"@timestamp":"0001-01-01T00:00:00.000Z","message":"order=[P1] done","source.ip":"2001:db8::7","http.request.method":"POST","url.original":"/v1/pay?x=1","fields":{"amount":12.50}}`)
	f("grok", "CHANNEL (?:ali|wx)\\w*\n%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:[log][level]} %{CHANNEL:provider} %{POSINT:[process][pid]:int}%{DATA}",
		`2026-11-22T08:00:00,5Z Error wxpay 12`,
		`{"@timestamp":"2026-11-22T08:00:00.500Z","log.level":"error","payment.provider":"wxpay","process.pid":12}`)
	f("grok", "%{COMBINEDAPACHELOG}", `203.0.113.9 - - [22/Nov/2026:16:00:01 +0800] "GET /a HTTP/1.1" 502 12 "-" "curl/8"`,
		`{"@timestamp":"2026-11-22T08:00:01.000Z","source.ip":"203.0.113.9","http.request.method":"GET","http.response.status_code":502,"http.version":"1.1","url.original":"/a","http.response.body.bytes":12,"user_agent.original":"curl/8","event.outcome":"failure"}`)
	f("grok", `^%{IP:source.ip} %{WORD:action} took %{INT:latency_ms}`, `10.0.0.1 pay needed 12`,
		`{"@timestamp":"0001-01-01T00:00:00.000Z","event.kind":"pipeline_error","error.message":"grok: stops matching at byte 12, where \" took \" is expected","message":"10.0.0.1 pay needed 12"}`)
}

func TestRegexMistakes(t *testing.T) {
	t.Parallel()
	f := func(format, pattern, want string) {
		t.Helper()
		if _, err := parse.NewPattern(format, pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewPattern(%s, %q) = %v, want %q", format, pattern, err, want)
		}
	}
	f("regex", "", "format regex needs a pattern")
	f("regex", "abc", "has no named group")
	f("regex", "(?P<a>x)(?!y)", "(?! is not supported: there is no looking ahead")
	f("regex", "(?P<a>x[)", "missing closing ]: [)")
	f("grok", "", "format grok needs a pattern")
	f("grok", "%{NOPE:a}", "%{NOPE:a}: there is no pattern NOPE")
	f("grok", "%{IP:a", `"%{IP:a" is not closed`)
	f("grok", "A %{B}\nB %{A}\n%{A:x}", "made of itself")
}

func FuzzRegex(f *testing.F) {
	seed(f, "")
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkPattern(t, names, "regex", `^(?P<a>[^ ]*) (?P<source__port>\d+)?(?P<message>.*)$`, raw)
		checkPattern(t, names, "grok", `%{TIMESTAMP_ISO8601:time}.%{LOGLEVEL:level} %{NUMBER:n:float} %{GREEDYDATA:message}`, raw)
	})
}

func FuzzGrokPattern(f *testing.F) {
	f.Add("%{IP:source.ip} (?<a>b)", "10.0.0.1 b")
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, pattern, raw string) {
		for _, format := range parse.Patterned() {
			if _, err := parse.NewPattern(format, pattern); err == nil {
				checkPattern(t, names, format, pattern, []byte(raw))
			}
		}
	})
}
