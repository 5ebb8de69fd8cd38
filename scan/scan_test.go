package scan_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/redact"
	"gatewatch/scan"
)

func newScanner(t *testing.T) *scan.Scanner {
	t.Helper()
	s, err := scan.New(redact.New(redact.Config{}, prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// found scans text and returns "line kind masked logger" of each finding.
func found(t *testing.T, text []byte) []string {
	t.Helper()
	var all []string
	err := newScanner(t).Stream(t.Context(), "x", bytes.NewReader(text), func(f scan.Finding) {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", f.Line, f.Kind, f.Masked, f.Logger)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFindings(t *testing.T) {
	t.Parallel()
	const (
		head = "2026-11-22 08:00:00.000 INFO [main] [c.j.Pay] - "
		pan  = "pan 424242******4242 c.j.Pay"
	)
	f := func(text string, want ...string) {
		t.Helper()
		if got := found(t, []byte(text)); !slices.Equal(got, want) {
			t.Errorf("found %q in %.200q, want %q", got, text, want)
		}
	}
	f("")
	f("\n\n")
	f("nothing\nat all")
	f("card 4242424242424242", "1 pan 424242******4242")
	f(head+"ok\n"+head+"x\n  card 4242 4242\n  4242 4242\n"+head+"cvv=123\n", "3 "+pan, "5 cvv *** c.j.Pay")
	f(`{"a":1}`+"\n"+`{"logger":"pay","m":"4242424242424242 password=x"}`+"\n"+`{"token":{`+"\n"+`{"m":"4242424242424242"}`+"\n",
		"2 pan 424242******4242 pay", "4 pan 424242******4242")
	f("password=x token=y\n")

	// More than fits the buffer: many lines, long records, one long line.
	long := strings.Repeat(head+"some text that is of no interest to anybody\n", 20_000)
	f(long+head+"4242424242424242\n", "20001 "+pan)
	f(strings.Repeat(head+"x\n\tat a.b.C.d(C.java:1)\n\t4242-4242-4242-4242\n", 20_000)[:5<<18], manyTimes("pan 424242******4242 c.j.Pay", 3, 5<<18/len(head+"x\n\tat a.b.C.d(C.java:1)\n\t4242-4242-4242-4242\n"))...)
	f(strings.Repeat("4242424242424242, ", 80_000)+"\nx\n4242424242424242\n", append(slices.Repeat([]string{"1 pan 424242******4242"}, 80_000), "3 pan 424242******4242")...)
}

// manyTimes numbers what is found in every apart-th line.
func manyTimes(what string, apart, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%d %s", apart*(i+1), what))
	}
	return all
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("nothing in here\n", 10_000) + "4242424242424242\n")
	var gz, zst bytes.Buffer
	z := gzip.NewWriter(&gz)
	enc, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := z.Write(text)
	_, err2 := enc.Write(text)
	if err := errors.Join(err1, err2, z.Close(), enc.Close()); err != nil {
		t.Fatal(err)
	}
	want := []string{"10001 pan 424242******4242"}
	for name, packed := range map[string][]byte{"gzip": gz.Bytes(), "two members": slices.Concat(gz.Bytes(), gz.Bytes())[:gz.Len()*2], "zstd": zst.Bytes()} {
		got := found(t, packed)
		if name == "two members" {
			got = got[:1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
	for name, torn := range map[string][]byte{"gzip": gz.Bytes()[:gz.Len()-9], "zstd": zst.Bytes()[:zst.Len()-5]} {
		if err := newScanner(t).Stream(t.Context(), "x", bytes.NewReader(torn), func(scan.Finding) {}); err == nil {
			t.Errorf("a %s file that ends too early is scanned without an error", name)
		}
	}
}

func TestNumbersInFileNames(t *testing.T) {
	t.Parallel()
	s := newScanner(t)
	err := s.Stream(t.Context(), "card_4242424242424242.log", strings.NewReader("cvv=123"), func(f scan.Finding) {
		if f.File != "card_424242******4242.log" {
			t.Errorf("File = %q, want it masked", f.File)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.log", "b.log.1", "sub/c.log"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x\x00y"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	targets, err := scan.Targets([]string{dir, filepath.Join(dir, "*.log"), filepath.Join(dir, "none")})
	if err == nil || !strings.Contains(err.Error(), "none: no such file") {
		t.Errorf("Targets() = %v, want that there is no such file", err)
	}
	var names []string
	for _, target := range targets {
		name, _ := filepath.Rel(dir, target.Path)
		names = append(names, name)
	}
	if want := []string{"a.log", "b.log.1", "sub/c.log"}; !slices.Equal(names, want) {
		t.Errorf("Targets() = %q, want %q", names, want)
	}
	s := newScanner(t)
	s.SkipBinary = true
	if err := s.File(t.Context(), targets[0].Path, func(int) {}, nil); !errors.Is(err, scan.ErrBinary) {
		t.Errorf("File of zeros = %v, want ErrBinary", err)
	}
}
