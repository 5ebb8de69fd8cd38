package posture

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/kept"
)

func TestFairShare(t *testing.T) {
	t.Parallel()
	f := func(wanted []int, room int, want ...int) {
		t.Helper()
		if got := fairShare(wanted, room); !slices.Equal(got, want) {
			t.Errorf("fairShare(%v, %d) = %v, want %v", wanted, room, got, want)
		}
	}
	f(nil, 10)
	f([]int{3, 4}, 10, 3, 4)
	f([]int{100, 2, 3}, 10, 5, 2, 3)
	f([]int{100, 2, 100}, 10, 4, 2, 4)
	f([]int{0, 100, 0}, 10, 0, 10, 0)
	f([]int{7, 7}, 0, 0, 0)
}

// mustMkdir makes a folder below dir and returns its path.
func mustMkdir(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWatchedFilesFairly has a user fill his folder: keys of others, and what other patterns name, are watched all the same, and so is
// what was watched of his own before.
func TestWatchedFilesFairly(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	eve, ann := mustMkdir(t, dir, "home/eve/.ssh"), mustMkdir(t, dir, "home/zoe/.ssh")
	key := collecttest.Write(t, ann, "authorized_keys", "key")
	own := collecttest.Write(t, eve, "authorized_keys_z", "key")
	sudoers := collecttest.Write(t, mustMkdir(t, dir, "sudoers.d"), "ops", "rule")
	cfg := Config{Files: []WatchedFilesConfig{
		{"authorized_keys", []string{dir + "/home/*/.ssh/authorized_keys*"}}, {"sudoers", []string{dir + "/sudoers.d/*"}}}}
	c := watching(data, nil, collecttest.Quiet(), cfg)
	collecttest.Collect(t, c)
	for i := range maxWatched + 500 {
		collecttest.Write(t, eve, fmt.Sprintf("authorized_keys_%04d", i), "x")
	}
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `posture_files{kind="sudoers"} 1`, fmt.Sprintf(`posture_files{kind="authorized_keys"} %d`, maxWatched-1),
		fmt.Sprintf(`posture_files_not_watched{kind="authorized_keys",pattern=%q} 503`, cfg.Files[0].Paths[0]),
		fmt.Sprintf(`posture_files_not_watched{kind="sudoers",pattern=%q} 0`, cfg.Files[1].Paths[0]))
	for _, path := range []string{key, own, sudoers} {
		if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text = collecttest.Collect(t, c)
	for _, path := range []string{key, own, sudoers} {
		if got := changesOf(text, path); !strings.Contains(got, `change="content"`) {
			t.Errorf("%s beside many files: %q, want its content", path, got)
		}
	}
}

// TestWatchedFilesFlood has files come and go under new names in every look: what is remembered of them is bounded, and what is
// kept can be read again.
func TestWatchedFilesFlood(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	cfg := Config{Files: []WatchedFilesConfig{{"authorized_keys", []string{dir + "/*"}}}}
	c := watching(data, nil, collecttest.Quiet(), cfg)
	collecttest.Collect(t, c)
	const each = 600
	for round := range 2 {
		for i := range each {
			collecttest.Write(t, dir, fmt.Sprintf("%d-%d", round, i), "x")
			_ = os.Remove(filepath.Join(dir, fmt.Sprintf("%d-%d", round-1, i))) // there is none in the first round
		}
		collecttest.Collect(t, c)
	}
	text, err := os.ReadFile(filepath.Join(data, "posture/files.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Data watchState }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if n := len(file.Data.Files); n != each+maxUnwatched {
		t.Errorf("%d files are kept, want the %d that are there and %d others", n, each, maxUnwatched)
	}
	collecttest.WantLines(t, collecttest.Collect(t, c), `posture_files{kind="authorized_keys"} 600`, `gatewatch_collector_dropped_samples_total{collector="posture_files"} 0`)
}

// TestWatchedLinks masks a unit, and has links lead elsewhere.
func TestWatchedLinks(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "pay.service")
	link := func(target string) {
		t.Helper()
		_ = os.Remove(path) // it need not be there
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	var notes noteList
	c := watching(data, &notes, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{"unit", []string{dir + "/*.service"}}}})
	expect := func(when, want string) {
		t.Helper()
		text := collecttest.Collect(t, c)
		if got := changesOf(text, path); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
		collecttest.WantLines(t, text, `posture_files_unreadable{kind="unit"} 0`)
	}
	told := func(what string, n int) string {
		return fmt.Sprintf(`by="",change=%q,kind="unit",path=%q %d`, what, path, n)
	}
	expect("before", "")
	link("/dev/null")
	expect("masked", told("created", 1))
	if doc := notes.text(0); !strings.Contains(doc, `"file.target_path":"/dev/null"`) {
		t.Errorf("document %s lacks where the link leads", doc)
	}
	link("/dev/null")
	expect("masked again", told("created", 1))
	link(dir + "/none")
	expect("leads nowhere", told("content", 2))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("unmasked", told("removed", 3))
	collecttest.Write(t, dir, "pay.service", "[Service]")
	expect("a file", told("created", 4))
	link("/dev/null")
	expect("a file that became a link", told("content", 5))
}

// TestWatchedLinksKnownAnew reads what was kept by somebody who did not look at links: those that are there are no change.
func TestWatchedLinksKnownAnew(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	if err := os.Symlink("/dev/null", filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	pattern := dir + "/*"
	collecttest.Write(t, mustMkdir(t, data, "posture"), "files.json", fmt.Sprintf(`{"version":1,"data":{"since":{%q:"2026-01-01T00:00:00Z"},"files":{}}}`, "unit "+pattern))
	c := watching(data, nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{"unit", []string{pattern}}}})
	if got := changesOf(collecttest.Collect(t, c), filepath.Join(dir, "a")); got != "0" {
		t.Errorf("a link from before: %q, want no change", got)
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(collecttest.Collect(t, c), filepath.Join(dir, "b")); !strings.Contains(got, "created") {
		t.Errorf("a new link: %q, want it created", got)
	}
}

// TestWatchedLinksBelowRoot sees a host from a container: what an absolute link leads to is the host's.
func TestWatchedLinksBelowRoot(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	target := collecttest.Write(t, mustMkdir(t, root, "etc/authselect"), "system-auth", "one")
	if err := os.Symlink("/etc/authselect/system-auth", filepath.Join(mustMkdir(t, root, "etc/pam.d"), "system-auth")); err != nil {
		t.Fatal(err)
	}
	c := newWatchedFiles(Config{Files: []WatchedFilesConfig{{"pam", []string{"/etc/pam.d/*"}}}}, collect.Env{Log: collecttest.Quiet(), Host: collect.Paths{Root: root}})
	collecttest.Collect(t, c)
	if err := os.WriteFile(target, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(collecttest.Collect(t, c), "/etc/pam.d/system-auth"); !strings.Contains(got, `change="content"`) {
		t.Errorf("what the link leads to changed: %q, want its content", got)
	}
}

// TestWatchedFilesClock starts with changes of a time to come, as after a clock that was wrong: what is told of them ends.
func TestWatchedFilesClock(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	path := collecttest.Write(t, dir, "sudoers", "a")
	cfg := Config{Files: []WatchedFilesConfig{{"sudoers", []string{path}}}}
	c := watching(data, nil, collecttest.Quiet(), cfg)
	collecttest.Collect(t, c)
	collecttest.Write(t, dir, "sudoers", "b")
	collecttest.Collect(t, c)
	k := kept.At[watchState](collect.Env{DataDir: data}, "posture", "files")
	state, err := k.Load()
	if err != nil {
		t.Fatal(err)
	}
	ahead := time.Now().Add(1000 * time.Hour)
	state.Files[path].Last.At = ahead
	if err := k.Save(state); err != nil {
		t.Fatal(err)
	}
	text := collecttest.SamplesOf(collecttest.Collect(t, watching(data, nil, collecttest.Quiet(), cfg)), "posture_file_changed_timestamp_seconds")
	var at float64
	if _, value, _ := strings.Cut(text, "} "); value != "" {
		fmt.Sscan(value, &at)
	}
	if at == 0 || at > collect.UnixSeconds(ahead.Add(-time.Hour)) {
		t.Errorf("told is %q, want a change of now", text)
	}
}
