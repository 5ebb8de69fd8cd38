package tail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// compress makes path.gz (or .zst) of path and removes path, as gzip does: the copy keeps the time.
func compress(t *testing.T, path, ext string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	packed := pack(t, path, ext)
	if err := os.WriteFile(path+ext, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path+ext, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func pack(t *testing.T, path, ext string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&packed)
	if ext == ".zst" {
		if w, err = zstd.NewWriter(&packed); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// numbered returns n different lines and their text.
func numbered(name string, n int) (lines []string, text string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("%s line %d %x", name, i, i*7919))
	}
	return lines, strings.Join(lines, "\n") + "\n"
}

func TestCompressedWhileAway(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".gz", ".zst"} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "gw.log")
			first, text := numbered("first", 5000)
			write(t, path, text)
			f := follow(t, Config{Globs: []string{path}})
			f.await(first...)
			id := f.ids()[0]
			f.stop()
			rest, text := numbered("rest", 3000)
			write(t, path, text)
			rename(t, path, path+".1")
			compress(t, path+".1", ext)
			unseen, text := numbered("unseen", 10) // came and was compressed while nobody looked
			write(t, path+".1", text)
			rename(t, path+".1"+ext, path+".2"+ext)
			compress(t, path+".1", ext)
			write(t, path, "now\n")
			f.start()
			all := append(append(append([]string{"now"}, first...), rest...), unseen...)
			f.await(all...)
			if got := f.idOf(rest[0]); got != id {
				t.Errorf("the rest has identity %s, want that of the file before, %s", got, id)
			}
			f.stop()
			rename(t, path+".2"+ext, path+".3"+ext)
			f.start()
			write(t, path, "later\n")
			f.await(append(all, "later")...)
			f.settles(all, "later")
		})
	}
}

// settles restarts, waits until compressed files were looked at, and expects nothing new.
func (f *follower) settles(all []string, more ...string) {
	f.t.Helper()
	time.Sleep(2*f.pace.settled + 4*f.pace.scan) // the time in which it could be read again
	f.await(append(all, more...)...)
}

func (f *follower) ids() (ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.at {
		ids = append(ids, strings.Split(key, "/")[0])
	}
	return ids
}

func (f *follower) idOf(line string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, l := range f.at {
		if l == line {
			return strings.Split(key, "/")[0]
		}
	}
	return "none"
}

func TestCompressedWhileReading(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	lines, text := numbered("a", 2000)
	write(t, path, text)
	f := follow(t, Config{Globs: []string{path}})
	f.await(lines...)
	more, text := numbered("b", 100)
	write(t, path, text)
	rename(t, path, path+".1")
	compress(t, path+".1", ".gz")
	write(t, path, "now\n")
	all := append(append([]string{"now"}, lines...), more...)
	f.await(all...)
	f.settles(all)
	await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.ends > 0 })
	f.stop()
	f.start()
	f.settles(all)
}

func TestCopiedTruncatedAndCompressed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	lines, text := numbered("a", 2000)
	write(t, path, text)
	f := follow(t, Config{Globs: []string{path}})
	f.await(lines...)
	more, text := numbered("b", 100)
	write(t, path, text)
	copyTruncate(t, path, path+".1")
	compress(t, path+".1", ".gz")
	write(t, path, "now\n")
	f.await(append(append([]string{"now"}, lines...), more...)...)
}

func TestOldArchivesAreNotRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{".3", "-20260101"} {
		_, text := numbered("old"+name, 10)
		write(t, path+name, text)
		if err := os.Chtimes(path+name, old, old); err != nil {
			t.Fatal(err)
		}
		compress(t, path+name, ".gz")
	}
	write(t, path, "now\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("now")
	f.settles([]string{"now"})
}

func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"truncated", "flipped"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "gw.log")
			lines, text := numbered("a", 20)
			write(t, path, text)
			f := follow(t, Config{Globs: []string{path}})
			f.await(lines...)
			f.stop()
			_, text = numbered("b", 30000)
			write(t, path, text)
			rename(t, path, path+".1")
			packed := pack(t, path+".1", ".gz")
			if how == "truncated" {
				packed = packed[:len(packed)/2]
			} else {
				packed[len(packed)/2] ^= 0xff
			}
			if err := os.Remove(path + ".1"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+".1.gz", packed, 0o600); err != nil {
				t.Fatal(err)
			}
			write(t, path, "now\n")
			f.start()
			await(t, func() bool { return f.metric("gatewatch_tail_broken_archives_total") == 1 })
			await(t, func() bool { return f.idOf("now") != "none" })
			if n := len(f.ids()); n < 1000 {
				t.Errorf("%d lines, want those before the damage too", n)
			}
		})
	}
}

// A bomb of one line of 2 GB is passed over in turns, with the memory of one line.
func TestDecompressionBomb(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}, MaxLine: 100})
	f.await("1")
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := bytes.Repeat([]byte{'0'}, 1<<20)
	for range 256 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("\nafter\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".1.zst", packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f.await("1", strings.Repeat("0", 100)+"…", "after")
	if n := cap(f.group.buf); n > 1<<20 {
		t.Errorf("the buffer grew to %d bytes", n)
	}
}

func TestArchiveStillBeingWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	lines, text := numbered("a", 5000)
	write(t, path, text)
	pace := testPace()
	pace.settled = 2 * time.Second // more than a busy machine makes the compressor below wait
	f := followAt(t, Config{Globs: []string{path}}, pace)
	f.await(lines...)
	f.stop()
	more, text := numbered("b", 5000)
	write(t, path, text)
	rename(t, path, path+".1")
	packed := pack(t, path+".1", ".gz")
	if err := os.Remove(path + ".1"); err != nil {
		t.Fatal(err)
	}
	f.start()
	for len(packed) > 0 { // a slow compressor
		n := min(len(packed), 8000)
		write(t, path+".1.gz", string(packed[:n]))
		packed = packed[n:]
		time.Sleep(50 * time.Millisecond)
	}
	f.await(append(lines, more...)...)
	if n := f.metric("gatewatch_tail_broken_archives_total"); n != 0 {
		t.Errorf("%v broken archives, want 0", n)
	}
}

// A restart in the middle of a compressed file goes on there.
func TestRestartInsideArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "first\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("first")
	f.stop()
	lines, text := numbered("a", 60_000)
	write(t, path, text)
	rename(t, path, path+".1")
	compress(t, path+".1", ".gz")
	f.start()
	for want := 1; want < 30_000; want += 10_000 {
		await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.lines) >= want })
		f.stop()
		f.start()
	}
	f.await(append(lines, "first")...)
}

// gzip -k keeps the original beside the copy: one of them is read.
func TestCopyBesideOriginal(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".gz", ".zst"} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "gw.log")
			lines, text := numbered("a", 3000)
			write(t, path, text)
			f := follow(t, Config{Globs: []string{path}})
			f.await(lines...)
			more, text := numbered("b", 10)
			write(t, path, text)
			rename(t, path, path+".1")
			if err := os.WriteFile(path+".1"+ext, pack(t, path+".1", ext), 0o600); err != nil {
				t.Fatal(err)
			}
			all := append(lines, more...)
			f.await(all...)
			await(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.ends > 0 }) // the original
			f.settles(all)
			f.stop()
			f.start()
			f.settles(all)
		})
	}
}

// testdata/rotated.log.bz2 holds 500 lines that were read before and 300 that were not.
func TestBzip2(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	first, text := numbered("first", 500)
	write(t, path, text)
	f := follow(t, Config{Globs: []string{path}})
	f.await(first...)
	id := f.ids()[0]
	f.stop()
	packed, err := os.ReadFile("testdata/rotated.log.bz2")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path+".1.bz2", string(packed))
	write(t, path, "now\n")
	f.start()
	rest, _ := numbered("rest", 300)
	f.await(append(append(first, rest...), "now")...)
	if got := f.idOf(rest[0]); got != id {
		t.Errorf("the rest has identity %s, want that of the file before, %s", got, id)
	}
}

func TestArchivesOfOtherKindsAreTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path+".7.xz", "from before our time")
	write(t, path, "1\n")
	f := follow(t, Config{Globs: []string{path}})
	f.await("1")
	write(t, path+".1.xz", "compressed")
	told := func(want float64) bool { return f.metric("gatewatch_tail_unread_archives_total") == want }
	await(t, func() bool { return told(1) })
	rename(t, path+".1.xz", path+".2.xz")
	write(t, path+".1.zip", "compressed")
	await(t, func() bool { return told(2) })
	f.settles([]string{"1"})
	if !told(2) {
		t.Error("a renamed archive was told of again")
	}
}

// An archive that never stops changing does not keep what was lost from being counted.
func TestEndlessArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gw.log")
	write(t, path, "1\n"+strings.Repeat("x", 100))
	pace := testPace()
	pace.forget = time.Second // six times that when something is waited for
	f := followAt(t, Config{Globs: []string{path}}, pace)
	f.await("1")
	f.stop()
	rename(t, path, filepath.Join(t.TempDir(), "elsewhere"))
	f.start()
	began := time.Now()
	await(t, func() bool {
		write(t, path+".1.gz", "x")
		return f.metric("gatewatch_tail_lost_bytes_total") == 100
	})
	if took := time.Since(began); took > 5*pace.forget {
		t.Errorf("100 lost bytes were counted after %v, want about %v", took, 2*pace.forget)
	}
}
