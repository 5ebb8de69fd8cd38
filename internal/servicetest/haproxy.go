package servicetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// HAProxy returns a running HAProxy. conf is its whole configuration, with @LISTEN@ for the address that answers
// HTTP and @DIR@ for the server's directory, where its socket belongs. It ends with t.
func HAProxy(t testing.TB, conf string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install haproxy", "haproxy")
	dir := t.TempDir()
	s, err := newServer("haproxy", dir, "/")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "haproxy.cfg")
	text := strings.NewReplacer("@DIR@", dir, "@LISTEN@", s.Addr).Replace(conf)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.path = path
	s.args = []string{"-db", "-f", file}
	return s.own(t)
}
