package collectors

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// row is one line of the lists of metrics in docs/collectors.md.
type row struct {
	spec
	when string
}

// postgresCatalogue lists the metrics about PostgreSQL, but for the settings, which are in postgresSettings.
func postgresCatalogue() []row {
	all := []row{{postgresUp, ""}, {postgresStatic, ""}}
	return append(all, catalogue(append([]*query{&blockedCount, &blockedPairs}, postgresQueries()...))...)
}

// mysqlCatalogue lists the metrics about MySQL and MariaDB, but for those that are called after a variable.
func mysqlCatalogue() []row {
	all := []row{{mysqlUp, ""}, {mysqlVersion, "every 1 min"}}
	for _, f := range statusFamilies {
		all = append(all, row{f.spec, ""})
	}
	all = append(all, row{bufferPoolPages, ""}, row{bufferPoolDirty, ""})
	for _, s := range []spec{binlogSize, binlogFiles, binlogNumber} {
		all = append(all, row{s, "every 1 min"})
	}
	return append(all, catalogue(append([]*query{&mysqlBlockedCount, &mysqlBlockedPairs}, mysqlQueries()...))...)
}

// catalogue lists the metrics of queries. One that several queries give, for different versions, stands there once.
func catalogue(all []*query) []row {
	var rows []row
	at := map[string]int{}
	for _, q := range all {
		for _, s := range q.specs() {
			if i, ok := at[s.name]; ok {
				rows[i].when = ""
				continue
			}
			at[s.name] = len(rows)
			rows = append(rows, row{s, q.when()})
		}
	}
	return rows
}

// when says in words for which versions and how often q is asked.
func (q *query) when() string {
	var parts []string
	switch {
	case q.since > 0:
		parts = append(parts, fmt.Sprintf("from %d", q.since))
	case q.before > 0:
		parts = append(parts, fmt.Sprintf("before %d", q.before))
	}
	if q.every > 0 {
		parts = append(parts, fmt.Sprintf("every %d min", int(q.every/time.Minute)))
	}
	return strings.Join(parts, ", ")
}

// kindName is how a type of metric is called in an exposition.
func kindName(kind prometheus.ValueType) string {
	switch kind {
	case prometheus.CounterValue:
		return "counter"
	case prometheus.GaugeValue:
		return "gauge"
	}
	return "untyped"
}
