package collectors

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestRulesAskForWhatIsThere holds the names of databases that the shipped rules ask for to those that the collectors
// give: a rule that asks for another name never finds anything, and no test of the rule alone sees it.
func TestRulesAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../alerting/rules/databases.yml")
	if err != nil {
		t.Fatal(err)
	}
	// Names that other versions or other exporters give, which rules ask for beside the usual ones.
	elsewhere := []string{"mysql_slave_status_replica_", "mysql_slave_status_seconds_behind_source", "pg_dump", "redis_exporter", "mongodb_exporter"}
	known := func(name string) bool {
		return slices.ContainsFunc(Catalogue(), func(m collect.Row) bool { return m.Name == name })
	}
	settings, _ := collecttest.Catalogued(Catalogue(), "pg_settings_")
	seen := 0
	for _, name := range regexp.MustCompile(`\b(?:pg|mysql|redis|mongodb)_\w+`).FindAllString(string(data), -1) {
		if collecttest.HasPrefix(name, elsewhere) {
			continue
		}
		seen++
		variable := collecttest.HasPrefix(name, []string{"mysql_global_status_", "mysql_global_variables_", "mysql_slave_status_", "mongodb_ss_", "mongodb_rs_members_"})
		setting, isSetting := strings.CutPrefix(name, "pg_settings_")
		if !variable && !(isSetting && strings.Contains(settings.Help, setting)) && !known(name) {
			t.Errorf("rules ask for %s, which no collector gives", name)
		}
	}
	if seen < 30 {
		t.Errorf("found %d names in the rules, want more", seen)
	}
}

// TestRulesOfHostsAskForWhatIsThere does the like for all other names that only collectors give.
func TestRulesOfHostsAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the host's metrics are those of Linux")
	}
	names := regexp.MustCompile(`\b(?:node|nginx|haproxy|redis|x509|ssl|tls|probe|backup|smartctl|namedprocess|container|posture|apt|provider_status|provider_api|scrape|jvm|nodejs|hikaricp|tomcat|process|http_server_requests_seconds|http_request_duration_seconds)_\w+`)
	// Words that are no names of metrics.
	words := []string{"node_exporter", "redis_exporter", "probe_refused"}
	// Logins are counted from logs.
	elsewhere := []string{"posture_login"}
	files, err := filepath.Glob("../alerting/rules/*.yml")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d files of rules, %v", len(files), err)
	}
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names.FindAllString(string(data), -1) {
			if slices.Contains(words, name) || collecttest.HasPrefix(name, elsewhere) {
				continue
			}
			seen++
			if _, ok := collecttest.Catalogued(Catalogue(), name); !ok {
				t.Errorf("%s asks for %s, which no collector gives", file, name)
			}
		}
	}
	if seen < 100 {
		t.Errorf("found %d names in the rules, want more", seen)
	}
}
