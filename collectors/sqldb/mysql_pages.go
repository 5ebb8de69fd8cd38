package sqldb

import (
	"context"
	"fmt"
	"strings"
)

// schemasAtOnce is how many names of schemas are asked for at once.
const schemasAtOnce = 1000

const (
	// schemaNames and tableNames are names alone, which need no table to be opened. They are compared byte by byte.
	schemaNames = `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE BINARY SCHEMA_NAME > %s
		AND SCHEMA_NAME NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') ORDER BY BINARY SCHEMA_NAME LIMIT %d`
	tableNames = `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND BINARY TABLE_NAME > %s
		ORDER BY BINARY TABLE_NAME LIMIT %d`
)

// tablePages goes through the tables and views of a server in the order of their names, a page of one schema at a time: a
// question about all tables takes minutes where there are very many of them.
type tablePages struct {
	schema, table string // what was given last; table "": nothing of the schema
	ended         bool   // the schema has no more
	waiting       []string
}

// tablePage are some tables of one schema.
type tablePage struct {
	schema string
	tables []string
	// bytes is whether names have to be compared as bytes: of two that differ in case alone MariaDB would open one. MySQL 8
	// keeps them as it compares them, and finds them by its index.
	bytes bool
}

// next returns the next page, of at most most names. Without names the round has ended, and the next one begins.
func (p *tablePages) next(ctx context.Context, link *mysqlLink, most int) (tablePage, error) {
	for {
		if p.schema == "" || p.ended {
			more, err := p.nextSchema(ctx, link)
			if err != nil || !more {
				return tablePage{}, err
			}
		}
		found, err := link.ask(ctx, fmt.Sprintf(tableNames, sqlName(p.schema), sqlBytes(p.table), most))
		if err != nil {
			return tablePage{}, err
		}
		page := tablePage{schema: p.schema, tables: columnOf(found, "name"), bytes: link.tellsInnoDB()}
		p.ended = len(page.tables) < most
		if n := len(page.tables); n > 0 {
			p.table = page.tables[n-1]
			return page, nil
		}
	}
}

// nextSchema goes on to the next schema. It returns false at the end.
func (p *tablePages) nextSchema(ctx context.Context, link *mysqlLink) (bool, error) {
	if len(p.waiting) == 0 {
		found, err := link.ask(ctx, fmt.Sprintf(schemaNames, sqlBytes(p.schema), schemasAtOnce))
		if err != nil {
			return false, err
		}
		p.waiting = columnOf(found, "name")
	}
	if len(p.waiting) == 0 {
		*p = tablePages{}
		return false, nil
	}
	p.schema, p.table, p.ended, p.waiting = p.waiting[0], "", false, p.waiting[1:]
	return true, nil
}

// of returns the condition that finds the tables of p in a view of information_schema. Both servers look at the names
// before they open anything.
func (p tablePage) of(schemaColumn, tableColumn string) string {
	names := make([]string, len(p.tables))
	for i, name := range p.tables {
		names[i] = sqlName(name)
		if p.bytes {
			names[i] = sqlBytes(name)
		}
	}
	if p.bytes {
		tableColumn = "BINARY " + tableColumn
	}
	return schemaColumn + " = " + sqlName(p.schema) + " AND " + tableColumn + " IN (" + strings.Join(names, ", ") + ")"
}

// sqlName writes a name so that no quote and no setting of the server gives it another meaning.
func sqlName(name string) string { return fmt.Sprintf("_utf8 0x%x", name) }

// sqlBytes writes bytes to compare with.
func sqlBytes(text string) string {
	if text == "" {
		return "''"
	}
	return fmt.Sprintf("0x%x", text)
}

func columnOf(a rowset, column string) []string {
	all := make([]string, len(a.rows))
	for i, row := range a.rows {
		all[i] = a.cell(row, column)
	}
	return all
}
