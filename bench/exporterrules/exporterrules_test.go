package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

const collection = `
groups:
  - name: Databases
    services:
      - name: PostgreSQL
        exporters:
          - name: prometheus-community/postgres_exporter
            rules:
              - {name: Down, query: 'pg_up == 0'}
              - {name: Invalid, query: 'pg_general_index_info_pg_relation_size > 1e6 and pg_up == 1'}
              - {name: Mislabelled, query: 'pg_up{flavour="mint"} == 0'}
              - {name: Summed, query: 'sum without (instance) (pg_up) < 2'}
              - {name: Unless, query: 'pg_up{flavour!="mint"} == 0'}
      - name: Oracle
        exporters:
          - name: iamseth/oracledb_exporter
            rules: [{name: Down, query: 'oracledb_up == 0'}]
`

const ruleGroups = `
groups:
  - name: mine
    rules:
      - {alert: Full, expr: 'node_filesystem_avail_bytes{mountpoint="/"} < 1e9'}
      - {record: lost:rate, expr: 'rate(lost_total[5m])'}
`

func TestRun(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, rules string, want ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := run(file, "", "", &out); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("no %q in\n%s", w, &out)
			}
		}
	}
	f(t, collection, "| PostgreSQL | 5 | 2 |\n", "| **all** | 5 | 2 |\n", "| PostgreSQL: Invalid | `pg_general_index_info_pg_relation_size` | from a query",
		"| PostgreSQL: Mislabelled | `pg_up{flavour}` |", "| PostgreSQL: Summed | `pg_up without name` |")
	f(t, ruleGroups, "| mine | 2 | 1 |\n", "| mine: lost:rate | `lost_total` | not collected |")
}

func TestLoosen(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, expr, want string) {
		t.Helper()
		parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := loosen(parsed).String(); got != want {
			t.Errorf("loosen(%q) = %q, want %q", expr, got, want)
		}
	}
	f(t, `up == 0`, `up`)
	f(t, `0 <= round(last_over_time(x[10m]) - time(), 0.1) < 3`, `round(last_over_time(x[10m]) - time(), 0.1)`)
	f(t, `(a > 5) / b and on (instance) c == 1`, `(a) / b and on (instance) c`)
	f(t, `a unless on (device) b`, `a`)
	f(t, `(count(a) or vector(0)) < 1`, `(count(a))`)
	f(t, `(a == 1) or (b == 1)`, `(a) or (b)`)
	f(t, `a != on (name) group_left (of) b`, `a and on (name) b`)
	f(t, `sum(rate(a[1m] offset 5m)) > 1`, `sum(rate(a[1m]))`)
}

func TestRunAsks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(collection), 0o600); err != nil {
		t.Fatal(err)
	}
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result := `{"metric":{"instance":"a"},"value":[1,"1"]}`
		if r.FormValue("query") != "pg_up" {
			result = ""
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, result)
	}))
	defer agent.Close()
	var out bytes.Buffer
	if err := run(file, agent.URL+"/", "", &out); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"| PostgreSQL | 5 | 2 | 1 |\n", "| PostgreSQL: Unless | `pg_up{flavour!=\"mint\"}` |"} {
		if !strings.Contains(out.String(), w) {
			t.Errorf("no %q in\n%s", w, &out)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, rules, want string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(file, "", "", new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run(%q) = %v, want %q in it", rules, err, want)
		}
	}
	f(t, "groups: []", "no rules for what the collectors watch")
	f(t, "groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]", "g: A: ")
	f(t, "groups: {", "yaml")
}
