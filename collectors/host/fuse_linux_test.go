package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// fuseFolder tells the test, started again in its own mount namespace, where to mount.
const fuseFolder = "GATEWATCH_TEST_FUSE"

// TestFileSystemThatNeverAnswers mounts a FUSE file system whose daemon is stopped: every question to it waits for ever. It
// runs in a mount namespace of its own, so that no other process of the machine meets the mount.
func TestFileSystemThatNeverAnswers(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(fuseFolder); dir != "" {
		insideFUSE(t, dir)
		return
	}
	servicetest.Wanted(t)
	if os.Geteuid() != 0 {
		servicetest.Missing(t, "the right to mount a file system", "run the tests as root")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		servicetest.Missing(t, "/dev/fuse", "load the kernel's module fuse")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), fuseFolder+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("in its own mount namespace: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func insideFUSE(t *testing.T, dir string) {
	proc := t.TempDir()
	if err := os.MkdirAll(filepath.Join(proc, "1"), 0o755); err != nil {
		t.Fatal(err)
	}
	mounts := fmt.Sprintf("none / tmpfs rw 0 0\npay %s fuse rw 0 0\n", dir)
	if err := os.WriteFile(filepath.Join(proc, "1/mounts"), []byte(mounts), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", daemon)
	if err := unix.Mount("pay", dir, "fuse", 0, options); err != nil {
		servicetest.Missing(t, "a FUSE mount", err.Error())
	}
	h := fixture()
	h.Proc = proc
	c := collectFileSystems(h, unix.Statfs)
	c.Timeout = hostTimeout
	stuck := `node_filesystem_device_error{device="pay",fstype="fuse",mountpoint="` + dir + `"} 1`
	for range 3 {
		// That this ends at all is what is tested. On a busy machine a file system that is well may answer too late, too.
		text := collecttest.Collect(t, c)
		for end := time.Now().Add(time.Minute); collecttest.SamplesOf(text, `node_filesystem_size_bytes{device="none"`) == "" && time.Now().Before(end); {
			text = collecttest.Collect(t, c)
		}
		if !strings.Contains(text, stuck+"\n") || collecttest.SamplesOf(text, `node_filesystem_size_bytes{device="none"`) == "" {
			t.Errorf("with a dead mount: no %q or no size of the other file system in\n%s", stuck, text)
		}
	}
	// The daemon's end wakes the waiting question.
	if err := unix.Close(daemon); err != nil {
		t.Fatal(err)
	}
	unix.Unmount(dir, unix.MNT_DETACH)
}
