package servicetest

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"testing"
)

const mysqlDir = "mysql-8.0.15"

// MySQL returns a running MySQL 8.0 whose user root has no password and may come from this host. Its URL is a data source
// name of go-sql-driver/mysql: "root@tcp(127.0.0.1:port)/". options are those of the server. It ends with t.
func MySQL(t testing.TB, options ...string) *Server {
	t.Helper()
	wanted(t)
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, mysqlDir)
	path := filepath.Join(home, "bin", "mysqld")
	if _, err := os.Stat(path); err != nil {
		missing(t, "MySQL ("+home+")", "run internal/servicetest/mysql/setup.sh, which needs Maven 3")
	}
	s, err := newServer("mysql", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.Dir, "data")
	first := filepath.Join(s.Dir, "first.sql")
	// localhost is the socket's; tests come over TCP.
	const statements = "CREATE USER root@'127.0.0.1';\nGRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"
	if err := os.WriteFile(first, []byte(statements), 0o600); err != nil {
		t.Fatal(err)
	}
	common := []string{"--no-defaults", "--basedir=" + home, "--datadir=" + data, "--user=" + owner.Username, "--innodb-log-file-size=4M"}
	prepare(t, s, path, append(common, "--initialize-insecure", "--init-file="+first)...)
	host, port, _ := net.SplitHostPort(s.Addr)
	s.path = path
	s.args = append(append(common, "--bind-address="+host, "--port="+port, "--tmpdir="+s.Dir, "--mysqlx=OFF", "--socket="+filepath.Join(s.Dir, "s"),
		"--pid-file="+filepath.Join(s.Dir, "pid"), "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
		"--innodb-buffer-pool-size=16M", "--performance-schema-digests-size=1000"), options...)
	s.URL = "root@tcp(" + s.Addr + ")/"
	return s.own(t)
}
