package servicetest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// PgBouncer returns a running PgBouncer in front of a PostgreSQL. It gives a server connection for one transaction, and has
// size of them. users are those it lets in, with their passwords; the same are used at the server. It ends with t.
func PgBouncer(t testing.TB, behind *Server, size int, users map[string]string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install pgbouncer", "pgbouncer")
	// Not below t.TempDir, where only who runs the tests may look.
	dir, err := os.MkdirTemp("", "gatewatch-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := newServer("pgbouncer", dir, "")
	if err != nil {
		t.Fatal(err)
	}
	s.as = unprivileged(t, dir, "postgres", "nobody")
	host, port, _ := net.SplitHostPort(s.Addr)
	serverHost, serverPort, _ := net.SplitHostPort(behind.Addr)
	list := ""
	for user, password := range users {
		list += fmt.Sprintf("%q %q\n", user, password)
	}
	config := fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
pool_mode = transaction
default_pool_size = %d
`, serverHost, serverPort, host, port, filepath.Join(dir, "users"), size)
	for name, text := range map[string]string{"users": list, "ini": strings.TrimLeft(config, "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.path, s.args = path, []string{filepath.Join(dir, "ini")}
	return s.own(t)
}
