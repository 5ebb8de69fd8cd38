package posture

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// hostRoot returns a folder that looks like the root of a host.
func hostRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		collecttest.Write(t, root, name, content)
	}
	return root
}

func TestPostureHost(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, files map[string]string, want string) {
		t.Helper()
		root := hostRoot(t, files)
		c := newPostureHost(collect.Paths{Root: root, Proc: filepath.Join(root, "proc")})
		text := collecttest.Collect(t, c)
		got := collecttest.SamplesOf(text, "posture_") + "\n" + collecttest.SamplesOf(text, "node_reboot")
		if got != want {
			t.Errorf("with %v got\n%s\nwant\n%s", files, got, want)
		}
	}
	const passwd = "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n"
	f(t, map[string]string{"etc/passwd": passwd}, `posture_reboot_required_packages 0
posture_uid0_account{user="root"} 1
node_reboot_required 0`)
	f(t, map[string]string{"etc/passwd": passwd + "toor:x:00:0::/:/bin/sh\n# x:x:0:0\nroot:x:0:0\n+::::\n",
		"run/reboot-required": "*** System restart required ***\n", "run/reboot-required.pkgs": "linux-image-amd64\nlibc6\nlibc6\n"},
		`posture_reboot_required_packages 2
posture_uid0_account{user="root"} 1
posture_uid0_account{user="toor"} 1
node_reboot_required 1`)
	f(t, map[string]string{"etc/passwd": passwd, "proc/sys/kernel/osrelease": "6.1.0-9-amd64\n", "boot/vmlinuz-6.1.0-9-amd64": "", "boot/vmlinuz-6.1.0-10-amd64": ""},
		`posture_kernel_outdated 1
posture_reboot_required_packages 0
posture_uid0_account{user="root"} 1
node_reboot_required 1`)
}

func TestNewerKernel(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, running string, installed []string, want bool) {
		t.Helper()
		if got := newerKernel(running, installed); got != want {
			t.Errorf("newerKernel(%s, %q) = %v, want %v", running, installed, got, want)
		}
	}
	f(t, "6.1.0-28-amd64", []string{"6.1.0-28-amd64", "6.1.0-9-amd64"}, false)
	f(t, "6.1.0-28-amd64", []string{"6.1.0-28-amd64", "6.1.0-29-cloud-amd64"}, false)
	f(t, "6.1.0-28-amd64", []string{"6.1.0-28-amd64", "6.12.0-1-amd64"}, true)
	f(t, "6.1.0-28-amd64", []string{"6.1.0-29-amd64"}, false)
	f(t, "5.15.0-99-generic", []string{"5.15.0-99-generic", "5.15.0-100-generic"}, true)
	f(t, "5.14.0-427.13.1.el9_4.x86_64", []string{"5.14.0-427.13.1.el9_4.x86_64", "5.14.0-503.11.1.el9_5.x86_64", "0-rescue-8c2e"}, true)
	f(t, "5.14.0-503.11.1.el9_5.x86_64", []string{"5.14.0-427.13.1.el9_4.x86_64", "5.14.0-503.11.1.el9_5.x86_64", "0-rescue-8c2e"}, false)
	f(t, "6.1.0", nil, false)
}

var versionPairs = [][2]string{
	{"1.0", "1.0"}, {"1.0", "1.1"}, {"1.9", "1.10"}, {"1.0~rc1", "1.0"}, {"1.0-1", "1.0-2"}, {"1.0-1~deb12u1", "1.0-1"}, {"3.0.11-1~deb12u2", "3.0.15-1~deb12u1"},
	{"1.0a", "1.0"}, {"1.0+b1", "1.0"}, {"2:1.0", "1:9"}, {"1.01", "1.1"}, {"9.2p1-2+deb12u3", "9.2p1-2+deb12u10"}, {"1.0.0", "1.0"}, {"6.1.0-9-amd64", "6.1.0-10-amd64"},
	{"1.0~~", "1.0~"}, {"1.2.3-4.el9", "1.2.3-10.el9"}, {"20230311", "20240203~deb12u1"},
}

// TestCompareVersions compares with dpkg itself.
func TestCompareVersions(t *testing.T) {
	t.Parallel()
	dpkg := servicetest.Program(t, "apt-get install dpkg", "dpkg")
	for _, pair := range versionPairs {
		for _, p := range [][2]string{pair, {pair[1], pair[0]}} {
			want := 0
			for op, n := range map[string]int{"lt": -1, "gt": 1} {
				if exec.CommandContext(t.Context(), dpkg, "--compare-versions", p[0], op, p[1]).Run() == nil {
					want = n
				}
			}
			if got := compareVersions(p[0], p[1]); got != want {
				t.Errorf("compareVersions(%s, %s) = %d, dpkg says %d", p[0], p[1], got, want)
			}
		}
	}
	// A minimum is written as the authors count.
	if compareVersions("1:9.2p1-2+deb12u3", "9.2p1") < 0 || compareVersions("1:9.1p1-1", "9.2p1") >= 0 {
		t.Error("an epoch counts against a version without one")
	}
}
