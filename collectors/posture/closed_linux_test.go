package posture

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestWatchedFilesClosed watches folders as a user who may not look into all of them: in a process of its own, because root may.
func TestWatchedFilesClosed(t *testing.T) {
	t.Parallel()
	const variable = "GATEWATCH_TEST_CLOSED_FOLDERS"
	if dir := os.Getenv(variable); dir != "" {
		printCollected(t, watching("", nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{
			{"authorized_keys", []string{dir + "/home/*/.ssh/authorized_keys*", dir + "/home/*/.ssh/id*"}},
			{"sudoers", []string{dir + "/sudoers.d/*", dir + "/none/*"}}, {"config", []string{dir + "/open/*"}}}}))
		return
	}
	dir := t.TempDir()
	for _, folder := range []string{"home/ann/.ssh", "home/ben/.ssh", "home/cid/.ssh", "home/dan", "sudoers.d", "open"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	collecttest.Write(t, filepath.Join(dir, "home/cid/.ssh"), "authorized_keys", "key")
	for folder, mode := range map[string]os.FileMode{"..": 0o755, "home/ann": 0, "home/ben/.ssh": 0o311, "sudoers.d": 0} {
		folder = filepath.Join(dir, folder)
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(folder, 0o755) })
	}
	child := exec.Command("/proc/self/exe", "-test.run=^TestWatchedFilesClosed$")
	child.Env, child.Dir = append(os.Environ(), variable+"="+dir), "/"
	if os.Getuid() == 0 {
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	collecttest.WantLines(t, string(out), `posture_folders_unreadable{kind="authorized_keys"} 2`, `posture_folders_unreadable{kind="sudoers"} 1`,
		`posture_folders_unreadable{kind="config"} 0`, `posture_files{kind="authorized_keys"} 1`, `gatewatch_collector_success{collector="posture_files"} 1`)
}

// printCollected prints what a collector tells. Unlike collecttest it reads no documentation: this user may not.
func printCollected(t *testing.T, c collect.Collector) {
	t.Helper()
	reg := prometheus.NewRegistry()
	set, err := collect.NewSet([]collect.Collector{c}, collecttest.Quiet(), reg)
	if err != nil {
		t.Fatal(err)
	}
	set.Once(t.Context())
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(os.Stdout, family); err != nil {
			t.Fatal(err)
		}
	}
}
