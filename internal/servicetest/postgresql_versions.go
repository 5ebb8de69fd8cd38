package servicetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// PostgreSQLVersions returns the versions that PostgreSQLVersion starts: an old and a new one, with the extensions that come
// with PostgreSQL. internal/servicetest/postgresql/setup.sh unpacks them.
func PostgreSQLVersions() []string { return []string{"13.23.0", "18.6.0"} }

// PostgreSQLVersion is PostgreSQL of a version that PostgreSQLVersions returns; "": of the system's.
func PostgreSQLVersion(t testing.TB, version string, settings ...string) *Server {
	t.Helper()
	s := newPostgreSQL(t, version)
	password := filepath.Join(s.Dir, "password")
	if err := os.WriteFile(password, []byte(DatabasePassword), 0o644); err != nil {
		t.Fatal(err)
	}
	prepare(t, s, s.postgres(t, "initdb"), "-D", filepath.Join(s.Dir, "data"), "-U", "postgres", "-A", "scram-sha-256",
		"--pwfile", password, "-E", "UTF8", "--locale=C", "--no-sync", "--data-checksums")
	return s.runPostgreSQL(t, settings)
}

// unpackedPostgreSQL returns the folder of a version's programs.
func unpackedPostgreSQL(t testing.TB, s *Server, version string) string {
	t.Helper()
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, "postgresql-"+version)
	if _, err := os.Stat(filepath.Join(home, "bin", "postgres")); err != nil {
		missing(t, "PostgreSQL ("+home+")", "run internal/servicetest/postgresql/setup.sh, which needs Maven 3, unzip and xz")
	}
	if s.as == nil {
		return filepath.Join(home, "bin")
	}
	// Its user may not look into the cache of root. Links cost nothing; there are none from one disk to another.
	own := filepath.Join(s.Dir, "programs")
	if exec.CommandContext(t.Context(), "cp", "-al", home, own).Run() != nil {
		os.RemoveAll(own)
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", home, own).CombinedOutput(); err != nil {
			t.Fatalf("copy %s: %v\n%s", home, err, out)
		}
	}
	return filepath.Join(own, "bin")
}

// copyPostgreSQL makes the data of s, a standby of primary, which it stops for that. The system's pg_basebackup refuses
// servers of newer versions, and gives older ones settings that they do not know.
func (s *Server) copyPostgreSQL(t testing.TB, primary *Server, slot string) {
	t.Helper()
	if err := primary.Signal(os.Interrupt); err != nil { // its sessions are not waited for
		t.Fatal(err)
	}
	select {
	case <-primary.done:
	case <-time.After(startTimeout):
		t.Fatal("the primary does not stop")
	}
	data := filepath.Join(s.Dir, "data")
	prepare(t, s, "cp", "-a", filepath.Join(primary.Dir, "data"), data)
	primary.Restart(t)
	prepare(t, s, postgresProgram(t, postgresHint, "psql"), "-q", "-o", os.DevNull, "-d", primary.URL, "-c",
		"SELECT pg_create_physical_replication_slot('"+slot+"', true)")
	host, port, _ := net.SplitHostPort(primary.Addr)
	settings, err := os.OpenFile(filepath.Join(data, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(settings, "primary_conninfo = 'host=%s port=%s user=postgres password=%s dbname=postgres sslmode=disable'\nprimary_slot_name = '%s'\n",
		host, port, DatabasePassword, slot)
	if closed := settings.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(data, "standby.signal"), nil, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
