package servicetest

import "testing"

// Wanted skips t unless tests with real servers were asked for. It is for tests that take as long as those, or need
// the same rights, and start their servers themselves.
func Wanted(t testing.TB) {
	t.Helper()
	wanted(t)
}

// Missing ends t because something is not installed: a failure when CI=true, else a skip. hint says how to get it.
func Missing(t testing.TB, what, hint string) {
	t.Helper()
	missing(t, what, hint)
}

// Program returns the path of the first of names that is installed, and ends t as Missing does when none is.
func Program(t testing.TB, hint string, names ...string) string {
	t.Helper()
	return program(t, hint, names...)
}
