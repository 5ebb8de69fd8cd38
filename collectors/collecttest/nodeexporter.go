package collecttest

import (
	"net/http"
	"os/exec"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// StartNodeExporter starts Debian's node_exporter with args, and returns the address of its metrics once it answers.
func StartNodeExporter(t *testing.T, args ...string) string {
	t.Helper()
	return StartExporter(t, "prometheus-node-exporter", nil, func(addr string) []string { return append(args, "--web.listen-address="+addr) })
}

// StartExporter starts an exporter of Debian's package and program name, with env beside the test's own environment and
// the arguments that args gives for the address at which it has to listen. It returns the address of its metrics once it
// answers. The exporter ends with t.
func StartExporter(t *testing.T, name string, env []string, args func(addr string) []string) string {
	t.Helper()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install "+name, name)
	addr := FreeAddress(t)
	cmd := exec.Command(path, args(addr)...)
	cmd.Env = append(cmd.Environ(), env...)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("%s: %v", name, cmd.ProcessState)
		default:
		}
		if resp, err := http.Get("http://" + addr); err == nil {
			resp.Body.Close()
			return "http://" + addr + "/metrics"
		}
	}
	t.Fatalf("%s does not answer", name)
	return ""
}
