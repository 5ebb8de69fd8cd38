package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// systemdScript runs a systemd of a user on a D-Bus of its own. It refuses to run where no systemd started the host,
// which it takes from a folder: one that only it sees, as it sees no other processes.
const systemdScript = `set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system
dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" &
for i in 1 2 3 4 5 6 7 8 9 10; do [ -S "$XDG_RUNTIME_DIR/bus" ] && break; sleep 0.2; done
systemd --user &
wait
`

// units are what it runs: a service, one that fails, one that crashes again and again, a socket and a timer.
var units = map[string]string{
	"default.target":   "[Unit]\nWants=gateway.service broken.service crashing.service pay.socket backup.timer\n",
	"gateway.service":  "[Service]\nExecStart=/bin/sleep infinity\n",
	"broken.service":   "[Service]\nExecStart=/bin/false\n",
	"crashing.service": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2\nExecStart=/bin/false\n",
	"pay.socket":       "[Socket]\nListenStream=%t/pay.sock\n",
	"pay.service":      "[Service]\nExecStart=/bin/sleep infinity\n",
	"backup.service":   "[Service]\nType=oneshot\nExecStart=/bin/true\n",
	"backup.timer":     "[Timer]\nOnActiveSec=1\nOnUnitActiveSec=5\nAccuracySec=1\n",
}

// startSystemd returns the address of the D-Bus of a systemd, or "" where none can run.
func startSystemd(b *testing.B) string {
	b.Helper()
	for _, name := range []string{"unshare", "dbus-daemon", "systemd"} {
		if _, err := exec.LookPath(name); err != nil {
			b.Logf("without systemd: %v", err)
			return ""
		}
	}
	// The address of a socket has no room for the long names of a test's folders.
	dir, err := os.MkdirTemp("", "systemd-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	folder := filepath.Join(dir, "config", "systemd", "user")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		b.Fatal(err)
	}
	for name, text := range units {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	args := []string{"-m", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", systemdScript}
	if os.Geteuid() != 0 {
		args = append([]string{"-U", "-r"}, args...)
	}
	cmd := exec.Command("unshare", args...)
	bus := filepath.Join(dir, "bus")
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("unix", bus); err == nil {
			conn.Close()
			return "unix:path=" + bus
		}
	}
	b.Log("without systemd: its D-Bus does not answer")
	return ""
}
