package sqldb

import (
	"strings"
	"testing"
)

func TestStatementShape(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, quoted bool, want string) {
		t.Helper()
		if got := statementShape(text, quoted); got != want {
			t.Errorf("statementShape(%q, %v) = %q, want %q", text, quoted, got, want)
		}
	}
	f(t, "SELECT * FROM t1 WHERE pan = '4111111111111111' AND n > 1.5e3", false, "SELECT * FROM t1 WHERE pan = ? AND n > ?")
	f(t, `UPDATE "Order" SET a = 'it''s', b = $1`, false, `UPDATE "Order" SET a = ??, b = $1`)
	f(t, `SELECT "it's", 'secret'`, false, `SELECT "it's", ?`)
	f(t, "SELECT `it's`, \"secret\"", true, "SELECT `it's`, ?")
	f(t, "SELECT 1 -- card 4111\n  , 2 /* 4111 */ # 3", true, "SELECT ? , ?")
	f(t, "SELECT /* a /* b */ secret */ 1", false, "SELECT")
	f(t, "DO $body$ secret $1 $body$ LANGUAGE x", false, "DO ? LANGUAGE x")
	f(t, `SELECT E'a\'secret', 1`, false, "SELECT E?")
	f(t, `SELECT 'cut off`, false, "SELECT ?")
	f(t, "SELECT 'ключ', ключ1", false, "SELECT ?, ключ1")
	if got := statementShape(strings.Repeat("a, ", 1000), false); len(got) > maxStatement {
		t.Errorf("a long statement gives %d bytes", len(got))
	}
}

func FuzzStatementShape(f *testing.F) {
	f.Add("SELECT a FROM ", ", b", true)
	f.Add("UPDATE t SET x = ", " -- '", false)
	f.Fuzz(func(t *testing.T, before, behind string, quoted bool) {
		// A value in a place where one may stand stays out, unless what is before left a string, name or comment open.
		if strings.ContainsAny(before, "'\"`$\\/*-#") {
			return
		}
		if got := statementShape(before+" 'zqsecretqz'"+behind, quoted); strings.Contains(got, "zqsecretqz") {
			t.Errorf("statementShape(%q + value + %q) = %q", before, behind, got)
		}
	})
}
