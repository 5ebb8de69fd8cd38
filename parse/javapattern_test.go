package parse_test

import (
	"strings"
	"testing"
	"time"

	"gatewatch/parse"
)

func TestLogbackPattern(t *testing.T) {
	t.Parallel()
	f := func(pattern, record, want string) {
		t.Helper()
		for _, format := range []string{"logback", "log4j2"} {
			if got := patternDocument(t, format, pattern, record); got != want {
				t.Errorf("%s\n%s\n got %s\nwant %s", pattern, record, got, want)
			}
			p, _ := parse.NewPattern(format, pattern)
			first, rest, _ := strings.Cut(record, "\n")
			if !p.Starts([]byte(first)) {
				t.Errorf("%s: Starts(%q) = false", pattern, first)
			}
			for line := range strings.Lines(rest) {
				if p.Starts([]byte(strings.TrimSuffix(line, "\n"))) {
					t.Errorf("%s: Starts(%q) = true", pattern, line)
				}
			}
		}
	}
	const want = `{"@timestamp":"2026-11-22T08:00:00.123Z","log.level":"warn","message":"pay out_trade_no=P1","log.logger":"c.e.pay.Alipay","process.thread.name":"nio-8080-exec-1","payment.order_id":"P1"`
	f(`%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{36} - %msg%n`,
		`2026-11-22 08:00:00.123 WARN  [nio-8080-exec-1] c.e.pay.Alipay - pay out_trade_no=P1`, want+`}`)
	f(`%d{yyyy-MM-dd HH:mm:ss.SSS} %5p ${PID:- } --- [%15.15t] %-40.40logger{39} : %m%n${LOG_EXCEPTION_CONVERSION_WORD:-%wEx}`,
		`2026-11-22 08:00:00.123  WARN 4711 --- [nio-8080-exec-1] c.e.pay.Alipay                           : pay out_trade_no=P1`,
		want+`,"process.pid":4711}`)
	f(`%clr(%d{${LOG_DATEFORMAT_PATTERN:-yyyy-MM-dd'T'HH:mm:ss.SSSXXX}}){faint} %clr(${LOG_LEVEL_PATTERN:-%5p}) %clr(${PID:- }){magenta} %clr(---){faint} %clr([%15.15t]){faint} %clr(%-40.40logger{39}){cyan} %clr(:){faint} %m%n%wEx`,
		"\x1b[2m2026-11-22T16:00:00.123+08:00\x1b[0;39m \x1b[33m WARN\x1b[0;39m \x1b[35m4711\x1b[0;39m \x1b[2m---\x1b[0;39m \x1b[2m[nio-8080-exec-1]\x1b[0;39m \x1b[36mc.e.pay.Alipay                          \x1b[0;39m \x1b[2m:\x1b[0;39m pay out_trade_no=P1",
		want+`,"process.pid":4711}`)
	f(`[%d{ISO8601}][%X{traceId:-}][%X{merchantId}][%highlight{%p}][%t][%c{1.}:%L] %replace(%msg){'\d','x'}%n%ex`,
		"[2026-11-22 08:00:00,123][4bf92f3577b34da6][M1][WARN][nio-8080-exec-1][c.e.pay.Alipay:57] pay out_trade_no=P1\njava.io.IOException: read timed out\n\tat a.B.c(B.java:1)",
		`{"@timestamp":"2026-11-22T08:00:00.123Z","log.level":"warn","message":"pay out_trade_no=P1","trace.id":"4bf92f3577b34da6","log.logger":"c.e.pay.Alipay","process.thread.name":"nio-8080-exec-1","error.message":"read timed out","error.stack_trace":"java.io.IOException: read timed out\n\tat a.B.c(B.java:1)","payment.order_id":"P1","payment.merchant":"M1","log.origin.file.line":57}`)
	f(`%date{dd.MM.yyyy HH:mm:ss.SSS, UTC}|%level|%thread|%logger|%mdc|%maskedMsg%n`,
		`22.11.2026 08:00:00.123|WARN|nio-8080-exec-1|c.e.pay.Alipay|orderNo=P1, a=b|pay out_trade_no=P1`,
		want+`,"fields":{"mdc":"orderNo=P1, a=b"}}`)
	f(`%d{MMM d, yyyy h:mm:ss a}{GMT+8} %p %m [%t] %c%n`, `Nov 22, 2026 4:00:00 PM WARN pay [x] done [main] c.e.App`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","log.level":"warn","message":"pay [x] done","log.logger":"c.e.App","process.thread.name":"main"}`)
	f(`%d{UNIX_MILLIS} %p %m%n`, `1795334400123 INFO several
lines of text`, `{"@timestamp":"2026-11-22T08:00:00.123Z","log.level":"info","message":"several\nlines of text"}`)
}

func TestLogbackPatternMisfit(t *testing.T) {
	t.Parallel()
	got := patternDocument(t, "logback", `%d{HH:mm:ss} %-5level [%thread] %msg%n`, "08:00:00 INFO main] x")
	if want := `logback: stops fitting the pattern at byte 9, where %-5level with \" [\" behind it is expected`; !strings.Contains(got, want) {
		t.Errorf("document = %s, want %s", got, want)
	}
	f := func(pattern, want string) {
		t.Helper()
		if _, err := parse.NewPattern("logback", pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewPattern(logback, %q) = %v, want %q", pattern, err, want)
		}
	}
	f("text", "has no conversion word")
	f("%d{yyyy-QQ} %m", `%d{yyyy-QQ}: the date has "QQ", which is not supported`)
	f("%d{HH:mm, Mars/Olympus} %m", `"Mars/Olympus" is not a time zone`)
	f("%level%logger %m", "nothing stands between %level and %logger")
	f("%d{HH:mm %m", "the brace of %d is not closed")
	f("%d ${APP} %m", "nothing is known of ${APP}")
	f("%d %m %m", "the message stands twice")
	f("%d%n%p %m", "a line break before %p is not supported")
}

func FuzzJavaPattern(f *testing.F) {
	seed(f, "logback")
	f.Add([]byte("2026-11-22 08:00:00,123 INFO [a=b] m\nc"))
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, pattern := range []string{`%d %p [%X] %m%n`, `%d{dd.MM.yyyy} %p %m [%t]%n`, `%d{yyyy-MM-dd HH:mm:ss.SSS} %-5p [%t] [%c] - %m%n`} {
			checkPattern(t, names, "logback", pattern, raw)
		}
	})
}
