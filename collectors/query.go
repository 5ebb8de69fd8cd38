package collectors

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
func (q *query) specs() []spec {
	all := make([]spec, len(q.values))
	for i, v := range q.values {
		all[i] = spec{v.name, v.kind, v.help, q.labels}
	}
	return all
}

// metrics returns the metrics of q with the constant labels fixed, in the order of its values.
func (q *query) metrics(fixed prometheus.Labels) []metric {
	all := make([]metric, len(q.values))
	for i, s := range q.specs() {
		all[i] = s.metric(fixed)
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
func (q *query) add(out *samples, a rowset, metrics []metric) {
	for n, row := range a.rows {
		if q.most > 0 && n >= q.most {
			out.dropped++
			continue
		}
		labels := make([]string, len(q.labels))
		for i, column := range q.labels {
			labels[i] = a.cell(row, column)
		}
		for i, v := range q.values {
			if number, ok := parseNumber(a.cell(row, v.column)); ok {
				out.add(metrics[i], number, labels...)
			}
		}
	}
}

// parseNumber reads a number or a truth value as databases write them.
func parseNumber(text string) (float64, bool) {
	switch text {
	case "t", "true":
		return 1, true
	case "f", "false":
		return 0, true
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}
