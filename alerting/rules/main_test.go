package rules_test

import (
	"runtime/debug"
	"testing"
)

// TestMain collects garbage rarely: evaluating rules makes much of it, and memory is short of nothing here.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}
