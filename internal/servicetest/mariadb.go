package servicetest

import (
	"net"
	"os/user"
	"path/filepath"
	"testing"
)

// MariaDB returns a running MariaDB whose user root has no password and may come from this host. Its URL is a data
// source name of go-sql-driver/mysql: "root@tcp(127.0.0.1:port)/". options are those of the server, as in
// "--slow-query-log=1". It ends with t.
func MariaDB(t testing.TB, options ...string) *Server {
	t.Helper()
	wanted(t)
	const hint = "apt-get install mariadb-server"
	install := program(t, hint, "mariadb-install-db")
	path := program(t, hint, "mariadbd")
	s, err := newServer("mariadb", t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.Dir, "data")
	prepare(t, s, install, "--no-defaults", "--datadir="+data, "--user="+owner.Username, "--skip-test-db",
		"--auth-root-authentication-method=normal")
	host, port, _ := net.SplitHostPort(s.Addr)
	s.path = path
	// A folder of its own for temporary tables: a server that starts removes those that it finds, also another one's.
	s.args = append([]string{"--no-defaults", "--datadir=" + data, "--user=" + owner.Username, "--bind-address=" + host,
		"--tmpdir=" + s.Dir, "--port=" + port, "--socket=" + filepath.Join(s.Dir, "s"), "--pid-file=" + filepath.Join(s.Dir, "pid"),
		"--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M"}, options...)
	s.URL = "root@tcp(" + s.Addr + ")/"
	return s.own(t)
}
