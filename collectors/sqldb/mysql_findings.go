package sqldb

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// mysqlParts tell what is wrong with the schemas of the server.
func (s *findings) mysqlParts(fixed prometheus.Labels) []*mysqlPart {
	return []*mysqlPart{
		sweepPart("auto_increment", autoIncrementEvery, newAutoIncrement(fixed)),
		sweepPart("table_sizes", findingsEvery, newTableSizes(fixed)),
		sweepPart("primary_keys", findingsEvery, newKeyless(s, fixed)),
		sweepPart("indexes", findingsEvery, newIndexes(s, fixed)),
	}
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
		if len(text) >= 1000 {
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
