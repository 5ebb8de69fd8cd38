package servicetest

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Redis returns a running Redis that keeps nothing on disk and asks for password, unless that is "". Its Addr is where
// it listens. options are those of the server, as in "--maxclients", "5". It ends with t.
func Redis(t testing.TB, password string, options ...string) *Server {
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
	s.args = append(s.args, options...)
	return s.own(t)
}

// RedisSentinel returns a running Sentinel. conf are lines of its configuration. It ends with t.
func RedisSentinel(t testing.TB, conf string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install redis-server", "redis-server", "valkey-server")
	s, err := newServer("sentinel", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Addr)
	file := filepath.Join(s.Dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte("bind 127.0.0.1\nport "+port+"\ndir "+s.Dir+"\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.path, s.args = path, []string{file, "--sentinel"}
	return s.own(t)
}
