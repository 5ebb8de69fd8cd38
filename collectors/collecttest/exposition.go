// Package collecttest helps tests of collectors: it collects once and reads what was found, signs certificates, and follows what asks a
// server.
package collecttest

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Write puts text into a file of dir and returns its path.
func Write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// WantLines reports each of want that is no line of text.
func WantLines(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("there is no %q in\n%s", line, text)
		}
	}
}

// Update is set when golden files and lists in documents are to be written anew.
var Update = flag.Bool("update", false, "rewrite the golden files")

// Quiet returns a log that nobody reads.
func Quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// Collect runs each collector once and returns all samples as exposition text.
func Collect(t *testing.T, all ...collect.Collector) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	s, err := collect.NewSet(all, Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Once(t.Context())
	return Exposition(t, reg)
}

// Exposition returns what a scrape of reg shows. All of it has to be in docs/collectors.md.
func Exposition(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	inCatalogue(t, families)
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// ParseExposition reads the metrics of a page.
func ParseExposition(t *testing.T, r io.Reader) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// SamplesOf returns the sample lines of text that begin with prefix.
func SamplesOf(text, prefix string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return strings.Join(found, "\n")
}

// Golden holds got to a file, which -update writes anew.
func Golden(t *testing.T, file, got string) {
	t.Helper()
	if *Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant (%s)\n%s", got, file, want)
	}
}

// Series returns the values of a family by their labels, as text.
func Series(f *dto.MetricFamily) map[string]float64 {
	found := map[string]float64{}
	for _, m := range f.Metric {
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		var b strings.Builder
		for _, l := range m.Label {
			fmt.Fprintf(&b, "%s=%q,", l.GetName(), l.GetValue())
		}
		found[b.String()] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
	}
	return found
}

// SampleOf returns the value of the only sample in text whose line begins with series.
func SampleOf(t *testing.T, text, series string) (value float64) {
	t.Helper()
	lines := SamplesOf(text, series)
	if _, err := fmt.Sscanf(lines[lastSpace(lines):], "%g", &value); err != nil {
		t.Fatalf("samples of %s are %q, want one", series, lines)
	}
	return value
}

// HasPrefix tells whether name begins with one of prefixes.
func HasPrefix(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// Seconds returns t as the samples of a page show it.
func Seconds(t time.Time) string { return fmt.Sprint(float64(t.Unix())) }

func lastSpace(line string) int {
	for i := len(line) - 1; i >= 0; i-- {
		if line[i] == ' ' {
			return i
		}
	}
	return 0
}
