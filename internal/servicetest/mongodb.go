package servicetest

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

const mongoDBDir = "mongodb-6.0.5"

// MongoDB returns a running mongod 6.0 which knows no user yet: whoever comes from this host may make the first one. It is
// meant to be a member of the replica set "rs0", which it is not before somebody sets that up; servers with the same key
// trust each other. Its URL is mongodb://127.0.0.1:port. options are those of mongod. It ends with t.
func MongoDB(t testing.TB, key string, options ...string) *Server {
	t.Helper()
	wanted(t)
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, mongoDBDir, "bin", "mongod")
	if _, err := os.Stat(path); err != nil {
		missing(t, "MongoDB ("+path+")", "run internal/servicetest/mongodb/setup.sh, which needs pip, unzip and libcurl 4")
	}
	s, err := newServer("mongodb", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	data, keyFile := filepath.Join(s.Dir, "data"), filepath.Join(s.Dir, "key")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(s.Addr)
	s.path = path
	s.args = append([]string{"--bind_ip", host, "--port", port, "--dbpath", data, "--replSet", "rs0", "--keyFile", keyFile, "--nounixsocket",
		"--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "50", "--setParameter", "diagnosticDataCollectionEnabled=false",
		"--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"}, options...)
	s.URL = "mongodb://" + s.Addr
	return s.own(t)
}
