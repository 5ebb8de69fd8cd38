package collecttest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"
)

// invented are metrics that tests make up.
var invented = []string{"fake", "many", "pretended_up", "part_value", "backup_age", "jobs_total", "took", "good", "same",
	"apt_upgrades_pending", "node_reboot_required"}

// inCatalogue holds what a test got to the catalogue: a metric that no table names, or names with another type or other
// labels, is a failure.
func inCatalogue(t *testing.T, families []*dto.MetricFamily) {
	t.Helper()
	all := documented(t)
	for _, f := range families {
		if slices.Contains(invented, f.GetName()) {
			continue
		}
		m, ok := Catalogued(all, f.GetName())
		if !ok {
			t.Errorf("%s is given and in no catalogue: make it with the metrics of its collector", f.GetName())
			continue
		}
		if got := strings.ToLower(f.GetType().String()); got != m.Type && !strings.HasSuffix(m.Name, "*") {
			t.Errorf("%s is a %s, and a %s in the catalogue", f.GetName(), got, m.Type)
		}
		for _, l := range f.Metric[0].Label {
			if !slices.Contains(m.Labels, l.GetName()) {
				t.Errorf("%s has the label %s, which the catalogue does not name: %q", f.GetName(), l.GetName(), m.Labels)
			}
		}
	}
}

// Catalogued returns what is listed of a metric; of several families the one whose name says most.
func Catalogued(all []collect.Row, name string) (best collect.Row, ok bool) {
	for _, m := range all {
		prefix, family := strings.CutSuffix(m.Name, "*")
		if m.Name == name {
			return m, true
		}
		if family && prefix != "" && strings.HasPrefix(name, prefix) && len(m.Name) > len(best.Name) {
			best, ok = m, true
		}
	}
	return best, ok
}

// documented returns the metrics that docs/collectors.md lists: those that the code can give, which a test of the page
// looks after.
func documented(t *testing.T) []collect.Row {
	t.Helper()
	dir := "."
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir = filepath.Join(dir, ".."); len(dir) > 100 {
			t.Fatal("no folder above this one holds go.mod")
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "docs", "collectors.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []collect.Row
	var common []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "#") {
			common = nil
		}
		if rest, ok := strings.CutPrefix(line, "All have the label "); ok {
			common = strings.FieldsFunc(rest, func(r rune) bool { return r == '`' || r == '.' || unicode.IsSpace(r) })
		}
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") && len(cells) > 4 {
			own := strings.Split(strings.ReplaceAll(cells[3], " ", ""), ",")
			all = append(all, collect.Row{Name: strings.Trim(cells[1], "` "), Type: strings.TrimSpace(cells[2]), Labels: slices.Concat(common, own)})
		}
	}
	return all
}
