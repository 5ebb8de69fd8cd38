package sqldb

import (
	"context"
	"fmt"
	"strings"
)

// maxForeignKeys is how many foreign keys are looked at.
const maxForeignKeys = 50_000

// innodbForeign and innodbForeignColumns ask InnoDB, for which neither rights on tables nor their locks are needed.
const (
	innodbForeign        = `SELECT ID AS id, FOR_NAME AS child, REF_NAME AS parent FROM information_schema.%sFOREIGN`
	innodbForeignColumns = `SELECT ID AS id, FOR_COL_NAME AS child, REF_COL_NAME AS parent FROM information_schema.%sFOREIGN_COLS`
)

// tableColumn is a column of a table.
type tableColumn struct{ schema, table, column string }

// foreignColumns are columns of foreign keys, at both ends. The checks of foreign keys use indexes that begin with them
// without counting it.
type foreignColumns map[tableColumn]bool

// innodbForeignKeys returns those of the whole server.
func (l *mysqlLink) innodbForeignKeys(ctx context.Context) (foreignColumns, error) {
	prefix := "INNODB_"
	if l.tellsInnoDB() {
		prefix = "INNODB_SYS_"
	}
	all := foreignColumns{}
	type ends struct{ child, parent string }
	tables := map[string]ends{}
	if _, err := l.each(ctx, fmt.Sprintf(innodbForeign, prefix), func(cells [][]byte) {
		if len(tables) < maxForeignKeys {
			tables[string(cells[0])] = ends{string(cells[1]), string(cells[2])}
		}
	}); err != nil || len(tables) == 0 {
		return all, err
	}
	_, err := l.each(ctx, fmt.Sprintf(innodbForeignColumns, prefix), func(cells [][]byte) {
		if of, ok := tables[string(cells[0])]; ok {
			all.add(of.child, string(cells[1]))
			all.add(of.parent, string(cells[2]))
		}
	})
	return all, err
}

// add notes a column of a table whose name is as InnoDB writes it.
func (f foreignColumns) add(name, column string) {
	schema, table := innodbTable(name)
	f[tableColumn{schema, table, strings.ToLower(column)}] = true
}
