package collectors

import (
	"context"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"
)

// maxReplicaChannels is the most connections to primaries of one server that are told.
const maxReplicaChannels = 20

// replicaWords turn names of MySQL 8.4 into those that alert rules ask for.
var replicaWords = strings.NewReplacer("replica_", "slave_", "source_", "master_", "_source", "_master")

// replicaQuestion is how the state of replication is asked for.
func (l *mysqlLink) replicaQuestion() string {
	switch {
	case l.mariadb:
		return "SHOW ALL SLAVES STATUS"
	case l.version >= 804:
		return "SHOW REPLICA STATUS"
	}
	return "SHOW SLAVE STATUS"
}

// replicaPart returns the question for the state of replication, one metric for each column that is a number.
func replicaPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *samples) error {
	return func(ctx context.Context, link *mysqlLink, out *samples) error {
		a, err := link.ask(ctx, link.replicaQuestion())
		if err != nil {
			return err
		}
		for i, column := range a.columns {
			a.columns[i] = replicaWords.Replace(strings.ToLower(column))
		}
		for n, row := range a.rows {
			if n == maxReplicaChannels {
				out.dropped += len(a.rows) - n
				break
			}
			addReplica(a, row, fixed, out)
		}
		return nil
	}
}

// replicaOther is called after a column.
var replicaOther = spec{"mysql_slave_status_*", prometheus.UntypedValue, "Every number in the state of replication.",
	[]string{"master_host", "master_uuid", "channel_name", "connection_name"}}

func addReplica(a rowset, row [][]byte, fixed prometheus.Labels, out *samples) {
	for i, column := range a.columns {
		number, ok := parseVariable(string(row[i]))
		if !ok || column == "master_host" {
			continue
		}
		out.add(replicaOther.called(variableName(column)).metric(fixed), number, a.cell(row, "master_host"), a.cell(row, "master_uuid"),
			a.cell(row, "channel_name"), a.cell(row, "connection_name"))
	}
}

var (
	binlogSize   = spec{"mysql_binlog_size_bytes", gaugeKind, "Bytes of all binary logs.", nil}
	binlogFiles  = spec{"mysql_binlog_files", gaugeKind, "Number of binary logs.", nil}
	binlogNumber = spec{"mysql_binlog_file_number", gaugeKind, "Number of the newest binary log.", nil}
)

// binlogPart returns the question for the binary logs. A server without them gives nothing.
func binlogPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *samples) error {
	size, files, newest := binlogSize.metric(fixed), binlogFiles.metric(fixed), binlogNumber.metric(fixed)
	return func(ctx context.Context, link *mysqlLink, out *samples) error {
		a, err := link.ask(ctx, "SHOW BINARY LOGS")
		var refused *mysql.MySQLError
		if errors.As(err, &refused) && refused.Number == 1381 {
			return nil
		}
		if err != nil {
			return err
		}
		sum := 0.0
		for _, row := range a.rows {
			bytes, _ := parseNumber(string(row[1]))
			sum += bytes
		}
		out.add(size, sum)
		out.add(files, float64(len(a.rows)))
		if n := len(a.rows); n > 0 {
			if number, ok := parseVariable(string(a.rows[n-1][0])); ok {
				out.add(newest, number)
			}
		}
		return nil
	}
}
