package sqldb

import (
	"context"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
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
func replicaPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *collect.Samples) error {
	return func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
		a, err := link.ask(ctx, link.replicaQuestion())
		if err != nil {
			return err
		}
		for i, column := range a.columns {
			a.columns[i] = replicaWords.Replace(strings.ToLower(column))
		}
		for n, row := range a.rows {
			if n == maxReplicaChannels {
				out.Dropped += len(a.rows) - n
				break
			}
			addReplica(a, row, fixed, out)
		}
		return nil
	}
}

// replicaOther is called after a column.
var replicaOther = collect.Spec{Name: "mysql_slave_status_*", Kind: prometheus.UntypedValue, Help: "Every number in the state of replication.",
	Labels: []string{"master_host", "master_uuid", "channel_name", "connection_name"}}

func addReplica(a rowset, row [][]byte, fixed prometheus.Labels, out *collect.Samples) {
	for i, column := range a.columns {
		number, ok := parseVariable(string(row[i]))
		if !ok || column == "master_host" {
			continue
		}
		out.Add(replicaOther.Called(variableName(column)).Metric(fixed), number, a.cell(row, "master_host"), a.cell(row, "master_uuid"),
			a.cell(row, "channel_name"), a.cell(row, "connection_name"))
	}
}

var (
	binlogSize   = collect.Spec{Name: "mysql_binlog_size_bytes", Kind: collect.GaugeKind, Help: "Bytes of all binary logs.", Labels: nil}
	binlogFiles  = collect.Spec{Name: "mysql_binlog_files", Kind: collect.GaugeKind, Help: "Number of binary logs.", Labels: nil}
	binlogNumber = collect.Spec{Name: "mysql_binlog_file_number", Kind: collect.GaugeKind, Help: "Number of the newest binary log.", Labels: nil}
)

// binlogPart returns the question for the binary logs. A server without them gives nothing.
func binlogPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *collect.Samples) error {
	size, files, newest := binlogSize.Metric(fixed), binlogFiles.Metric(fixed), binlogNumber.Metric(fixed)
	return func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
		sum, n, last := 0.0, 0, ""
		_, err := link.each(ctx, "SHOW BINARY LOGS", func(cells [][]byte) {
			bytes, _ := collect.ParseNumber(string(cells[1]))
			sum, n, last = sum+bytes, n+1, string(cells[0])
		})
		var refused *mysql.MySQLError
		if errors.As(err, &refused) && refused.Number == 1381 {
			return nil
		}
		if err != nil {
			return err
		}
		out.Add(size, sum)
		out.Add(files, float64(n))
		// The number is after the last dot: the name of a host before it may have dots, too.
		if number, ok := collect.ParseNumber(last[strings.LastIndex(last, ".")+1:]); ok {
			out.Add(newest, number)
		}
		return nil
	}
}
