package collectors

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
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
	elsewhere := []string{"mysql_slave_status_replica_", "mysql_slave_status_seconds_behind_source", "pg_dump", "redis_exporter"}
	known := func(name string) bool {
		return slices.ContainsFunc(catalogueOnce(), func(m Metric) bool { return m.Name == name })
	}
	seen := 0
	for _, name := range regexp.MustCompile(`\b(?:pg|mysql|redis)_\w+`).FindAllString(string(data), -1) {
		if hasPrefix(name, elsewhere) {
			continue
		}
		seen++
		variable := hasPrefix(name, []string{"mysql_global_status_", "mysql_global_variables_", "mysql_slave_status_"})
		setting, isSetting := strings.CutPrefix(name, "pg_settings_")
		if !variable && !(isSetting && slices.Contains(postgresSettings, setting)) && !known(name) {
			t.Errorf("rules ask for %s, which no collector gives", name)
		}
	}
	if seen < 30 {
		t.Errorf("found %d names in the rules, want more", seen)
	}
}

func hasPrefix(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// TestSecurityRulesAskForWhatIsThere does the same for the rules about security.
func TestSecurityRulesAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../alerting/rules/security.yml")
	if err != nil {
		t.Fatal(err)
	}
	// Logins are counted from logs.
	elsewhere := []string{"posture_login"}
	seen := 0
	for _, name := range regexp.MustCompile(`\b(?:posture|apt|node)_\w+`).FindAllString(string(data), -1) {
		seen++
		known := slices.ContainsFunc(catalogueOnce(), func(m Metric) bool { return m.Name == name })
		if !known && !hasPrefix(name, elsewhere) {
			t.Errorf("rules ask for %s, which no collector gives", name)
		}
	}
	if seen < 12 {
		t.Errorf("found %d names in the rules, want more", seen)
	}
}
