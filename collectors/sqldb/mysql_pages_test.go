package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"gatewatch/collectors/collect"
	"gatewatch/internal/servicetest"
)

// linkOf returns a connection as collectors have it.
func linkOf(t *testing.T, dsn string) *mysqlLink {
	t.Helper()
	cfg, err := mysqlConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	link, err := openMySQL(t.Context(), connector)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.close)
	return link
}

// oddNames are names of schemas and tables that servers allow, in the order of their bytes.
var oddNames = []string{"A\nb", `a"b'c`, `a\b`, "a`b", "pay.me", "订单"}

// cased are two tables, which the servers of the tests tell apart.
var cased = []string{"Paid", "paid"}

func TestTablePages(t *testing.T) {
	t.Parallel()
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		s := servicetest.MariaDB(t)
		testTablePages(t, s)
		link, n := linkOf(t, s.URL), 0
		if _, err := link.each(t.Context(), "SELECT seq FROM `pay.me`.seq_1_to_6000", func([][]byte) { n++ }); err != nil || n != 6000 {
			t.Errorf("each gave %d of 6000 rows, %v", n, err)
		}
		if a, err := link.ask(t.Context(), "SELECT seq FROM `pay.me`.seq_1_to_6000"); err != nil || len(a.rows) != collect.MaxSamples {
			t.Errorf("ask kept %d of 6000 rows, %v", len(a.rows), err)
		}
	})
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		testTablePages(t, servicetest.MySQL(t))
	})
}

func testTablePages(t *testing.T, s *servicetest.Server) {
	root := session(t, s.URL)
	var want []string
	for _, schema := range oddNames {
		run(t, root, "CREATE DATABASE "+quotedName(schema))
		for _, table := range slices.Sorted(slices.Values(slices.Concat(oddNames, cased))) {
			run(t, root, "CREATE TABLE "+quotedName(schema)+"."+quotedName(table)+" (id int PRIMARY KEY)")
			want = append(want, schema+"/"+table)
		}
		run(t, root, "CREATE DATABASE "+quotedName(schema+" empty"))
	}
	link := linkOf(t, s.URL)
	for _, most := range []int{1, 2, 3, 6, 7} {
		var pages tablePages
		for range 2 { // the second round begins anew
			var got []string
			for {
				page, err := pages.next(t.Context(), link, most)
				if err != nil {
					t.Fatal(err)
				}
				if len(page.tables) == 0 {
					break
				}
				found, err := link.ask(t.Context(), "SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name FROM information_schema.TABLES WHERE "+
					page.of("TABLE_SCHEMA", "TABLE_NAME")+" ORDER BY BINARY TABLE_NAME")
				if err != nil || len(found.rows) != len(page.tables) || len(found.rows) > most {
					t.Errorf("a page of at most %d tables %q finds %d, %v", most, page.tables, len(found.rows), err)
				}
				for _, row := range found.rows {
					got = append(got, found.cell(row, "schema")+"/"+found.cell(row, "name"))
				}
			}
			if strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("pages of %d give\n%q, want\n%q", most, got, want)
			}
		}
	}
	seen := &sweptTables{fail: 3}
	for asks, all := 0, (&sweep{sweeper: seen, most: sweepMost}); seen.rounds == 0; asks++ {
		if err := all.ask(t.Context(), link); asks > 2*len(oddNames) || err != nil && seen.fail > 0 {
			t.Fatalf("after %d collections there is no end of a sweep, %v", asks, err)
		}
	}
	if strings.Join(seen.all, ",") != strings.Join(want, ",") || seen.fail != 0 {
		t.Errorf("a sweep of which one page failed saw\n%q, want\n%q", seen.all, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if page, err := new(tablePages).next(ctx, link, 10); err == nil {
		t.Errorf("without an answer there is %v", fmt.Sprint(page))
	}
}

// sweptTables is a sweeper that notes what it is given, and fails once, at that page.
type sweptTables struct {
	all          []string
	fail, rounds int
}

func (s *sweptTables) begin(context.Context, *mysqlLink) error { return nil }
func (s *sweptTables) end()                                    { s.rounds++ }
func (s *sweptTables) add(*collect.Samples)                    {}

func (s *sweptTables) page(_ context.Context, _ *mysqlLink, p tablePage) error {
	if s.fail > 0 {
		if s.fail--; s.fail == 0 {
			return errors.New("takes too long")
		}
	}
	for _, table := range p.tables {
		s.all = append(s.all, p.schema+"/"+table)
	}
	return nil
}
