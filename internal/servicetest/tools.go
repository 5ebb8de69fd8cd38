package servicetest

import (
	"os/exec"
	"testing"
)

// Amtool returns a function that runs Alertmanager's amtool against the API at url and returns all that it prints. A
// command that fails ends t.
func Amtool(t testing.TB, url string) func(args ...string) string {
	t.Helper()
	wanted(t)
	return tool(t, program(t, "apt-get install prometheus-alertmanager", "amtool"), "--alertmanager.url="+url)
}

// Promtool returns a function like Amtool's that runs Prometheus' promtool.
func Promtool(t testing.TB) func(args ...string) string {
	t.Helper()
	wanted(t)
	return tool(t, program(t, "apt-get install prometheus", "promtool"))
}

func tool(t testing.TB, path string, before ...string) func(args ...string) string {
	return func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append(before[:len(before):len(before)], args...)...)
		// Neither may read the files of whoever runs the tests.
		cmd.Env = []string{"HOME=" + t.TempDir(), "TZ=UTC"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", path, args, err, out)
		}
		return string(out)
	}
}
