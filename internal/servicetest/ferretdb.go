package servicetest

import (
	"os"
	"path/filepath"
	"testing"
)

const ferretDBDir = "ferretdb-1.23.0"

// FerretDB returns a running FerretDB, which speaks MongoDB's protocol and keeps its data in SQLite. It knows the user Admin
// with Password in the database admin, by SCRAM, and gives that user every right. Its URL is mongodb://127.0.0.1:port.
// options are those of the server. It ends with t.
func FerretDB(t testing.TB, options ...string) *Server {
	t.Helper()
	wanted(t)
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, ferretDBDir)
	if _, err := os.Stat(filepath.Join(home, "ready")); err != nil {
		missing(t, "FerretDB ("+home+")", "run internal/servicetest/ferretdb/setup.sh")
	}
	s, err := newServer("ferretdb", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.Dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.path = filepath.Join(home, "ferretdb")
	s.args = append([]string{"--handler=sqlite", "--sqlite-url=file:" + data + "/", "--state-dir=" + s.Dir, "--listen-addr=" + s.Addr,
		"--debug-addr=-", "--telemetry=disable", "--log-level=warn", "--test-enable-new-auth", "--setup-database=admin",
		"--setup-username=" + Admin, "--setup-password=" + Password}, options...)
	s.URL = "mongodb://" + s.Addr
	return s.own(t)
}
