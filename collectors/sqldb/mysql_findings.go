package sqldb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var (
	mysqlNoPrimaryKey = collect.Spec{Name: "mysql_tables_without_primary_key", Kind: collect.GaugeKind,
		Help: "InnoDB tables without a primary key or a unique one that cannot be NULL; the documents mysql.finding name them."}
	mysqlRedundant = collect.Spec{Name: "mysql_redundant_indexes", Kind: collect.GaugeKind,
		Help: "Indexes that begin as another one does and serve nothing more, of tables that the user may know of; the documents mysql.finding name them."}
)

const (
	// maxIndexShapes is how many indexes are compared.
	maxIndexShapes = 4000
	// mysqlKeyless asks InnoDB, which makes a hidden key for what has none: that needs no right on a table.
	mysqlKeyless = `SELECT t.NAME AS name FROM information_schema.INNODB_SYS_INDEXES i JOIN information_schema.INNODB_SYS_TABLES t ON t.TABLE_ID = i.TABLE_ID
		WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%%' AND t.NAME NOT LIKE 'sys/%%' AND t.NAME NOT LIKE '%%/#sql%%' ORDER BY t.NAME LIMIT %d`
	// mysql8Keyless asks the dictionary of MySQL 8 for tables that the user may know of.
	mysql8Keyless = `SELECT TABLE_SCHEMA AS ` + "`database`" + `, TABLE_NAME AS name FROM information_schema.TABLES
		WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
		AND (TABLE_SCHEMA, TABLE_NAME) NOT IN (SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0
			GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING max(NULLABLE = 'YES') = 0) ORDER BY 1, 2 LIMIT %d`
	// mysqlShapes asks for no CARDINALITY, for which MariaDB would open the tables.
	mysqlShapes = `SELECT TABLE_SCHEMA AS ` + "`database`, TABLE_NAME AS `table`, INDEX_NAME AS `index`" + `, min(NON_UNIQUE) AS non_unique,
		group_concat(concat(COLUMN_NAME, coalesce(concat('(', SUB_PART, ')'), ''), CASE COLLATION WHEN 'D' THEN ' DESC' ELSE '' END)
			ORDER BY SEQ_IN_INDEX SEPARATOR 0x1F) AS columns
		FROM information_schema.STATISTICS WHERE INDEX_TYPE = 'BTREE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
		GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING count(COLUMN_NAME) = count(*) LIMIT %d`
	// mysqlUnused asks a server that has run for a week.
	mysqlUnused = `SELECT OBJECT_SCHEMA AS ` + "`database`, concat(OBJECT_SCHEMA, '.', OBJECT_NAME) AS `table`, INDEX_NAME AS `index`" + `
		FROM performance_schema.table_io_waits_summary_by_index_usage WHERE INDEX_NAME IS NOT NULL AND INDEX_NAME <> 'PRIMARY'
		AND COUNT_STAR = 0 AND OBJECT_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
		AND (SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime') > 604800
		ORDER BY 2, 3 LIMIT 101`
)

// mysqlParts tell what is wrong with the schemas of the server.
func (s *findings) mysqlParts(fixed prometheus.Labels) []*mysqlPart {
	keyless, redundant := mysqlNoPrimaryKey.Metric(fixed), mysqlRedundant.Metric(fixed)
	return []*mysqlPart{
		tableSizesPart(fixed),
		{Name: "primary_keys", Every: findingsEvery, Ask: func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			text := mysql8Keyless
			if link.tellsInnoDB() {
				text = mysqlKeyless
			}
			found, err := link.ask(ctx, fmt.Sprintf(text, maxIndexShapes))
			if err != nil {
				return err
			}
			all := keylessTables(found)
			out.Add(keyless, float64(len(all)))
			s.tellMost(all, out, "no_primary_key")
			return nil
		}},
		{Name: "redundant_indexes", Every: findingsEvery, Ask: func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			found, err := link.ask(ctx, fmt.Sprintf(mysqlShapes, maxIndexShapes+1))
			if err != nil {
				return err
			}
			all := redundantIndexes(indexShapes(found, out))
			out.Add(redundant, float64(len(all)))
			s.tellMost(all, out, "redundant_index")
			return nil
		}},
		{Name: "unused_index_names", Every: findingsEvery, Ask: func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			text := mysqlUnused
			if link.mariadb {
				text = strings.Replace(text, "performance_schema.global_status", "information_schema.GLOBAL_STATUS", 1)
			}
			found, err := link.ask(ctx, text)
			if err != nil {
				return err
			}
			s.tell(readFindings(found, "unused_index", out), time.Now(), "unused_index")
			return nil
		}},
	}
}

// tellMost tells as many of all as there may be documents of a kind.
func (s *findings) tellMost(all []finding, out *collect.Samples, kind string) {
	if n := len(all) - findingsMost; n > 0 {
		out.Dropped += n
		all = all[:findingsMost]
	}
	s.tell(all, time.Now(), kind)
}

// keylessTables reads names of tables, without a database as InnoDB writes them; partitions of a table are one.
func keylessTables(a rowset) []finding {
	var all []finding
	for _, row := range a.rows {
		schema, table := a.cell(row, "database"), a.cell(row, "name")
		if schema == "" {
			schema, table = innodbTable(table)
		}
		f := finding{kind: "no_primary_key", database: schema, table: schema + "." + table}
		if len(all) == 0 || all[len(all)-1] != f {
			all = append(all, f)
		}
	}
	return all
}

// innodbTable reads the name of a table or of a partition of it: "pay/orders#P#p0".
func innodbTable(name string) (schema, table string) {
	if at := strings.Index(strings.ToLower(name), "#p#"); at > 0 {
		name = name[:at]
	}
	schema, table, _ = strings.Cut(name, "/")
	return innodbName(schema), innodbName(table)
}

// innodbName reads a name that stands as in a file name: "pay@002eme" is "pay.me".
func innodbName(text string) string {
	var name strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '@' && i+5 <= len(text) {
			if code, err := strconv.ParseUint(text[i+1:i+5], 16, 16); err == nil {
				name.WriteRune(rune(code))
				i += 4
				continue
			}
		}
		name.WriteByte(text[i])
	}
	return name.String()
}

// indexShape is what an index consists of.
type indexShape struct {
	database, table, name string
	unique                bool
	columns               []string // with the length of a prefix and the order when it is not the usual
}

func indexShapes(a rowset, out *collect.Samples) []indexShape {
	var all []indexShape
	for _, row := range a.rows {
		text := a.cell(row, "columns")
		// MySQL cuts longer ones off.
		if len(all) == maxIndexShapes || len(text) >= 1000 {
			out.Dropped++
			continue
		}
		all = append(all, indexShape{a.cell(row, "database"), a.cell(row, "table"), a.cell(row, "index"), a.cell(row, "non_unique") == "0", strings.Split(text, "\x1f")})
	}
	return all
}

// redundantIndexes returns the indexes that can go because of another one of their table.
func redundantIndexes(all []indexShape) []finding {
	of := map[[2]string][]indexShape{}
	for _, one := range all {
		key := [2]string{one.database, one.table}
		of[key] = append(of[key], one)
	}
	var found []finding
	for _, indexes := range of {
		for _, one := range indexes {
			at := slices.IndexFunc(indexes, func(other indexShape) bool { return one.goesFor(other) })
			if at >= 0 {
				found = append(found, finding{kind: "redundant_index", database: one.database, table: one.database + "." + one.table, index: one.name,
					columns: strings.Join(one.columns, ", "), of: indexes[at].name + "(" + strings.Join(indexes[at].columns, ", ") + ")"})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.index, b.index)) })
	return found
}

// goesFor tells whether i serves nothing that other does not serve. Of two alike one goes, and never a primary key.
func (i indexShape) goesFor(other indexShape) bool {
	if i.name == other.name || i.name == "PRIMARY" || len(i.columns) > len(other.columns) || !slices.Equal(i.columns, other.columns[:len(i.columns)]) {
		return false
	}
	if len(i.columns) < len(other.columns) {
		return !i.unique
	}
	if i.unique != other.unique {
		return other.unique
	}
	return other.name == "PRIMARY" || i.name > other.name
}
