package servicetest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// DatabasePassword is the password of the administrator of the databases that tests start.
const DatabasePassword = "admin-of-a-test"

// PostgreSQL returns a running PostgreSQL of the system. Its URL is a connection string of the superuser "postgres", with
// DatabasePassword; other users give their passwords, too. settings are as in postgresql.conf: "log_statement=all".
// It ends with t.
func PostgreSQL(t testing.TB, settings ...string) *Server {
	t.Helper()
	return PostgreSQLVersion(t, "", settings...)
}

// PostgreSQLReplica returns a running standby of primary, a copy of it that streams through a replication slot of that
// name, which it makes. Users, passwords and version are the primary's. Sessions with a primary that is not of the system
// end. It ends with t.
func PostgreSQLReplica(t testing.TB, primary *Server, slot string, settings ...string) *Server {
	t.Helper()
	s := newPostgreSQL(t, primary.version)
	if primary.version != "" {
		s.copyPostgreSQL(t, primary, slot)
		return s.runPostgreSQL(t, settings)
	}
	prepare(t, s, s.postgres(t, "pg_basebackup"), "-D", filepath.Join(s.Dir, "data"), "-d", primary.URL, "-R", "-X", "stream",
		"-C", "--slot", slot, "--checkpoint=fast", "--no-sync")
	return s.runPostgreSQL(t, settings)
}

const postgresHint = "apt-get install postgresql"

// newPostgreSQL prepares a server of a version, "" for the system's, without data.
func newPostgreSQL(t testing.TB, version string) *Server {
	t.Helper()
	wanted(t)
	// Not below t.TempDir, where only who runs the tests may look.
	dir, err := os.MkdirTemp("", "gatewatch-postgresql-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := newServer("postgresql", dir, "")
	if err != nil {
		t.Fatal(err)
	}
	s.as = unprivileged(t, s.Dir, "postgres", "nobody")
	s.version = version
	if version != "" {
		s.bin = unpackedPostgreSQL(t, s, version)
	}
	return s
}

// runPostgreSQL starts the server on the data in its folder.
func (s *Server) runPostgreSQL(t testing.TB, settings []string) *Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(s.Addr)
	s.path = s.postgres(t, "postgres")
	s.args = []string{"-D", filepath.Join(s.Dir, "data"), "-c", "listen_addresses=" + host, "-c", "port=" + port,
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=30"}
	for _, setting := range settings {
		s.args = append(s.args, "-c", setting)
	}
	// The port is open before the server takes connections.
	asks := postgresProgram(t, postgresHint, "pg_isready")
	s.isReady = func(ctx context.Context) bool {
		return exec.CommandContext(ctx, asks, "-q", "-h", host, "-p", port).Run() == nil
	}
	s.URL = "postgres://postgres:" + DatabasePassword + "@" + s.Addr + "/postgres?sslmode=disable"
	return s.own(t)
}

// postgres returns the path of a program of the server's version.
func (s *Server) postgres(t testing.TB, name string) string {
	t.Helper()
	if s.bin != "" {
		return filepath.Join(s.bin, name)
	}
	return postgresProgram(t, postgresHint, name)
}

// postgresProgram finds a program of PostgreSQL. Debian keeps those of each version in a folder of its own.
func postgresProgram(t testing.TB, hint, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1]
	}
	return program(t, hint, name)
}

// unprivileged returns the first of the users that exists, and gives them dir, when root runs the tests: some servers
// refuse to run as root. It returns nil for anybody else.
func unprivileged(t testing.TB, dir string, names ...string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
		return asUser(uint32(uid), uint32(gid))
	}
	missing(t, "a user of "+names[0], "run the tests as somebody other than root")
	return nil
}

// prepare runs a program that makes the data of s, as the user of s.
func prepare(t testing.TB, s *Server, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = s.Dir
	// A MariaDB that starts removes the temporary tables that it finds, also those of another one that makes its data.
	cmd.Env = append(os.Environ(), "TMPDIR="+s.Dir)
	cmd.SysProcAttr = s.as
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, out)
	}
}
