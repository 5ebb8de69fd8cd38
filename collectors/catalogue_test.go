package collectors

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const documentation = "../docs/collectors.md"

// TestDocumentation holds the lists in docs/collectors.md to the metrics that the collectors give. With -update it
// writes them anew.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	before, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	text := string(before)
	for name, lines := range map[string][]string{
		"collectors":        table4([]row{{partSuccessSpec, ""}, {partTimeSpec, ""}, {restingSpec, ""}}, "collector"),
		"postgres":          table4(postgresCatalogue()),
		"mysql":             table4(mysqlCatalogue()),
		"postgres settings": {"", "`" + strings.Join(postgresSettings, "`, `") + "`", ""},
	} {
		text = between(t, text, name, strings.Join(lines, "\n"))
	}
	if *update {
		if err := os.WriteFile(documentation, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(before) {
		t.Errorf("%s does not list the metrics that there are: go test ./collectors -run TestDocumentation -update", documentation)
	}
}

func table4(rows []row, more ...string) []string {
	lines := []string{"", "| metric | type | labels | what it tells | when |", "|---|---|---|---|---|"}
	for _, r := range rows {
		labels := strings.Join(slices.Concat(more, r.labels), ", ")
		lines = append(lines, strings.ReplaceAll(fmt.Sprintf("| `%s` | %s | %s | %s | %s |", r.name, kindName(r.kind), labels, r.help, r.when), "  ", " "))
	}
	return append(lines, "")
}

// between returns text with the part between the marks of name replaced.
func between(t *testing.T, text, name, part string) string {
	t.Helper()
	begin, end := "<!-- list: "+name+" -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %s", documentation, strings.TrimSpace(begin))
	}
	return head + begin + part + end + tail
}

func listed(rows []row, name string) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.name == name })
}
