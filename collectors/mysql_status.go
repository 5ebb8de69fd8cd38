package collectors

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const globalStatus = "mysql_global_status_"

// statusFamily is a group of status variables that are one metric, told apart by a label.
type statusFamily struct {
	prefix string
	spec
}

// statusFamilies are mysqld_exporter's.
var statusFamilies = []statusFamily{
	{"com_", spec{globalStatus + "commands_total", prometheus.CounterValue, "Statements by kind.", []string{"command"}}},
	{"handler_", spec{globalStatus + "handlers_total", prometheus.CounterValue, "Calls of storage engines by kind.", []string{"handler"}}},
	{"connection_errors_", spec{globalStatus + "connection_errors_total", prometheus.CounterValue, "Connections that failed, by reason.", []string{"error"}}},
	{"innodb_rows_", spec{globalStatus + "innodb_row_ops_total", prometheus.CounterValue, "Rows read and changed in InnoDB.", []string{"operation"}}},
	{"performance_schema_", spec{globalStatus + "performance_schema_lost_total", prometheus.CounterValue,
		"What performance_schema had no memory for.", []string{"instrumentation"}}},
	{"innodb_buffer_pool_pages_", spec{globalStatus + "buffer_pool_page_changes_total", prometheus.CounterValue,
		"Changes of pages in InnoDB's buffer pool.", []string{"operation"}}},
}

var (
	bufferPoolPages = spec{globalStatus + "buffer_pool_pages", prometheus.GaugeValue, "Pages of InnoDB's buffer pool by state.", []string{"state"}}
	bufferPoolDirty = spec{globalStatus + "buffer_pool_dirty_pages", prometheus.GaugeValue, "Dirty pages of InnoDB's buffer pool.", nil}
)

// What is called after a variable.
var (
	statusOther   = spec{globalStatus + "*", prometheus.UntypedValue, "Status variable of the server: every other number in SHOW GLOBAL STATUS.", nil}
	variableOther = spec{"mysql_global_variables_*", prometheus.GaugeValue, "Setting of the server: every number and switch in SHOW GLOBAL VARIABLES.", nil}
)

// statusPart returns the question for SHOW GLOBAL STATUS.
func statusPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *samples) error {
	made := map[string]metric{}
	return func(ctx context.Context, link *mysqlLink, out *samples) error {
		a, err := link.ask(ctx, "SHOW GLOBAL STATUS")
		if err != nil {
			return err
		}
		for _, row := range a.rows {
			number, ok := parseVariable(string(row[1]))
			s, labels := statusSpec(variableName(string(row[0])))
			if !ok || s.name == "" {
				continue
			}
			m, known := made[s.name]
			if !known {
				m = s.metric(fixed)
				made[s.name] = m
			}
			out.add(m, number, labels...)
		}
		return nil
	}
}

// statusSpec returns the metric of a status variable and its labels; one without a name for what is left out.
func statusSpec(name string) (spec, []string) {
	if state, ok := strings.CutPrefix(name, "innodb_buffer_pool_pages_"); ok {
		switch state {
		case "data", "free", "misc", "old":
			return bufferPoolPages, []string{state}
		case "dirty":
			return bufferPoolDirty, nil
		case "total": // the sum of the others
			return spec{}, nil
		}
	}
	for _, f := range statusFamilies {
		if rest, ok := strings.CutPrefix(name, f.prefix); ok {
			return f.spec, []string{rest}
		}
	}
	return statusOther.called(name), nil
}

// variablesPart returns the question for SHOW GLOBAL VARIABLES.
func variablesPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *samples) error {
	version := mysqlVersion.metric(fixed)
	made := map[string]metric{}
	return func(ctx context.Context, link *mysqlLink, out *samples) error {
		a, err := link.ask(ctx, "SHOW GLOBAL VARIABLES")
		if err != nil {
			return err
		}
		text := map[string]string{}
		for _, row := range a.rows {
			name, value := variableName(string(row[0])), string(row[1])
			text[name] = value
			number, ok := parseVariable(value)
			if !ok {
				continue
			}
			m, known := made[name]
			if !known {
				m = variableOther.called(name).metric(fixed)
				made[name] = m
			}
			out.add(m, number)
		}
		out.add(version, 1, text["innodb_version"], text["version"], text["version_comment"])
		return nil
	}
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9_]`)

func variableName(name string) string {
	return strings.ToLower(notInName.ReplaceAllString(name, "_"))
}

// numbered matches names of log files, whose number is what is told: mysql-bin.000042.
var numbered = regexp.MustCompile(`^[^.\s]+\.(\d+)$`)

// parseVariable reads what the server says as a number, as mysqld_exporter does: words for yes and no, times, numbers of
// log files.
func parseVariable(text string) (float64, bool) {
	// Most are numbers, and times are costly to recognise.
	if number, ok := parseNumber(text); ok {
		return number, true
	}
	switch strings.ToLower(text) {
	case "yes", "on", "primary":
		return 1, true
	case "no", "off", "disabled", "connecting", "non-primary", "disconnected":
		return 0, true
	}
	for _, layout := range []string{"Jan _2 15:04:05 2006 MST", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return unixSeconds(at), true
		}
	}
	if found := numbered.FindStringSubmatch(text); found != nil {
		return parseNumber(found[1])
	}
	return 0, false
}
