//go:build !linux

package servicetest

import "testing"

// SmallDisk mounts a disk of some MB and returns its folder. It can do so on Linux only.
func SmallDisk(t testing.TB, _ int) string {
	t.Helper()
	missing(t, "a small disk", "one is mounted on Linux only")
	return ""
}
