package sqldb

import (
	"fmt"
	"strings"
	"time"

	"gatewatch/collectors/collect"
)

// Catalogue lists every metric that can be given.
func (*PostgresConfig) Catalogue() []collect.Row {
	all := collect.Metrics{postgresUp, postgresStatic}.List("", collect.DatabaseLabels()...)
	all = append(all, queryMetrics(append([]*query{&blockedCount, &blockedPairs}, postgresQueries()...))...)
	settings := collect.Spec{Name: "pg_settings_*", Kind: collect.GaugeKind, Help: "Settings of the server, in seconds and bytes: " + strings.Join(postgresSettings, ", ") + ".", Labels: nil}
	all = append(all, statementMetrics("pg_")...)
	all = append(all, collect.Metrics(amcheckSpecs()).List("with integrity", append(collect.DatabaseLabels(), "datname")...)...)
	all = append(all, collect.Metrics(bloatSpecs()).List("with bloat", append(collect.DatabaseLabels(), "datname")...)...)
	return append(all, collect.Metrics{settings}.List("every 5 min", collect.DatabaseLabels()...)...)
}

// Catalogue lists every metric that can be given.
func (*MySQLConfig) Catalogue() []collect.Row {
	all := collect.Metrics{mysqlUp}
	for _, f := range statusFamilies {
		all = append(all, f.Spec)
	}
	all = append(all, bufferPoolPages, bufferPoolDirty, statusOther)
	rarely := collect.Metrics{mysqlVersion, variableOther, binlogSize, binlogFiles, binlogNumber}
	listed := append(all.List("", collect.DatabaseLabels()...), rarely.List("every 1 min", collect.DatabaseLabels()...)...)
	listed = append(listed, collect.Metrics{replicaOther}.List("", collect.DatabaseLabels()...)...)
	listed = append(listed, statementMetrics("mysql_")...)
	listed = append(listed, collect.Metrics(tableCheckSpecs()).List("with integrity", collect.DatabaseLabels()...)...)
	listed = append(listed, collect.Metrics{mysqlNoPrimaryKey, mysqlRedundant, mysqlUnusedIndexes, mysqlTableSize}.List("every 60 min", collect.DatabaseLabels()...)...)
	listed = append(listed, collect.Metrics(autoIncrementSpecs()).List("every 10 min", collect.DatabaseLabels()...)...)
	return append(listed, queryMetrics(append([]*query{&mysqlBlockedCount, &mysqlBlockedPairs}, mysqlQueries()...))...)
}

func statementMetrics(prefix string) []collect.Row {
	return collect.Metrics(statementSpecs(prefix)).List("every 5 min", collect.DatabaseLabels()...)
}

// queryMetrics lists the metrics of queries. One that several queries give, for different versions, stands there once.
func queryMetrics(all []*query) []collect.Row {
	var listed []collect.Row
	at := map[string]int{}
	for _, q := range all {
		for _, m := range collect.Metrics(q.specs()).List(q.when(), collect.DatabaseLabels()...) {
			if i, ok := at[m.Name]; ok {
				listed[i].When = ""
				continue
			}
			at[m.Name] = len(listed)
			listed = append(listed, m)
		}
	}
	return listed
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
