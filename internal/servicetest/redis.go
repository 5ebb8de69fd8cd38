package servicetest

import (
	"net"
	"testing"
)

// Redis returns a running Redis that keeps nothing on disk and asks for password, unless that is "". Its Addr is where
// it listens. It ends with t.
func Redis(t testing.TB, password string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install redis-server", "redis-server", "valkey-server")
	s, err := newServer("redis", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Addr)
	s.path = path
	s.args = []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", s.Dir}
	if password != "" {
		s.args = append(s.args, "--requirepass", password)
	}
	return s.own(t)
}
