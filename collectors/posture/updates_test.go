package posture

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/kept"
	"gatewatch/internal/servicetest"
)

// aptSays is recorded from apt 2.6 on Debian 12, and shortened.
const aptSays = `Reading package lists...
The following packages will be upgraded:
  bash libgcrypt20 liblzma5
3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.
Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])
Inst libgcrypt20-dev [1.10.1-3] (1.10.1-3+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst liblzma5 [5.4.1-1] (5.4.1-1+deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/oldstable-security [amd64])
Conf bash (5.2.15-2+b13 Debian:12.15/oldstable [amd64])
`

func TestParseAptUpgrades(t *testing.T) {
	t.Parallel()
	want := []pendingPackage{
		{"bash", "amd64", "Debian:12.15/oldstable", false},
		{"libgcrypt20-dev", "amd64", "Debian:12.15/oldstable,Debian-Security:12/oldstable-security", true},
		{"liblzma5", "amd64", "Debian-Security:12/oldstable-security", true},
	}
	if got := parseAptUpgrades([]byte(aptSays)); !reflect.DeepEqual(got, want) {
		t.Errorf("parseAptUpgrades() = %+v, want %+v", got, want)
	}
	if got := parseAptUpgrades(nil); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestParseDnfUpdates reads what dnf 4 and dnf 5 print, as their documentation shows it; TestDnf asks a real dnf 4.
func TestParseDnfUpdates(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, want ...pendingPackage) {
		t.Helper()
		if got := parseDnfUpdates([]byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("parseDnfUpdates(%q) = %+v, want %+v", text, got, want)
		}
	}
	openssl, kernel := pendingPackage{"openssl-libs", "x86_64", "", true}, pendingPackage{"kernel-core", "x86_64", "", true}
	f(t, `RHSA-2024:2447 Low/Sec.       openssl-libs-1:3.0.7-27.el9.x86_64
RHSA-2024:3619 Important/Sec. openssl-libs-1:3.0.7-28.el9.x86_64
RHSA-2024:3619 Important/Sec. kernel-core-5.14.0-427.20.1.el9_4.x86_64
`, openssl, kernel)
	f(t, `Name                   Type     Severity                                          Package              Issued
FEDORA-2024-eaa5f9c13b security Important openssl-libs-1:3.2.2-3.fc41.x86_64 2024-11-12 02:31:03
`, openssl)
	f(t, "\n")
}

func TestParseDebsecan(t *testing.T) {
	t.Parallel()
	got := parseDebsecan(`*** New vulnerabilities
CVE-2024-1 openssl (remotely exploitable, high urgency)
CVE-2024-1 libssl3 (fixed, remotely exploitable, high urgency)
CVE-2011-3374 apt (low urgency)
CVE-2024-2 bash
`)
	if want := map[string]int{"high no": 1, "high yes": 1, "medium no": 0, "medium yes": 0, "low no": 1, "low yes": 0, "unknown no": 1, "unknown yes": 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("parseDebsecan() = %v, want %v", got, want)
	}
}

func TestVersionIn(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text, want string) {
		t.Helper()
		if got := versionIn(text); got != want {
			t.Errorf("versionIn(%q) = %q, want %q", text, got, want)
		}
	}
	f(t, "nginx version: nginx/1.22.1\n", "1.22.1")
	f(t, "v18.20.4\n", "18.20.4")
	f(t, "openjdk version \"17.0.13\" 2024-10-15\nOpenJDK Runtime Environment (build 17.0.13+11-Debian-2deb12u1)\n", "17.0.13")
	f(t, "OpenSSL 3.0.15 3 Sep 2024\n", "3.0.15")
	f(t, "openjdk 21 2023-09-19\n", "21")
	f(t, "no version", "")
}

func updatesAt(cfg UpdatesConfig, dataDir, root string) *updates {
	cfg.Interval = defaultUpdatesInterval
	cfg.SetDefaults()
	return &updates{cfg: cfg, root: root, log: collecttest.Quiet(), kept: kept.At[updatesState](collect.Env{DataDir: dataDir}, "posture", "updates")}
}

// TestUpdatesApt asks this machine's own apt.
func TestUpdatesApt(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	apt := servicetest.Program(t, "a machine with apt", "apt-get")
	cfg := UpdatesConfig{Interval: defaultUpdatesInterval, Minimum: []MinimumConfig{
		{Software: "apt", Version: "0.1"}, {Software: "dpkg", Version: "99"}, {Software: "not-there", Version: "1"},
		{Software: "this-apt", Version: "0.5", Command: []string{apt, "--version"}}, {Software: "none", Version: "1", Command: []string{"/not/there"}},
	}}
	cfg.SetDefaults()
	c := newUpdates(cfg, collect.Env{Log: collecttest.Quiet(), DataDir: t.TempDir(), Host: collect.Paths{Root: "/"}}, 0)
	c.Timeout = 10 * time.Minute // one that is not reached: apt computes for seconds, on a busy machine for a minute
	text := collecttest.Collect(t, c)
	all, err := exec.CommandContext(t.Context(), apt, "-qq", "-s", "--ignore-hold", "-o", "Debug::NoLocking=true", "dist-upgrade").Output()
	if err != nil {
		t.Fatal(err)
	}
	security := 0
	for line := range strings.Lines(string(all)) {
		if strings.HasPrefix(line, "Inst ") && strings.Contains(line, "-security") && strings.Contains(line, " [") && strings.Count(line, "[") > 1 {
			security++
		}
	}
	collecttest.WantLines(t, text, `gatewatch_collector_success{collector="posture_updates"} 1`, `posture_security_updates_pending{manager="apt"} `+strconv.Itoa(security),
		`posture_version_found{software="not-there"} 0`, `posture_version_found{software="none"} 0`, `posture_version_found{software="this-apt"} 1`)
	for _, want := range []string{`posture_version_below_minimum{software="apt",version="`, `posture_version_below_minimum{software="dpkg",version="`, "apt_upgrades_pending{"} {
		if collecttest.SamplesOf(text, want) == "" {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if !strings.HasSuffix(collecttest.SamplesOf(text, `posture_version_below_minimum{software="dpkg"`), " 1") || !strings.HasSuffix(collecttest.SamplesOf(text, `posture_version_below_minimum{software="apt"`), " 0") {
		t.Errorf("versions are not compared:\n%s", collecttest.SamplesOf(text, "posture_version"))
	}
	t.Log(collecttest.SamplesOf(text, "posture_security"), collecttest.SamplesOf(text, "apt_"))
}

// TestUpdatesSince keeps over restarts since when an update waits.
func TestUpdatesSince(t *testing.T) {
	t.Parallel()
	data, day := t.TempDir(), 24*time.Hour
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	oldest := func(at time.Time, all ...pendingPackage) float64 {
		t.Helper()
		u := updatesAt(UpdatesConfig{}, data, "/")
		var err error
		if u.state, err = u.kept.Load(); err != nil {
			t.Fatal(err)
		}
		u.found = map[string][]pendingPackage{managerApt: all}
		if u.note(at) {
			if err := u.kept.Save(u.state); err != nil {
				t.Fatal(err)
			}
		}
		least := 0.0
		for _, since := range u.state.Since[managerApt] {
			if s := collect.UnixSeconds(since); least == 0 || s < least {
				least = s
			}
		}
		return least
	}
	ssl, curl := pendingPackage{"libssl3", "amd64", "", true}, pendingPackage{"curl", "amd64", "", true}
	f := func(t *testing.T, got float64, want time.Time) {
		t.Helper()
		if got != collect.UnixSeconds(want) {
			t.Errorf("waits since %v, want %v", time.Unix(int64(got), 0).UTC(), want)
		}
	}
	f(t, oldest(begin, ssl), begin)
	f(t, oldest(begin.Add(day), ssl, curl), begin)
	f(t, oldest(begin.Add(2*day), curl), begin.Add(day))
	f(t, oldest(begin.Add(3*day)), time.Time{})
	f(t, oldest(begin.Add(4*day), ssl), begin.Add(4*day))
}

// TestUpdatesDue shows how rarely package managers are asked.
func TestUpdatesDue(t *testing.T) {
	t.Parallel()
	root := hostRoot(t, map[string]string{"var/lib/dpkg/status": "", "var/lib/apt/lists/partial/x": ""})
	now := time.Now()
	u := updatesAt(UpdatesConfig{}, "", root)
	f := func(t *testing.T, after time.Duration, want bool) {
		t.Helper()
		if got := u.due(now.Add(after)); got != want {
			t.Errorf("after %s due = %v, want %v", after, got, want)
		}
	}
	f(t, 0, true)
	u.asked = now
	f(t, time.Minute, false)
	f(t, 5*time.Hour, false)
	f(t, 6*time.Hour, true)
	if err := os.Chtimes(filepath.Join(root, "var/lib/dpkg/status"), time.Time{}, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	f(t, 2*time.Minute, false)
	f(t, updatesRest, true)
}

func TestParseDpkg(t *testing.T) {
	t.Parallel()
	got, err := parseDpkg(strings.NewReader("Package: a\nStatus: install ok installed\nDepends: b\n c\nVersion: 1:2-3\n\nPackage: b\nStatus: hold ok installed\nVersion: 4\n\nPackage: c\nStatus: deinstall ok config-files\nVersion: 5\n"))
	want := map[string]installedPackage{"a": {"1:2-3", false}, "b": {"4", true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("parseDpkg() = %v, %v, want %v", got, err, want)
	}
}
