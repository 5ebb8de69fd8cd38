package servicetest

import (
	"os"
	"path/filepath"
	"testing"
)

const openSearchDir = "opensearch-2.19.3"

// OpenSearch returns a running OpenSearch node without security, with the given settings. It ends with t.
func OpenSearch(t testing.TB, settings ...string) *Server {
	t.Helper()
	wanted(t)
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, openSearchDir)
	if _, err := os.Stat(filepath.Join(home, "ready")); err != nil {
		missing(t, "OpenSearch ("+home+")", "run internal/servicetest/opensearch/setup.sh, which needs a JDK (17 or newer) and Maven 3")
	}
	program(t, "install a JDK, 17 or newer", "java")
	s, err := javaServer("opensearch", home, t.TempDir(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return s.own(t)
}
