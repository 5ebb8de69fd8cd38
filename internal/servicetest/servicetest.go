// Package servicetest starts real servers for tests: Elasticsearch, OpenSearch, Prometheus, Alertmanager, PostgreSQL,
// MariaDB, MySQL, MongoDB, PgBouncer, Redis, nginx, Chromium, systemd. They listen on free ports of 127.0.0.1, keep their data in temporary directories, and end with the test, also when it panics or is
// killed (on Linux).
//
// A plain "go test ./..." is the fast, offline loop and starts none of them: these tests run when GATEWATCH_SERVERS=1
// (set by ./test.sh) or CI=true, and not under -short unless CI=true. A server that is not installed skips the test
// with its name and how to get it, and fails the test when CI=true.
package servicetest

import (
	"os"
	"os/exec"
	"testing"
)

// skipReason says why real servers are not wanted in this run, or "".
func skipReason() string {
	switch {
	case os.Getenv("CI") == "true":
		return ""
	case testing.Short():
		return "tests with real servers are left out by -short"
	case os.Getenv("GATEWATCH_SERVERS") != "1":
		return "tests with real servers run in ./test.sh, or with GATEWATCH_SERVERS=1 in the environment"
	}
	return ""
}

// wanted skips t unless tests with real servers were asked for.
func wanted(t testing.TB) {
	t.Helper()
	if reason := skipReason(); reason != "" {
		t.Skip(reason)
	}
}

// missing ends t because something is not installed: a failure when CI=true, else a skip. hint says how to get it.
func missing(t testing.TB, what, hint string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI=true: %s", what, hint)
	}
	t.Skipf("%s is missing: %s", what, hint)
}

// program returns the path of the first of names that is installed. Debian keeps servers out of ordinary users' PATH.
func program(t testing.TB, hint string, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, candidate := range []string{name, "/usr/sbin/" + name} {
			if path, err := exec.LookPath(candidate); err == nil {
				return path
			}
		}
	}
	missing(t, names[0], hint)
	return ""
}
