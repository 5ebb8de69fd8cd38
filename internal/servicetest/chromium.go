package servicetest

import (
	"os"
	"testing"
	"time"
)

// Browser is an installed Chromium and how to start it.
type Browser struct {
	// Path is the executable.
	Path string
	// Flags are its command-line flags without dashes, each true or a string: they keep it headless, off the network
	// and in a profile of its own. chromedp takes them with chromedp.Flag(name, value).
	Flags map[string]any
}

// Chromium returns a Chromium that a test can start. Its profile is removed when t ends.
func Chromium(t testing.TB) Browser {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	profile, err := os.MkdirTemp("", "gatewatch-chromium-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeProfile(profile) })
	return Browser{Path: path, Flags: map[string]any{
		"headless": true, "no-sandbox": true, "disable-gpu": true, "disable-quic": true, "no-first-run": true,
		"disable-background-networking": true, "disable-component-update": true, "disable-sync": true,
		"user-data-dir": profile,
	}}
}

// removeProfile removes dir; the browser's last processes may still write there for a moment after it was closed.
func removeProfile(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		<-time.After(pollInterval)
	}
}
