package sqldb

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// query is one SQL question about a server, and how its rows become samples: the values of some columns are labels,
// those of others samples.
type query struct {
	part string
	// since and before are the major versions that it is for; 0: no bound.
	since, before int
	// every is how often it is asked; 0: at each collection.
	every time.Duration
	text  string
	// most is how many rows are used. The text asks for one more, so that what is left out is counted; 0: all.
	most   int
	labels []string
	values []value
}

// value says which metric a column is a sample of.
type value struct {
	column string
	name   string
	kind   prometheus.ValueType
	help   string
}

func (q *query) fits(version int) bool {
	return version >= q.since && (q.before == 0 || version < q.before)
}

// specs lists the metrics of q.
func (q *query) specs() []collect.Spec {
	all := make([]collect.Spec, len(q.values))
	for i, v := range q.values {
		all[i] = collect.Spec{Name: v.name, Kind: v.kind, Help: v.help, Labels: q.labels}
	}
	return all
}

// metrics returns the metrics of q with the constant labels fixed, in the order of its values.
func (q *query) metrics(fixed prometheus.Labels) []collect.Metric {
	all := make([]collect.Metric, len(q.values))
	for i, s := range q.specs() {
		all[i] = s.Metric(fixed)
	}
	return all
}

// rowset is what a server says to a query: text in cells, nil for NULL.
type rowset struct {
	columns []string
	rows    [][][]byte
}

// cell returns the text of a column in a row, "" for NULL and for a column that is not there.
func (a rowset) cell(row [][]byte, column string) string {
	for i, name := range a.columns {
		if name == column && i < len(row) {
			return string(row[i])
		}
	}
	return ""
}

// add notes the samples in a. NULL and text that is no number give none.
func (q *query) add(out *collect.Samples, a rowset, metrics []collect.Metric) {
	for n, row := range a.rows {
		if q.most > 0 && n >= q.most {
			out.Dropped++
			continue
		}
		labels := make([]string, len(q.labels))
		for i, column := range q.labels {
			labels[i] = a.cell(row, column)
		}
		for i, v := range q.values {
			if number, ok := collect.ParseNumber(a.cell(row, v.column)); ok {
				out.Add(metrics[i], number, labels...)
			}
		}
	}
}
