package sqldb

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

const globalStatus = "mysql_global_status_"

// statusFamily is a group of status variables that are one metric, told apart by a label.
type statusFamily struct {
	prefix string
	collect.Spec
}

// statusFamilies are mysqld_exporter's.
var statusFamilies = []statusFamily{
	{"com_", collect.Spec{Name: globalStatus + "commands_total", Kind: prometheus.CounterValue, Help: "Statements by kind.", Labels: []string{"command"}}},
	{"handler_", collect.Spec{Name: globalStatus + "handlers_total", Kind: prometheus.CounterValue, Help: "Calls of storage engines by kind.", Labels: []string{"handler"}}},
	{"connection_errors_", collect.Spec{Name: globalStatus + "connection_errors_total", Kind: prometheus.CounterValue, Help: "Connections that failed, by reason.", Labels: []string{"error"}}},
	{"innodb_rows_", collect.Spec{Name: globalStatus + "innodb_row_ops_total", Kind: prometheus.CounterValue, Help: "Rows read and changed in InnoDB.", Labels: []string{"operation"}}},
	{"performance_schema_", collect.Spec{Name: globalStatus + "performance_schema_lost_total", Kind: prometheus.CounterValue,
		Help: "What performance_schema had no memory for.", Labels: []string{"instrumentation"}}},
	{"innodb_buffer_pool_pages_", collect.Spec{Name: globalStatus + "buffer_pool_page_changes_total", Kind: prometheus.CounterValue,
		Help: "Changes of pages in InnoDB's buffer pool.", Labels: []string{"operation"}}},
}

var (
	bufferPoolPages = collect.Spec{Name: globalStatus + "buffer_pool_pages", Kind: prometheus.GaugeValue, Help: "Pages of InnoDB's buffer pool by state.", Labels: []string{"state"}}
	bufferPoolDirty = collect.Spec{Name: globalStatus + "buffer_pool_dirty_pages", Kind: prometheus.GaugeValue, Help: "Dirty pages of InnoDB's buffer pool.", Labels: nil}
)

// What is called after a variable.
var (
	statusOther   = collect.Spec{Name: globalStatus + "*", Kind: prometheus.UntypedValue, Help: "Status variable of the server: every other number in SHOW GLOBAL STATUS.", Labels: nil}
	variableOther = collect.Spec{Name: "mysql_global_variables_*", Kind: prometheus.GaugeValue, Help: "Setting of the server: every number and switch in SHOW GLOBAL VARIABLES.", Labels: nil}
)

// statusPart returns the question for SHOW GLOBAL STATUS.
func statusPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *collect.Samples) error {
	made := map[string]collect.Metric{}
	return func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
		a, err := link.ask(ctx, "SHOW GLOBAL STATUS")
		if err != nil {
			return err
		}
		for _, row := range a.rows {
			number, ok := parseVariable(string(row[1]))
			s, labels := statusSpec(variableName(string(row[0])))
			if !ok || s.Name == "" {
				continue
			}
			m, known := made[s.Name]
			if !known {
				m = s.Metric(fixed)
				made[s.Name] = m
			}
			out.Add(m, number, labels...)
		}
		return nil
	}
}

// statusSpec returns the metric of a status variable and its labels; one without a name for what is left out.
func statusSpec(name string) (collect.Spec, []string) {
	if state, ok := strings.CutPrefix(name, "innodb_buffer_pool_pages_"); ok {
		switch state {
		case "data", "free", "misc", "old":
			return bufferPoolPages, []string{state}
		case "dirty":
			return bufferPoolDirty, nil
		case "total": // the sum of the others
			return collect.Spec{}, nil
		}
	}
	for _, f := range statusFamilies {
		if rest, ok := strings.CutPrefix(name, f.prefix); ok {
			return f.Spec, []string{rest}
		}
	}
	return statusOther.Called(name), nil
}

// variablesPart returns the question for SHOW GLOBAL VARIABLES.
func variablesPart(fixed prometheus.Labels) func(context.Context, *mysqlLink, *collect.Samples) error {
	version := mysqlVersion.Metric(fixed)
	made := map[string]collect.Metric{}
	return func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
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
				m = variableOther.Called(name).Metric(fixed)
				made[name] = m
			}
			out.Add(m, number)
		}
		out.Add(version, 1, text["innodb_version"], text["version"], text["version_comment"])
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
	if number, ok := collect.ParseNumber(text); ok {
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
			return collect.UnixSeconds(at), true
		}
	}
	if found := numbered.FindStringSubmatch(text); found != nil {
		return collect.ParseNumber(found[1])
	}
	return 0, false
}
