package parse_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var beijing = time.FixedZone("CST", 8*3600)

// TestGolden parses testdata/<format>*.log and compares fields, facts and document of each record.
func TestGolden(t *testing.T) {
	t.Parallel()
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("Glob = %v, %v", logs, err)
	}
	for _, path := range logs {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			format, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".log"), "_")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, format, text)
			golden := strings.TrimSuffix(path, ".log") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs (-update rewrites it):\n%s", golden, firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
	return "cut off"
}

// records joins the lines of a file as the pipeline does.
func records(p parse.Parser, text []byte) [][]byte {
	var all [][]byte
	for line := range bytes.Lines(text) {
		if begins, n := p.Starts(bytes.TrimSuffix(line, []byte("\n"))), len(all); n > 0 && !begins {
			all[n-1] = append(all[n-1], line...)
		} else {
			all = append(all, bytes.Clone(line))
		}
	}
	for i := range all {
		all[i] = bytes.TrimSuffix(all[i], []byte("\n"))
	}
	return all
}

func render(t *testing.T, format string, text []byte) []byte {
	t.Helper()
	p, err := parse.New(format)
	if err != nil {
		t.Fatal(err)
	}
	names := newNames(t, nil, beijing)
	names.SetClock(func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) })
	var out bytes.Buffer
	ev := &event.Event{Source: &event.Source{}}
	for _, raw := range records(p, text) {
		ev.Reset()
		ev.Source = &event.Source{}
		ev.Raw = raw
		p.Parse(ev)
		names.Assign(ev)
		fmt.Fprintf(&out, "record  %.160q\n", raw)
		if ev.Malformed != "" {
			fmt.Fprintf(&out, "  malformed %s\n", ev.Malformed)
		}
		for _, k := range event.Keys() {
			if v := ev.Fact(k); v != nil {
				fmt.Fprintf(&out, "  %-28s %q\n", k, v)
			}
		}
		if !ev.Time.IsZero() {
			fmt.Fprintf(&out, "  time %s\n", ev.Time.Format(time.RFC3339Nano))
		}
		if ev.Duration >= 0 {
			fmt.Fprintf(&out, "  duration %s\n", ev.Duration)
		}
		document := event.AppendDocument(nil, ev)
		if !json.Valid(document) {
			t.Errorf("document of %q is not JSON: %s", raw, document)
		}
		fmt.Fprintf(&out, "  %s\n\n", document)
	}
	return out.Bytes()
}
