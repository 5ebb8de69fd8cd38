package servicetest

import (
	"context"
	_ "embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemdBoot makes the name spaces that systemd needs to believe that it is the first process of a machine.
//
//go:embed systemd/boot.sh
var systemdBoot string

// systemdNeeds tries what boot.sh does that a container may forbid.
const systemdNeeds = "set -e; mount -t tmpfs tmpfs /run; mkdir /run/groups; mount -t cgroup2 cgroup2 /run/groups; " +
	"mkdir /run/groups/gatewatch-try-$$; rmdir /run/groups/gatewatch-try-$$"

// Systemd returns a running systemd with a D-Bus, which knows the given units (contents by file name) and starts those
// of start. It has a PID space, mounts and control groups of its own, and may write to its Dir alone: nothing of the
// machine is touched. Contents hold @DIR@ for the server's Dir. Its URL is the address of the D-Bus. Where the kernel
// forbids that, t is skipped. It ends with t.
func Systemd(t testing.TB, units map[string]string, start ...string) *Server {
	t.Helper()
	wanted(t)
	systemd := program(t, "apt-get install systemd dbus", "/usr/lib/systemd/systemd", "/lib/systemd/systemd")
	for _, name := range []string{"dbus-daemon", "busctl", "unshare", "setpriv"} {
		program(t, "apt-get install systemd dbus util-linux", name)
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "--cgroup", "--pid", "--mount", "--net", "--fork", "sh", "-c", systemdNeeds).CombinedOutput(); err != nil {
		// No package brings this: tests with a fake D-Bus stand for a systemd where the kernel lets none be booted.
		t.Skipf("no systemd can be booted here, which needs root, name spaces and control groups: %v: %s", err, strings.TrimSpace(string(out)))
	}
	// Not below t.TempDir, where only who runs the tests may look.
	dir, err := os.MkdirTemp("", "gatewatch-systemd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeUnits(t, dir, units, start)
	bus := filepath.Join(dir, "bus")
	s := &Server{URL: "unix:path=" + bus, Dir: dir, name: "systemd", path: "unshare", args: []string{"--mount", "bash", filepath.Join(dir, "boot.sh"), "outside", dir, systemd}}
	s.isReady = func(ctx context.Context) bool {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", bus)
		if err != nil {
			return false
		}
		conn.Close()
		return exec.CommandContext(ctx, "busctl", "--address="+s.URL, "status", "org.freedesktop.systemd1").Run() == nil
	}
	return s.own(t)
}

// writeUnits writes what systemd reads: D-Bus, the first target, and units.
func writeUnits(t testing.TB, dir string, units map[string]string, start []string) {
	t.Helper()
	files := map[string]string{
		"boot.sh":              systemdBoot,
		"units/default.target": "[Unit]\nDefaultDependencies=no\nWants=dbus.socket " + strings.Join(start, " ") + "\n",
		// The second address is for the test: it lies outside what is systemd's own.
		"units/dbus.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\nListenStream=@DIR@/bus\n",
		"units/dbus.service": "[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\n[Service]\nType=notify\n" +
			"ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --syslog-only\n",
	}
	for name, text := range units {
		if filepath.Ext(name) != ".rules" {
			text = "[Unit]\nDefaultDependencies=no\n" + text
		}
		files["units/"+name] = text
	}
	if err := os.Mkdir(filepath.Join(dir, "units"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "@DIR@", dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
