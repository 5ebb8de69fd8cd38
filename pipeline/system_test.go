package pipeline

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestRecordsOfServers joins the lines of records that only the line before tells apart, also after a pause.
func TestRecordsOfServers(t *testing.T) {
	t.Parallel()
	f := func(name string, parts []string, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			m := &memory{}
			run(t, m, GroupConfig{Paths: []string{path}})
			for i, part := range parts {
				write(t, path, part)
				docs := await(t, m, i+1) // the record is complete after a while
				var d struct{ Message string }
				if err := json.Unmarshal([]byte(docs[i]), &d); err != nil || d.Message != want[i] {
					t.Errorf("record %d says %q (%v), want %q", i, d.Message, err, want[i])
				}
			}
		})
	}
	const slow = "# Time: 2026-11-22T08:00:02.475469Z\n# User@Host: a[a] @ localhost []  Id: 1\n# Query_time: 2.4  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 3\nSET timestamp=1795334400;\n"
	f("slow.log", []string{slow + "SELECT 1\n  FROM t;\n", slow + "SELECT 2;\n"}, "SELECT 1\n  FROM t;", "SELECT 2;")
	f("audit.log", []string{
		"type=SYSCALL msg=audit(1795334404.500:602): success=yes pid=1 comm=\"cat\"\ntype=CWD msg=audit(1795334404.500:602): cwd=\"/root\"\ntype=EOE msg=audit(1795334404.500:602): \n",
		"type=USER_LOGIN msg=audit(1795334405.500:603): pid=3001 msg='op=login acct=\"root\" res=failed'\n",
	}, "SYSCALL cat yes", "USER_LOGIN login root failed")
	f("pg.log", []string{
		"2026-11-22 08:00:05.100 UTC [4984] shop@pay ERROR:  duplicate key\n2026-11-22 08:00:05.100 UTC [4984] shop@pay STATEMENT:  INSERT\n\tINTO t\n",
		"2026-11-22 08:00:06.100 UTC [4984] shop@pay LOG:  statement: SELECT\n\t1;\n",
	}, "duplicate key", "SELECT\n\t1;")
	f("journal.export", []string{
		"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795334401123456\nMESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00one\n\ntwo!\nPRIORITY=3\n\n",
		"__CURSOR=s=1;i=3\n__REALTIME_TIMESTAMP=1795334402123456\nMESSAGE=three\n\n",
	}, "one\n\ntwo!", "three")
}
