package tail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// follower runs a group as the pipeline does: it keeps the lines with the marks, and continues from them.
type follower struct {
	t     *testing.T
	cfg   Config
	pace  pace
	group *Group
	stop  func()
	reg   *prometheus.Registry
	// before is called in the goroutine of the group.
	before func()

	mu    sync.Mutex
	lines []string
	at    map[string]string // "id/offset" → line
	marks map[string][]byte
	ends  int
}

func follow(t *testing.T, cfg Config) *follower {
	t.Helper()
	return followAt(t, cfg, testPace())
}

// testPace is the usual one, many times faster.
func testPace() pace {
	return pace{
		poll: 10 * time.Millisecond, scan: 40 * time.Millisecond, idle: 40 * time.Millisecond, sleep: 200 * time.Millisecond,
		settled: 250 * time.Millisecond, rotated: 500 * time.Millisecond, gone: 150 * time.Millisecond,
		orphan: 500 * time.Millisecond, forget: 4 * time.Second, turn: 50 * time.Millisecond,
	}
}

func followAt(t *testing.T, cfg Config, p pace) *follower {
	t.Helper()
	f := newFollower(t, cfg, p)
	f.start()
	return f
}

func newFollower(t *testing.T, cfg Config, p pace) *follower {
	f := &follower{
		t: t, cfg: cfg, pace: p, marks: map[string][]byte{}, at: map[string]string{}, before: func() {}, stop: func() {},
	}
	t.Cleanup(func() { f.stop() })
	return f
}

// testWriter shows the log of the group with the test's own.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

func (f *follower) start() {
	f.t.Helper()
	f.reg = prometheus.NewRegistry()
	f.mu.Lock()
	g, err := New(f.cfg, f.marks, slog.New(slog.NewTextHandler(testWriter{f.t}, nil)), NewMetrics(f.reg))
	f.mu.Unlock()
	if err != nil {
		f.t.Fatal(err)
	}
	g.pace = f.pace
	f.group = g
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		f.before()
		done <- g.Run(ctx, f.handle)
	}()
	f.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			f.t.Errorf("Run() = %v, want context.Canceled", err)
		}
		f.stop = func() {}
	}
}

func (f *follower) handle(_ context.Context, b Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range b.Lines {
		key := fmt.Sprintf("%x/%d", b.File.ID(), l.Offset)
		if before, ok := f.at[key]; ok {
			f.t.Errorf("%s came twice: %q and %q", key, before, l.Text)
		}
		f.at[key] = string(l.Text)
		text := string(l.Text)
		if l.Cut {
			text += "…"
		}
		f.lines = append(f.lines, text)
	}
	if b.File != nil {
		key, mark := b.File.Mark(b.File.Next())
		f.marks[key] = mark
	}
	for _, key := range b.Forget {
		delete(f.marks, key)
	}
	maps.Copy(f.marks, b.Keep)
	if b.End {
		f.ends++
	}
	return nil
}

// fileMarks returns how many files have marks. The mutex is held.
func (f *follower) fileMarks() int {
	n := len(f.marks)
	if f.marks[lookedKey(f.cfg.Globs)] != nil {
		n--
	}
	return n
}

// await waits until the lines are exactly want, in any order, and stay so for a moment.
func (f *follower) await(want ...string) {
	f.t.Helper()
	want = slices.Clone(want)
	slices.Sort(want)
	deadline := time.Now().Add(time.Minute)
	for {
		f.mu.Lock()
		got := slices.Clone(f.lines)
		f.mu.Unlock()
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) || len(got) > len(want) {
			f.t.Fatalf("lines = %q, want %q", short(got), short(want))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// metric returns the value of a counter of the group that runs now.
func (f *follower) metric(name string) float64 {
	f.t.Helper()
	families, err := f.reg.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, m := range families {
		if m.GetName() == name {
			return m.GetMetric()[0].GetCounter().GetValue()
		}
	}
	f.t.Fatalf("no metric %s", name)
	return 0
}

func short(lines []string) []string {
	if len(lines) > 20 {
		return append(slices.Clone(lines[:20]), fmt.Sprintf("… %d lines", len(lines)))
	}
	return lines
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func copyTruncate(t *testing.T, path, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(data))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
}

func TestLinesAndPartialLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "one\ntwo\r\n\nthr")
	f := follow(t, Config{Globs: []string{path}})
	f.await("one", "two", "")
	write(t, path, "ee\nfour\n")
	f.await("one", "two", "", "three", "four")
}

func TestFileAppearsLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty.log"), "")
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*.log")}, FromEnd: true})
	await(t, func() bool { return len(f.group.Status()) == 1 }) // it has looked once
	write(t, filepath.Join(dir, "a.log"), "a1\n")
	write(t, filepath.Join(dir, "b.log"), "b1\n")
	f.await("a1", "b1")
}

func TestFromEndAndRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "old 1\nold 2, still being writ")
	f := follow(t, Config{Globs: []string{path}, FromEnd: true})
	await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.fileMarks() == 1 })
	f.stop()
	write(t, path, "ten\nnew 1\n")
	f.start()
	f.await("new 1")
}

func await(t *testing.T, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ready(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited too long")
		}
	}
}

func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\n2\npart")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1", "2")
	f.stop()
	write(t, path, "ial\n3\n")
	f.start()
	f.await("1", "2", "partial", "3")
}

func TestRenameRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "header\n1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("header", "1")
	writer, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	rename(t, path, path+".1")
	write(t, path, "header\n3\n") // begins like the file before
	if _, err := writer.WriteString("2, written after the rename\n"); err != nil {
		t.Fatal(err)
	}
	f.await("header", "1", "header", "3", "2, written after the rename")
}

func TestSeveralRotationsBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path+".1", "from before our time\n")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path+".1", old, old); err != nil {
		t.Fatal(err)
	}
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	rotate := func() {
		for k := 3; k >= 1; k-- {
			if _, err := os.Stat(fmt.Sprintf("%s.%d", path, k)); err == nil {
				rename(t, fmt.Sprintf("%s.%d", path, k), fmt.Sprintf("%s.%d", path, k+1))
			}
		}
		rename(t, path, path+".1")
	}
	write(t, path, "2\n")
	rotate()
	write(t, path, "3\n")
	rotate()
	write(t, path, "4\n")
	f.await("1", "2", "3", "4")
	f.stop()
	write(t, path, "5\n")
	rotate()
	write(t, path, "6\n")
	rotate()
	write(t, path, "7\n")
	f.start()
	f.await("1", "2", "3", "4", "5", "6", "7")
}

func TestDeletedWhileOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	writer, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString("2\nlast, without a line break"); err != nil {
		t.Fatal(err)
	}
	f.await("1", "2", "last, without a line break")
}

func TestCopyAndTruncate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	first := strings.Repeat("a first line that is long enough to be told apart ", 4)
	write(t, path, first+"\n1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await(first, "1")
	write(t, path, "2\n")
	copyTruncate(t, path, path+".1")
	write(t, path, "3\n")
	f.await(first, "1", "2", "3")
	// The same with a file that is larger than the position again when it is looked at.
	write(t, path, "4\n")
	copyTruncate(t, path, path+".2")
	var more []string
	for i := range 50 {
		more = append(more, fmt.Sprintf("after the second rotation %d", i))
	}
	write(t, path, strings.Join(more, "\n")+"\n")
	f.await(append(more, first, "1", "2", "3", "4")...)
}

func TestCopyAndTruncateWhileAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "the first line\n1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("the first line", "1")
	f.stop()
	write(t, path, "2\n")
	copyTruncate(t, path, path+".1")
	write(t, path, "3\n")
	f.start()
	f.await("the first line", "1", "2", "3")
}

func TestTruncatedWithTheSameBeginning(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "header\n1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("header", "1")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "header\n2\n3\n")
	f.await("header", "1", "header", "2", "3")
	if got := len(f.at); got != 5 {
		t.Errorf("%d different ids and offsets, want 5: lines of two contents share an identity", got)
	}
}

func TestFilesThatBeginAlike(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.log", "b.log"} {
		write(t, filepath.Join(dir, name), "header\nsame\n")
	}
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*.log")}})
	write(t, filepath.Join(dir, "a.log"), "of a\n")
	write(t, filepath.Join(dir, "b.log"), "of b\n")
	f.await("header", "same", "header", "same", "of a", "of b")
	other := &File{host: "other", at: inode{1, 2}, head: []byte("header\n")}
	this := &File{host: "this", at: inode{1, 2}, head: []byte("header\n")}
	other.identify()
	this.identify()
	if other.ID() == this.ID() {
		t.Error("equal files on two hosts share an identity")
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	f := follow(t, Config{Globs: []string{path}, MaxLine: 1000})
	long := strings.Repeat("x", 900<<10)
	write(t, path, "before\n"+strings.Repeat("y", 1001)+"\n"+long+"\nafter\n"+strings.Repeat("z", 1000)+"\n")
	f.await("before", strings.Repeat("y", 1000)+"…", strings.Repeat("x", 1000)+"…", "after", strings.Repeat("z", 1000))
}

func TestLineLongerThanTheBuffer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	f := follow(t, Config{Globs: []string{path}})
	long := strings.Repeat("x", 900<<10)
	write(t, path, "before\n"+long+"\nafter\n")
	f.await("before", long, "after")
}

func TestManyShortLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	var want []string
	var all bytes.Buffer
	for i := range 20_000 {
		want = append(want, fmt.Sprint(i))
		fmt.Fprintln(&all, i)
	}
	write(t, path, all.String())
	f := follow(t, Config{Globs: []string{path}})
	f.await(want...)
}

func TestThingsThatAreNoLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "gw.log"), "1\n")
	write(t, filepath.Join(dir, "gw.log.1.gz"), "\x1f\x8b not lines\n")
	f := follow(t, Config{Globs: []string{filepath.Join(dir, "*.log")}})
	f.await("1")
}

func TestBadGlob(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Globs: []string{"/var/log/[a.log"}}, nil, slog.Default(), nil)
	if err == nil || !strings.Contains(err.Error(), "[a.log") {
		t.Errorf("New with a bad glob = %v, want an error that names it", err)
	}
}
