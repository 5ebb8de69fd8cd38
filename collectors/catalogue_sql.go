package collectors

import (
	"fmt"
	"strings"
	"time"
)

// databaseLabels are on each metric of a database.
func databaseLabels() []string { return []string{"name", "instance"} }

func (*PostgresConfig) catalogue() []Metric {
	all := metrics{postgresUp, postgresStatic}.list("", databaseLabels()...)
	all = append(all, queryMetrics(append([]*query{&blockedCount, &blockedPairs}, postgresQueries()...))...)
	settings := spec{"pg_settings_*", gaugeKind, "Settings of the server, in seconds and bytes: " + strings.Join(postgresSettings, ", ") + ".", nil}
	all = append(all, statementMetrics("pg_")...)
	all = append(all, metrics(amcheckSpecs()).list("with integrity", append(databaseLabels(), "datname")...)...)
	return append(all, metrics{settings}.list("every 5 min", databaseLabels()...)...)
}

func (*MySQLConfig) catalogue() []Metric {
	all := metrics{mysqlUp}
	for _, f := range statusFamilies {
		all = append(all, f.spec)
	}
	all = append(all, bufferPoolPages, bufferPoolDirty, statusOther)
	rarely := metrics{mysqlVersion, variableOther, binlogSize, binlogFiles, binlogNumber}
	listed := append(all.list("", databaseLabels()...), rarely.list("every 1 min", databaseLabels()...)...)
	listed = append(listed, metrics{replicaOther}.list("", databaseLabels()...)...)
	listed = append(listed, statementMetrics("mysql_")...)
	listed = append(listed, metrics(tableCheckSpecs()).list("with integrity", databaseLabels()...)...)
	return append(listed, queryMetrics(append([]*query{&mysqlBlockedCount, &mysqlBlockedPairs}, mysqlQueries()...))...)
}

func statementMetrics(prefix string) []Metric {
	return metrics(statementSpecs(prefix)).list("every 5 min", databaseLabels()...)
}

// queryMetrics lists the metrics of queries. One that several queries give, for different versions, stands there once.
func queryMetrics(all []*query) []Metric {
	var listed []Metric
	at := map[string]int{}
	for _, q := range all {
		for _, m := range metrics(q.specs()).list(q.when(), databaseLabels()...) {
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
