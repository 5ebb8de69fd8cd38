package outputs

import (
	"os"
	"testing"

	"gatewatch/internal/servicetest"
)

// TestRealSystemFields: documents of the formats of the system and of databases are accepted, whichever comes first.
func TestRealSystemFields(t *testing.T) {
	t.Parallel()
	es := servicetest.Elasticsearch(t)
	block := records(source(1, "app"), 0, 8)
	for i, doc := range []string{
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"SELECT 1","mysql.slowlog.lock_time.sec":0,"mysql.slowlog.innodb.io_r_wait.sec":0,"event.start":"2026-11-22T08:00:03.082107Z"}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"SELECT needle","mysql.slowlog.lock_time.sec":0.000287,"mysql.slowlog.innodb.io_r_wait.sec":0.5,"mysql.slowlog.full_scan":true}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"x","auditd.log":{"record_type":"SYSCALL","a0":"55d7","records":[{"record_type":"PATH","name":"/etc"},{"record_type":"CWD"}]},"process.args":["cat","-n"],"process.pid":2999}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"x","mongodb.log.attr":{"command":{"find":"order","filter":{"a.b":{"$gt":1}}},"uuid":{"uuid":{"$uuid":"b383"}}},"mongodb.log.id":51803}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"x","mongodb.log.attr":{"command":"text"},"log.syslog.structured_data":{"exampleSDID@32473":{"iut":"3"}}}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"x","event.category":["authentication","session"],"system.auth.ssh.event":"Accepted","source.port":22,"postgresql.log.query":"select 1","haproxy.http.request.captured_headers":["a"]}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"SELECT a FROM quick","postgresql.statement.query.time.mean.ms":2,"postgresql.statement.query.calls":1}`,
		`{"@timestamp":"2026-11-22T08:00:00.000Z","message":"SELECT b FROM quick","postgresql.statement.query.time.mean.ms":2.75,"mysql.statement.query.time.total.ms":0.5}`,
	} {
		block[i].Document = []byte(doc)
	}
	f := newFeed(block)
	r := newRig(t, realConfig(es.URL, "system"), f, nil)
	r.deliverAll(t, f)
	const stream = "logs-gatewatch.app-system"
	if dead, _ := os.ReadFile(r.dead); len(dead) > 0 {
		t.Errorf("dead letters: %s", dead)
	}
	for query, want := range map[string]int{
		matchAll: 8,
		`{"match":{"mysql.slowlog.query":"needle"}}`:                       1,
		`{"range":{"mysql.slowlog.lock_time.sec":{"gt":0.0002}}}`:          1,
		`{"term":{"auditd.log.records.name":"/etc"}}`:                      1,
		`{"term":{"mongodb.log.attr.command.find":"order"}}`:               1,
		`{"term":{"event.category":"session"}}`:                            1,
		`{"exists":{"field":"log.syslog.structured_data"}}`:                1,
		`{"range":{"postgresql.statement.query.time.mean.ms":{"gt":2.7}}}`: 1,
		`{"match":{"postgresql.statement.query.text":"quick"}}`:            2,
		`{"range":{"event.start":{"gte":"2026-11-22T08:00:03.000000Z"}}}`:  1,
	} {
		if got := count(t, es.URL, stream, query); got != want {
			t.Errorf("%d documents for %s, want %d", got, query, want)
		}
	}
}
