package parse_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

// systemFormats are the formats of the system and of servers beside the gateway.
var systemFormats = []string{"syslog", "haproxy", "mysql-slow", "mysql-error", "postgres", "mongodb", "redis", "audit", "journald"}

// TestDetectLine detects each format from one line.
func TestDetectLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{`Nov 22 08:00:00 pay-1 sshd[3402]: Accepted publickey for deploy from 10.0.2.2 port 63673 ssh2`, "syslog"},
		{`Nov  2 08:00:00 pay-1 last message repeated 2 times`, "syslog"},
		{`<86>Nov 22 08:00:00 pay-1 su: x`, "syslog"},
		{`<30>1 2026-11-22T10:10:12.175Z test.lab systemd 153589 - - Stopped target Default.`, "syslog"},
		{`1 2026-11-22T10:10:12.175Z test.lab systemd 153589 - - Stopped target Default.`, "syslog"},
		{`2026-11-22T08:00:06.123456+08:00 pay-2 sshd[97522]: Accepted publickey for moe from 10.1.1.1 port 4 ssh2`, "syslog"},
		{`2026-11-22T08:00:06.123456+08:00 pay-2 kernel: eth0: up`, "syslog"},
		{`2026-11-22T08:00:06Z INFO main: a level and no host`, "logback"},
		{`2026-11-22T08:00:00.123Z  INFO 1 --- [app] [main] c.e.App : started`, "logback"},
		{`2026-11-22T08:00:06Z [main] started`, "text"},
		{`<200>Nov 22 08:00:00 pay-1 su: x`, "text"},
		{`Nov 22 08:00:00`, "text"},
		{`Nov 22 08:00:11 lb-1 haproxy[14389]: 10.0.1.2:33317 [22/Nov/2026:08:00:11.655] in st/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"`, "haproxy"},
		{`2026-11-22 08:00:00.123 UTC [1] LOG:  starting PostgreSQL`, "postgres"},
		{`2026-11-22 08:00:00.123 CET [1] shop@pay ERROR:  x`, "postgres"},
		{`2026-11-22 08:00:00 UTC:10.0.0.123(52834):shop@pay:[20175]:ERROR:  x`, "postgres"},
		{`2026-11-22 08:00:00 UTC [16685]: [1-1] db=a,user=b,app=[unknown],client=[local] FATAL:  x`, "postgres"},
		{`2026-11-22 08:00:00.270 UTC,,,1,,655f6a05.1,1,,2026-11-22 08:00:00 UTC,,0,LOG,00000,"x",,,,,,,,,"","postmaster",,0`, "postgres"},
		{`{"timestamp":"2026-11-22 08:00:00.270 UTC","pid":1,"error_severity":"LOG","message":"x"}`, "postgres"},
		{`{"timestamp":"2026-11-22 08:00:00.270 UTC","pid":1,"level":"LOG","message":"x"}`, "json"},
		{`{"t":{"$date":"2026-11-22T08:00:00.349+00:00"},"s":"I",  "c":"STORAGE",  "id":4615611, "ctx":"initandlisten","msg":"MongoDB starting"}`, "mongodb"},
		{`26571:M 22 Nov 2026 08:00:00.874 * Ready to accept connections`, "redis"},
		{`[1625] 22 Nov 08:00:05.123 # Server started, Redis version 2.4.6`, "redis"},
		{`type=USER_LOGIN msg=audit(1795334402.174:600): pid=3001 uid=0 res=failed`, "audit"},
		{`node=a type=EOE msg=audit(1795334402.174:600): `, "audit"},
		{`__CURSOR=s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7`, "journald"},
		{`_SYSTEMD_UNIT=ssh.service`, "journald"},
		{`{"__CURSOR":"s=1;i=5","__REALTIME_TIMESTAMP":"1795334404123456","MESSAGE":"x"}`, "journald"},
		{`PATH=/usr/bin:/bin`, "text"},
		{`# Time: 2026-11-22T08:00:02.475469Z`, "mysql-slow"},
		{`# User@Host: root[root] @ localhost []  Id:    14`, "mysql-slow"},
		{`2026-11-22T08:00:00.484123Z 0 [System] [MY-013169] [Server] starting`, "mysql-error"},
		{`2026-11-22  8:00:06 139930742462528 [ERROR] mysqld: Table`, "mysql-error"},
		{`261122 16:00:10 [ERROR] mysqld got signal 11 ;`, "mysql-error"},
		{`2026-11-22 08:00:00 [ERROR] [main] [c.e.App] - a level in brackets`, "logback"},
		{`10.0.1.2:33317 [22/Nov/2026:08:00:11.655] in st/s1 0/0/5007 212 -- 0/0/0/0/3 0/0`, "haproxy"},
	} {
		if got := parse.Detect([][]byte{[]byte(c.line)}); got != c.want {
			t.Errorf("Detect(%q) = %q, want %q", c.line, got, c.want)
		}
	}
}

func TestPostgresPrefix(t *testing.T) {
	t.Parallel()
	f := func(pattern, line, want string) {
		t.Helper()
		p, err := parse.NewPattern("postgres", pattern)
		if err != nil {
			if got := err.Error(); got != want {
				t.Errorf("NewPattern(%q) = %q, want %q", pattern, got, want)
			}
			return
		}
		ev := &event.Event{Raw: []byte(line)}
		p.Parse(ev)
		got := ev.Malformed
		for _, f := range ev.Fields {
			got += fmt.Sprintf("%s=%s ", f.Name, f.Value)
		}
		if got != want {
			t.Errorf("%q with %q = %q, want %q", line, pattern, got, want)
		}
	}
	f("<%a> %-10u %% %e ", "<my app> shop      % 42P01 ERROR:  x", "postgresql.log.application_name=my app user=shop postgresql.log.sql_state_code=42P01 severity=ERROR message=x ")
	f("%n %q%u ", "1795334400.123 LOG:  x", "time_written=1795334400.123 severity=LOG message=x ")
	f("", "2026-11-22 08:00:00 UTC [7] LOG:  x", "time_written=2026-11-22 08:00:00 UTC process.pid=7 severity=LOG message=x ")
	f("%m ", "x", "postgres: does not begin with log_line_prefix and a severity")
	f("%m [%p", "2026-11-22 08:00:00 UTC [7", "postgres: does not begin with log_line_prefix and a severity")
	f("%m %y", "", "at byte 3: unknown escape %y (log_line_prefix has %a %u %d %b %r %h %L %p %P %t %m %n %i %e %l %c %s %v %x %q %Q)")
	f("%m %", "", "at byte 3: nothing follows the %")
	f(strings.Repeat("%u ", 17), "", "more than 32 parts")
}

func FuzzSystem(f *testing.F) {
	for _, format := range systemFormats {
		seed(f, format)
	}
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, format := range systemFormats {
			check(t, names, format, raw)
		}
	})
}

func BenchmarkSystem(b *testing.B) {
	for _, file := range []string{"syslog_auth", "syslog_any", "haproxy_traffic", "mysql-slow_versions", "mysql-error_versions", "postgres_stderr", "postgres_csv", "postgres_json", "mongodb_versions", "redis_versions", "audit_types", "journald_export", "journald_json"} {
		text, err := os.ReadFile("testdata/" + file + ".log")
		if err != nil {
			b.Fatal(err)
		}
		format, _, _ := strings.Cut(file, "_")
		p, err := parse.New(format)
		if err != nil {
			b.Fatal(err)
		}
		all := records(p, text)
		names := newNames(b, nil, time.UTC)
		ev, doc := &event.Event{}, []byte(nil)
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				ev.Reset()
				ev.Raw = all[i%len(all)]
				p.Parse(ev)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
		b.Run(file+"/document", func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				ev.Reset()
				ev.Raw = all[i%len(all)]
				p.Parse(ev)
				names.Assign(ev)
				doc = event.AppendDocument(doc[:0], ev)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
