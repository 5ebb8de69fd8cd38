package posture

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// recordedUpdates returns a file of testdata/updates.
func recordedUpdates(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/updates", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRecordedUpdates reads what dnf 4.14 and debsecan 0.4.20 of Debian 12 printed about packages and lists made for it.
func TestRecordedUpdates(t *testing.T) {
	t.Parallel()
	want := []pendingPackage{{"bash", "x86_64", "", true}, {"kernel-core", "x86_64", "", true}, {"openssl-libs", "x86_64", "", true}, {"python3-requests", "noarch", "", true}}
	if got := parseDnfUpdates(recordedUpdates(t, "dnf-4.14.txt")); !reflect.DeepEqual(got, want) {
		t.Errorf("dnf: %+v, want %+v", got, want)
	}
	holes := map[string]int{"high yes": 2, "high no": 0, "medium yes": 1, "medium no": 0, "low yes": 0, "low no": 2, "unknown yes": 0, "unknown no": 2}
	if got := parseDebsecan(string(recordedUpdates(t, "debsecan-0.4.20.txt"))); !reflect.DeepEqual(got, holes) {
		t.Errorf("debsecan: %v, want %v", got, holes)
	}
}

// scriptAt writes a program that runs another one with arguments before those that it is given.
func scriptAt(t *testing.T, program string, before ...string) string {
	t.Helper()
	return collecttest.Script(t, t.TempDir(), filepath.Base(program), "#!/bin/sh\nexec '"+program+"' '"+strings.Join(before, "' '")+"' \"$@\"\n")
}

// ran runs a program that has to succeed.
func ran(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
}

// TestDnf asks the real dnf about a host and a repository made for it: with an advisory, without any, and gone.
func TestDnf(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	const hint = "apt-get install dnf createrepo-c rpm"
	dnf, createrepo := servicetest.Program(t, hint, "dnf"), servicetest.Program(t, hint, "createrepo_c")
	modifyrepo, rpmbuild := servicetest.Program(t, hint, "modifyrepo_c"), servicetest.Program(t, hint, "rpmbuild")
	if os.Getuid() != 0 {
		servicetest.Missing(t, "root", "dnf installs packages in a folder as root only")
	}
	dir := t.TempDir()
	repo := filepath.Join(dir, "repo")
	for _, release := range []string{"1", "2"} {
		spec := collecttest.Write(t, dir, "pay.spec", "Name: pay-lib\nVersion: 1.0\nRelease: "+release+".el9\nEpoch: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\n%files\n")
		ran(t, rpmbuild, "-bb", "--quiet", "--define", "_topdir "+dir, "--define", "_rpmdir "+repo, spec)
	}
	ran(t, createrepo, "--quiet", repo)
	settings := collecttest.Write(t, dir, "dnf.conf", "[main]\nreposdir="+dir+"/none\n[pay]\nname=pay\nbaseurl=file://"+repo+"\nskip_if_unavailable=True\n")
	program := scriptAt(t, dnf, "--config="+settings, "--installroot="+filepath.Join(dir, "root"), "--releasever=9", "--refresh")
	ran(t, program, "--quiet", "--assumeyes", "--nogpgcheck", "install", "pay-lib-1.0-1.el9")
	manager := dnfAt(program)
	f := func(t *testing.T, wantKnown bool, want ...pendingPackage) {
		t.Helper()
		got, known, err := manager.ask(t.Context())
		if err != nil || known != wantKnown || !reflect.DeepEqual(got, want) {
			t.Errorf("ask() = %+v, %v, %v, want %+v, %v", got, known, err, want, wantKnown)
		}
	}
	f(t, false)
	advisory := collecttest.Write(t, dir, "updateinfo.xml", `<updates><update from="a" status="final" type="security" version="1"><id>RHSA-2026:1</id><title>x</title>
		<issued date="2026-11-01 00:00:00"/><severity>Important</severity><description>x</description><pkglist><collection short="x"><name>x</name>
		<package name="pay-lib" epoch="1" version="1.0" release="2.el9" arch="noarch" src="x"><filename>x.rpm</filename></package></collection></pkglist></update></updates>`)
	ran(t, modifyrepo, "--mdtype=updateinfo", advisory, filepath.Join(repo, "repodata"))
	f(t, true, pendingPackage{"pay-lib", "noarch", "", true})
	ran(t, program, "--quiet", "--assumeyes", "--nogpgcheck", "upgrade")
	f(t, true)
	if err := os.Rename(repo, repo+".gone"); err != nil {
		t.Fatal(err)
	}
	if got, known, err := manager.ask(t.Context()); err == nil {
		t.Errorf("without its repository ask() = %+v, %v, want an error", got, known)
	}
}

// TestDebsecan runs the real debsecan with lists made for it: it has to be told the suite to know which holes are closed.
func TestDebsecan(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	debsecan := servicetest.Program(t, "apt-get install debsecan", "debsecan")
	lists := t.TempDir()
	for suite, fixed := range map[string]string{"GENERIC": " ", "bookworm": "F"} {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		fmt.Fprintf(z, "VERSION 1\nCVE-2026-1,,x\nCVE-2026-2,,y\n\nopenssl,0,SHR%s,3.0.99-1,\nbash,1,S ? ,,\n\nopenssl,openssl\nbash,bash\n", fixed)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		collecttest.Write(t, lists, suite, packed.String())
	}
	status := collecttest.Write(t, lists, "status", "Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\n\nPackage: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1\n\nPackage: bash\nStatus: install ok installed\nVersion: 5.2\n")
	program := scriptAt(t, debsecan, "--config", filepath.Join(lists, "none"), "--status", status, "--source", "file://"+lists)
	f := func(t *testing.T, suite string, want map[string]int) {
		t.Helper()
		got, err := countHoles(t.Context(), program, suite)
		for key, n := range got {
			if n == 0 {
				delete(got, key)
			}
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("of suite %q: %v, %v, want %v", suite, got, err, want)
		}
	}
	f(t, "bookworm", map[string]int{"high yes": 2, "unknown no": 1})
	f(t, "", map[string]int{"high no": 2, "unknown no": 1})
	f(t, "ancient", map[string]int{"high no": 2, "unknown no": 1})
	collecttest.Write(t, lists, "GENERIC", "<html>")
	if got, err := countHoles(t.Context(), program, ""); err == nil {
		t.Errorf("a list that is none gives %v", got)
	}
}

func TestDebsecanSuite(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, release, settings, want string) {
		t.Helper()
		root := hostRoot(t, map[string]string{"etc/os-release": release, debsecanSettings: settings})
		if got := debsecanSuite(root); got != want {
			t.Errorf("with %q and %q the suite is %q, want %q", release, settings, got, want)
		}
	}
	const debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"
	f(t, debian, "REPORT=true\nSUITE=GENERIC\n", "bookworm")
	f(t, debian, "", "bookworm")
	f(t, debian, "SUITE=sid\n", "")
	f(t, "ID=ubuntu\nVERSION_CODENAME=noble\n", "", "")
}

// TestAptKnowsSecurity reads the heads of Release files as apt keeps them.
func TestAptKnowsSecurity(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, name, head string, want bool) {
		t.Helper()
		root := hostRoot(t, map[string]string{"var/lib/apt/lists/" + name: head, "var/lib/apt/lists/lock": ""})
		if got := aptKnowsSecurity(root); got != want {
			t.Errorf("with %s of %q aptKnowsSecurity() = %v, want %v", name, head, got, want)
		}
	}
	const signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"
	f(t, "deb.debian.org_debian_dists_bookworm_InRelease", signed+"Label: Debian\nSuite: oldstable\nCodename: bookworm\nDescription: no Security\n", false)
	f(t, "deb.debian.org_debian-security_dists_bookworm-security_InRelease", signed+"Label: Debian-Security\nSuite: oldstable-security\n", true)
	f(t, "mirror_dists_stable_Release", "Label: Debian-Security\n", true)
	f(t, "archive.ubuntu.com_ubuntu_dists_noble-security_InRelease", signed+"Label: Ubuntu\nSuite: noble-security\n", true)
	f(t, "esm.ubuntu.com_apps_ubuntu_dists_jammy-apps-security_InRelease", "Origin: UbuntuESMApps\n", true)
	f(t, "deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages", "Label: Debian-Security\n", false)
}

// TestUpdatesNotKnown keeps since when updates wait while the manager does not know which are for security.
func TestUpdatesNotKnown(t *testing.T) {
	t.Parallel()
	u := updatesAt(UpdatesConfig{}, t.TempDir(), "/")
	u.knows = map[string]bool{managerApt: false}
	u.found = map[string][]pendingPackage{managerApt: {{"bash", "amd64", "Mirror", false}}}
	u.state.Since = map[string]map[string]time.Time{managerApt: {"libssl3 amd64": time.Unix(1e9, 0)}}
	if u.note(time.Now()) {
		t.Errorf("what waited is forgotten: %v", u.state.Since)
	}
}
