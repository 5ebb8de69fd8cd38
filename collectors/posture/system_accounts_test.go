package posture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// accountFiles are as a small host has them.
func accountFiles() map[string]string {
	return map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" +
			"deploy:x:990:990::/srv:/usr/sbin/nologin\nann:x:1000:1000:Ann:/home/ann:/bin/bash\n",
		"shadow":  "root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\nann:$y$j9T$salt$hash:20000:0:99999:7:::\n",
		"group":   "root:x:0:\nsudo:x:27:ann\ndaemon:x:1:\nstaff:x:50:\nann:x:1000:\n",
		"gshadow": "root:*::\nsudo:*::ann\ndaemon:*::\n",
	}
}

// accountsOf writes such files and returns their folder, that of the agent's data, and what starts an agent that watches them.
func accountsOf(t *testing.T) (dir, data string, restart func() collect.Collector) {
	dir, data = t.TempDir(), t.TempDir()
	var paths []string
	for name, text := range accountFiles() {
		paths = append(paths, collecttest.Write(t, dir, name, text))
	}
	cfg := Config{Files: []WatchedFilesConfig{{"account", paths}}}
	return dir, data, func() collect.Collector { return watching(data, nil, collecttest.Quiet(), cfg) }
}

// replaced returns the file with one text in place of another; without an old one the new one comes at the end.
func replaced(t *testing.T, file, old, now string) string {
	t.Helper()
	text := accountFiles()[file]
	if old == "" {
		return text + now
	}
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", file, old)
	}
	return strings.Replace(text, old, now, 1)
}

// TestSystemAccounts changes files of accounts as packages do, and as somebody who wants to get in does.
func TestSystemAccounts(t *testing.T) {
	t.Parallel()
	f := func(file, old, now, want string) {
		t.Helper()
		dir, _, restart := accountsOf(t)
		c := restart()
		collecttest.Collect(t, c)
		path := collecttest.Write(t, dir, file, replaced(t, file, old, now))
		if got, want := changesOf(collecttest.Collect(t, c), path), fmt.Sprintf(`by="",change=%q,kind="account",path=%q 1`, want, path); got != want {
			t.Errorf("%s with %q for %q: %q, want %q", file, now, old, got, want)
		}
	}
	const system, grave = systemAccounts, "content"
	f("passwd", "", "postgres:x:105:113:PostgreSQL,,,:/var/lib/postgresql:/bin/false\n", system)
	f("passwd", "", "redis:!:999:65534::/:/sbin/nologin\n", system)
	f("passwd", "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n", "", system)
	f("passwd", ":1:1:daemon:", ":1:1:The daemon:", system)
	f("shadow", "", "postgres:!:20001::::::\n", system)
	f("shadow", "daemon:*:", "daemon:!*:", system)
	f("group", "", "ssl-cert:x:112:\n", system)
	f("gshadow", "", "ssl-cert:!::\n", system)

	f("passwd", "", "toor:x:0:0::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "toor:x:00:5::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "toor:x:+5:5::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "eve:x:105:0::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "eve:x:1001:1001::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "eve:x:105:105::/:/tmp/nologin\n", grave)
	f("passwd", "", "eve:x:105:105::/:\n", grave)
	f("passwd", "", "eve::105:105::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "eve:$6$a$b:105:105::/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "eve:x:105:105:\x00:/:/usr/sbin/nologin\n", grave)
	f("passwd", "", "+eve:x:105:105::/:/usr/sbin/nologin\n", grave)
	f("passwd", "deploy:x:990:990::/srv:/usr/sbin/nologin", "deploy:x:990:990::/srv:/bin/sh", grave)
	f("passwd", "ann:x:1000", "ann:x:0", grave)
	f("passwd", "", "\n", grave)
	f("shadow", "daemon:*:", "daemon:$6$a$b:", grave)
	f("shadow", "daemon:*:", "daemon::", grave)
	f("shadow", "ann:$y$", "ann:!$y$", grave)
	f("shadow", "$hash", "$other", grave)
	f("group", "sudo:x:27:ann", "sudo:x:27:ann,daemon", grave)
	f("group", "staff:x:50:", "staff:x:50:daemon", grave)
	f("group", "staff:x:50:", "staff::50:", grave)
	f("group", "", "eve:x:0:\n", grave)
	f("gshadow", "daemon:*::", "daemon:*:eve:", grave)
	f("gshadow", "daemon:*::", "daemon:$6$a$b::", grave)
}

// TestSystemAccountsBeside has somebody get in, and a package installed right afterwards.
func TestSystemAccountsBeside(t *testing.T) {
	t.Parallel()
	dir, _, restart := accountsOf(t)
	c := restart()
	collecttest.Collect(t, c)
	expect := func(when, text string, n int, whats ...string) {
		t.Helper()
		path := collecttest.Write(t, dir, "passwd", text)
		var want []string
		for _, what := range whats {
			want = append(want, fmt.Sprintf(`by="",change=%q,kind="account",path=%q`, what, path))
		}
		if got, want := changesOf(collecttest.Collect(t, c), path), fmt.Sprint(strings.Join(want, " "), " ", n); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	const toor, one, other = "toor:x:0:0::/:/bin/sh\n", "a:x:101:101::/:/bin/false\n", "b:x:102:102::/:/bin/false\n"
	passwd := accountFiles()["passwd"]
	expect("both at once", passwd+toor+one, 1, "content")
	expect("a package afterwards", passwd+toor+one+other, 2, "content", systemAccounts)
	c = restart()
	expect("another one, with a restart between", passwd+toor+one, 3, "content", systemAccounts)
	expect("got out", passwd+one, 4, "content")
	if err := os.Chmod(filepath.Join(dir, "passwd"), 0o666); err != nil {
		t.Fatal(err)
	}
	expect("a package, and all may write", passwd, 5, "content")
}

// TestSystemAccountsOldState has a package add a user after a state was kept that does not know of them.
func TestSystemAccountsOldState(t *testing.T) {
	t.Parallel()
	dir, data, restart := accountsOf(t)
	collecttest.Collect(t, restart())
	kept := filepath.Join(data, "posture", "files.json")
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.ReplaceAll(string(text), `"logins"`, `"unknown"`)
	if old == string(text) {
		t.Fatalf("nothing is kept of who may log in: %s", text)
	}
	collecttest.Write(t, filepath.Dir(kept), "files.json", old)
	path := collecttest.Write(t, dir, "passwd", replaced(t, "passwd", "", "a:x:101:101::/:/bin/false\n"))
	c := restart()
	if got := changesOf(collecttest.Collect(t, c), path); !strings.Contains(got, `change="content"`) {
		t.Errorf("a change of which it is not known what was before: %q, want content", got)
	}
	path = collecttest.Write(t, dir, "shadow", replaced(t, "shadow", "", "a:!:20001::::::\n"))
	if got := changesOf(collecttest.Collect(t, c), path); !strings.Contains(got, `change="`+systemAccounts) {
		t.Errorf("a change after the first look: %q, want %s", got, systemAccounts)
	}
}
