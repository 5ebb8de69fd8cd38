package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatewatch/alerting/rules"
)

// TestRuntimeAsksForWhatApplicationsTell holds the names that the pack asks for to those that a Spring Boot 3.5 with Tomcat, HikariCP
// and JvmThreadDeadlockMetrics, and a Node.js with the default metrics of prom-client 15, were seen to tell.
func TestRuntimeAsksForWhatApplicationsTell(t *testing.T) {
	t.Parallel()
	told := []string{
		"jvm_memory_usage_after_gc_percent", // Micrometer before 1.13
		"jvm_threads_deadlocked",            // client_java
		"nodejs_heap_size_limit_bytes",      // as docs/collectors.md says
	}
	for _, file := range []string{"testdata/spring-boot-3.5.txt", "testdata/prom-client-15.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, strings.Fields(string(text))...)
	}
	pack, err := rules.Pack("runtime")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\b(?:jvm|hikaricp|tomcat|nodejs|process|http_server_requests_seconds)_\w+`).FindAllString(string(pack), -1)
	if len(asked) < 30 {
		t.Errorf("found %d names in the pack, want more", len(asked))
	}
	for _, name := range asked {
		if !slices.Contains(told, name) {
			t.Errorf("the pack asks for %s, which no application tells", name)
		}
	}
}
