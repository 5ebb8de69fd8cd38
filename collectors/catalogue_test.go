package collectors

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

const documentation = "../docs/collectors.md"

// TestDocumentation holds docs/collectors.md to what is made of doc/all.md, of the text doc/KIND.md of each kind, and of
// the catalogue, whose table stands where a text says {{metrics}}. With -update it writes the page anew.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the host's metrics are those of Linux")
	}
	page := chapter(t, "all", "", nil)
	written := map[string]bool{"doc/all.md": true}
	for kind := range everySection().sections() {
		page += "\n" + chapter(t, kind, kind, written)
	}
	files, err := filepath.Glob("doc/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !written[file] {
			t.Errorf("%s is the text of no kind", file)
		}
	}
	if *collecttest.Update {
		if err := os.WriteFile(documentation, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	before, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	if page != string(before) {
		t.Errorf("%s is not what the code and doc/*.md say: go test ./collectors -run TestDocumentation -update", documentation)
	}
}

// chapter returns the part of the page about a kind.
func chapter(t *testing.T, name, kind string, written map[string]bool) string {
	t.Helper()
	file := "doc/" + name + ".md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("the kind %s has no text: %v", kind, err)
	}
	if written != nil {
		written[file] = true
	}
	var listed []collect.Row
	for _, m := range Catalogue() {
		if m.Kind == kind {
			listed = append(listed, m)
		}
	}
	if len(listed) == 0 {
		t.Errorf("the kind %s lists no metric", kind)
	}
	const place = "{{metrics}}\n"
	if strings.Count(string(text), place) != 1 {
		t.Fatalf("%s has not one line {{metrics}}", file)
	}
	return strings.Replace(string(text), place, metricsTable(listed), 1)
}

// metricsTable writes the metrics of a kind. Labels that all have stand before it.
func metricsTable(all []collect.Row) string {
	var common []string
	for _, l := range all[0].Labels {
		if !slices.ContainsFunc(all, func(m collect.Row) bool { return !slices.Contains(m.Labels, l) }) {
			common = append(common, l)
		}
	}
	var b strings.Builder
	if len(common) > 0 {
		fmt.Fprintf(&b, "All have the label `%s`.\n\n", strings.Join(common, "`, and the label `"))
	}
	b.WriteString("| metric | type | labels | what it tells | when |\n|---|---|---|---|---|\n")
	for _, m := range all {
		own := slices.DeleteFunc(slices.Clone(m.Labels), func(l string) bool { return slices.Contains(common, l) })
		line := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.Name, m.Type, strings.Join(own, ", "), strings.ReplaceAll(m.Help, "|", "\\|"), m.When)
		b.WriteString(strings.ReplaceAll(line, "  ", " "))
	}
	return b.String()
}

// TestCatalogue looks for what lists of metrics must not hold.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range Catalogue() {
		if seen[m.Name] {
			t.Errorf("%s is listed twice", m.Name)
		}
		seen[m.Name] = true
		if m.Help == "" || m.Name == "" {
			t.Errorf("%+v has no name or help", m)
		}
	}
}
