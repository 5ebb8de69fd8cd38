package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
              - {name: Bloated, query: 'pg_bloat_table_bloat_pct > 80 and pg_up == 1'}
              - {name: Mislabelled, query: 'pg_up{flavour="mint"} == 0'}
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
	f(t, collection, "| PostgreSQL | 4 | 2 |\n", "| **all** | 4 | 2 |\n", "| PostgreSQL: Bloated | `pg_bloat_table_bloat_pct` | from a query",
		"| PostgreSQL: Mislabelled | `pg_up{flavour}` |")
	f(t, ruleGroups, "| mine | 2 | 1 |\n", "| mine: lost:rate | `lost_total` | not collected |")
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
