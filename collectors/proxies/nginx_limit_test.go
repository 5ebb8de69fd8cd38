package proxies

import (
	"path/filepath"
	"testing"

	"gatewatch/collectors/collecttest"
)

func TestConnectionsLimit(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, want float64, texts ...string) {
		t.Helper()
		dir := t.TempDir()
		for i, text := range texts {
			collecttest.Write(t, dir, string(rune('a'+i))+".conf", text)
		}
		got, ok := connectionsLimit([]string{filepath.Join(dir, "*.conf")}, "../host/testdata/host/proc")
		if got != want && ok || ok != (want > 0) {
			t.Errorf("connectionsLimit(%q) = %v, %v, want %v", texts, got, ok, want)
		}
	}
	f(t, 8192, "worker_processes 4;\nevents { worker_connections 2048; }")
	f(t, 512, "events {}")
	f(t, 2*768, "user www-data; worker_processes auto; # worker_processes 9;\nevents {\n\tworker_connections 768;\n\t# worker_connections 9;\n}")
	f(t, 3*1024, "worker_processes 3;\nevents { multi_accept on;worker_connections 1024; }", "server { listen 80; }")
	f(t, 0, "server { listen 80; location /events { return 200; } }")
	f(t, 0)
}
