package collecttest

import (
	"net"
	"os/exec"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// StartNodeExporter starts Debian's node_exporter with args, and returns the address of its metrics once it answers.
func StartNodeExporter(t *testing.T, args ...string) string {
	t.Helper()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install prometheus-node-exporter", "prometheus-node-exporter")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(path, append(args, "--web.listen-address="+addr)...)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return "http://" + addr + "/metrics"
		}
	}
	t.Fatal("node_exporter does not answer")
	return ""
}
