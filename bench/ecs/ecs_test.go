package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected output")

// TestRun compares made-up samples: fields that are equal in another notation, on purpose not, really not, and missing;
// records of several lines, and one that is part of another.
func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), "testdata", true, &out); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/output.txt"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("run() printed\n%swant\n%s", out.String(), want)
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	f := func(log, expected, want string) {
		t.Helper()
		dir := t.TempDir()
		folder := filepath.Join(dir, "packages/nginx/data_stream/access/_dev/test/pipeline")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"a.log": log, "a.log-expected.json": expected} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := run(t.Context(), dir, false, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run(%q, %q) = %v, want %q", log, expected, err, want)
		}
	}
	f("", "", "name a checkout of elastic/integrations")
	f("a\n", "", "a.log-expected.json: no such file")
	f("a\n", "{", "read ")
	f("a\nb\n", `{"expected":[{}]}`, "1 documents are expected of 2 records")
}

func TestEqual(t *testing.T) {
	t.Parallel()
	f := func(want, got any, same bool) {
		t.Helper()
		if equal(want, got) != same {
			t.Errorf("equal(%v, %v) = %v, want %v", want, got, !same, same)
		}
	}
	f("a", []any{"a"}, true)
	f([]any{"a", "b"}, []any{"b", "a"}, true)
	f([]any{"a", "b"}, []any{"a"}, false)
	f("2026-11-22T08:00:00.123+08:00", "2026-11-22T00:00:00.123456Z", true)
	f("2026-11-22T08:00:00Z", "2026-11-22T08:00:00.001Z", false)
	f(true, "true", true)
	f("1", "01", false)
}

func TestZone(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := zone(text); got != want {
			t.Errorf("zone(%q) = %q, want %q", text, got, want)
		}
	}
	f("GMT+2", "Etc/GMT-2")
	f("GMT-0200", "Etc/GMT+2")
	f("+0000", "UTC")
	f("<nil>", "UTC")
}
