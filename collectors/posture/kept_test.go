package posture

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/kept"
)

// TestKeptUnreadable has what is kept become unreadable for a while: nothing replaces it, and a change meanwhile is told.
func TestKeptUnreadable(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	path := collecttest.Write(t, dir, "sudoers", "a")
	cfg := Config{Files: []WatchedFilesConfig{{"sudoers", []string{path}}}}
	env := collect.Env{Log: collecttest.Quiet(), DataDir: data, Host: collect.Paths{Root: "/", Proc: "/proc"}}
	for _, c := range []collect.Collector{newWatchedFiles(cfg, env), newPorts(cfg, env)} {
		collecttest.Collect(t, c)
	}
	// Reading a folder is an error for root, too.
	block := func(name string) (unblock func()) {
		t.Helper()
		file := filepath.Join(data, "posture", name)
		if err := errors.Join(os.Rename(file, file+".aside"), os.Mkdir(file, 0o700)); err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			if err := errors.Join(os.Remove(file), os.Rename(file+".aside", file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	unblockFiles, unblockPorts := block("files.json"), block("ports.json")
	collecttest.Write(t, dir, "sudoers", "b")
	files, ports := newWatchedFiles(cfg, env), newPorts(cfg, env)
	for _, c := range []collect.Collector{files, ports} {
		if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
			t.Errorf("%s without what is kept: %q, want a failure", c.Name, got)
		}
	}
	unblockFiles()
	unblockPorts()
	if got := changesOf(collecttest.Collect(t, files), path); !strings.Contains(got, `change="content"`) {
		t.Errorf("a change while nothing could be read: %q, want its content", got)
	}
	if got := collecttest.SamplesOf(collecttest.Collect(t, ports), "gatewatch_collector_success"); !strings.HasSuffix(got, " 1") {
		t.Errorf("ports once what is kept can be read: %q", got)
	}
}

// TestKeptTooLarge writes nothing that cannot be read again.
func TestKeptTooLarge(t *testing.T) {
	t.Parallel()
	k := kept.At[string](collect.Env{DataDir: t.TempDir()}, "posture", "text")
	if err := k.Save("before"); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(strings.Repeat("x", kept.MaxSize)); err == nil {
		t.Error("more than is read again is saved")
	}
	if got, err := k.Load(); got != "before" || err != nil {
		t.Errorf("load() = %.20q, %v, want what was saved before", got, err)
	}
	if err := os.WriteFile(k.Path, []byte(strings.Repeat("x", kept.MaxSize+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Load(); !errors.Is(err, kept.ErrDamaged) {
		t.Errorf("load() of a file that is too large: %v, want %v", err, kept.ErrDamaged)
	}
	if _, err := os.Stat(k.Path + ".damaged"); err != nil {
		t.Error(err)
	}
}
