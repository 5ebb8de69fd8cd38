package posture

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/event"
)

// noteList keeps the notes that it is given.
type noteList struct{ all []event.Note }

func (n *noteList) Add(note event.Note) { n.all = append(n.all, note) }

// text returns a note as the document that it becomes.
func (n *noteList) text(i int) string {
	source := &event.Source{Dataset: n.all[i].Dataset}
	return string(event.AppendDocument(nil, n.all[i].Event(source, 0, func(s string) []byte { return []byte(s) })))
}

// watching returns the collector of files that a fresh agent with this data folder would have.
func watching(dataDir string, notes collect.Notes, log *slog.Logger, cfg Config) collect.Collector {
	c := newWatchedFiles(cfg, collect.Env{Log: log, Notes: notes, DataDir: dataDir, Host: collect.Paths{Root: "/"}})
	c.Interval, c.Timeout = time.Minute, 10*time.Minute // one that is not reached
	return c
}

// changesOf returns what is told of a path but for times: "changes kind what by".
func changesOf(text, path string) string {
	var found []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, fmt.Sprintf("path=%q", path)) {
			continue
		}
		labels, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		_, labels, _ = strings.Cut(labels, "{")
		if strings.HasPrefix(line, "posture_file_changes_total") {
			found = append(found, value)
		} else if strings.HasPrefix(line, "posture_file_changed_timestamp_seconds") {
			found = append(found, labels)
		}
	}
	return strings.Join(found, " ")
}

func sumOf(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

// TestWatchedFiles changes real files in every way, with restarts of the agent between.
func TestWatchedFiles(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	sudoers := collecttest.Write(t, dir, "sudoers", "root ALL=(ALL) ALL # s3cret")
	key := collecttest.Write(t, dir, "authorized_keys", "ssh-ed25519 AAAA me")
	cfg := Config{Files: []WatchedFilesConfig{
		{Kind: "sudoers", Paths: []string{sudoers, filepath.Join(dir, "sudoers.d", "*")}},
		{Kind: "authorized_keys", Paths: []string{key}}}}
	var log bytes.Buffer
	var notes noteList
	restart := func() collect.Collector {
		return watching(data, &notes, slog.New(slog.NewTextHandler(&log, nil)), cfg)
	}
	c := restart()
	expect := func(t *testing.T, when, path, want string) {
		t.Helper()
		if got := changesOf(collecttest.Collect(t, c), path); got != want {
			t.Errorf("%s: %s has %q, want %q", when, filepath.Base(path), got, want)
		}
	}
	told := func(kind, path, what string, n int) string {
		return fmt.Sprintf(`by="",change=%q,kind=%q,path=%q %d`, what, kind, path, n)
	}
	expect(t, "at first", sudoers, "0")
	collecttest.WantLines(t, collecttest.Collect(t, c), `posture_files{kind="sudoers"} 1`, `posture_files{kind="authorized_keys"} 1`, `posture_files_unreadable{kind="sudoers"} 0`)

	// Touched, and written anew with the same content: nothing changed.
	if err := os.Chtimes(sudoers, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	expect(t, "touched", sudoers, "0")
	c = restart()
	expect(t, "after a restart", sudoers, "0")

	// Same length and same time of change, as somebody who hides writes it.
	info, err := os.Stat(sudoers)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Write(t, dir, "sudoers", "evil ALL=(ALL) ALL # s3cret")
	if err := os.Chtimes(sudoers, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	expect(t, "changed", sudoers, told("sudoers", sudoers, "content", 1))
	if text := log.String(); !strings.Contains(text, "sha256_before="+sumOf("root ALL=(ALL) ALL # s3cret")) || !strings.Contains(text, "sha256="+sumOf("evil ALL=(ALL) ALL # s3cret")) {
		t.Errorf("the log does not tell both hashes:\n%s", text)
	}

	// While the agent is down: replaced by rename, and permissions.
	if err := os.Rename(collecttest.Write(t, dir, "new", "ssh-ed25519 BBBB you"), key); err != nil {
		t.Fatal(err)
	}
	c = restart()
	expect(t, "replaced while the agent was down", key, told("authorized_keys", key, "content", 1))
	expect(t, "after the restart", sudoers, told("sudoers", sudoers, "content", 1))
	if err := os.Chmod(key, 0o666); err != nil {
		t.Fatal(err)
	}
	expect(t, "opened to all", key, told("authorized_keys", key, "mode", 2))

	// A file that comes, one that goes, and comes again.
	if err := os.Mkdir(filepath.Join(dir, "sudoers.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	more := collecttest.Write(t, filepath.Join(dir, "sudoers.d"), "evil", "evil ALL=(ALL) NOPASSWD: ALL")
	expect(t, "a new file", more, told("sudoers", more, "created", 1))
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	expect(t, "removed", key, told("authorized_keys", key, "removed", 3))
	c = restart()
	expect(t, "still removed after a restart", key, told("authorized_keys", key, "removed", 3))
	collecttest.Write(t, dir, "authorized_keys", "ssh-ed25519 CCCC they")
	expect(t, "there again", key, told("authorized_keys", key, "created", 4))

	// Every change is a document, and nothing tells what is in a file.
	if len(notes.all) != 6 {
		t.Fatalf("%d documents, want 6", len(notes.all))
	}
	for _, want := range []string{`"event.action":"file-content"`, `"file.path":"` + sudoers + `"`, `"posture.sha256_before":"` + sumOf("root ALL=(ALL) ALL # s3cret"), `"file.uid":"` + strconv.Itoa(os.Getuid()) + `"`, `"file.mtime":"`, `"file.ctime":"`} {
		if doc := notes.text(0); !strings.Contains(doc, want) {
			t.Errorf("document %s lacks %s", doc, want)
		}
	}
	kept, err := os.ReadFile(filepath.Join(data, "posture", "files.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"s3cret", "NOPASSWD", "ssh-ed25519"} {
		if all := string(kept) + log.String() + notes.text(0) + notes.text(3); strings.Contains(all, secret) {
			t.Errorf("%q of a file is told in\n%s", secret, all)
		}
	}
}

// TestWatchedFilesAtOnce changes a file so soon after a look that neither its length nor its times differ.
func TestWatchedFilesAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := collecttest.Write(t, dir, "sudoers", "0")
	var notes noteList
	c := watching("", &notes, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{Kind: "sudoers", Paths: []string{file}}}})
	const changes = 30
	for i := range changes + 1 {
		collecttest.Write(t, dir, "sudoers", strconv.Itoa(i%2))
		if err := c.Collect(t.Context(), &collect.Samples{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(notes.all) != changes {
		t.Errorf("%d of %d changes are told", len(notes.all), changes)
	}
}

// TestWatchedFilesConfigured shows that what the configuration adds or gives up is no change.
func TestWatchedFilesConfigured(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	a, b := collecttest.Write(t, dir, "a.conf", "a"), collecttest.Write(t, dir, "b.conf", "b")
	look := func(paths ...string) string {
		return collecttest.Collect(t, watching(data, nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{Kind: "config", Paths: paths}}}))
	}
	look(a)
	if text := look(a, filepath.Join(dir, "*.conf")); changesOf(text, b) != "0" || changesOf(text, a) != "0" {
		t.Errorf("files that are watched from now on are changes:\n%s", text)
	}
	if text := look(b); changesOf(text, a) != "" || changesOf(text, b) != "0" {
		t.Errorf("a file that is not watched any more is told:\n%s", text)
	}
}

func TestWatchedFilesDamagedState(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	file := collecttest.Write(t, dir, "a.conf", "a")
	cfg := Config{Files: []WatchedFilesConfig{{Kind: "config", Paths: []string{file}}}}
	collecttest.Collect(t, watching(data, nil, collecttest.Quiet(), cfg))
	collecttest.Write(t, filepath.Join(data, "posture"), "files.json", "{")
	var log bytes.Buffer
	text := collecttest.Collect(t, watching(data, nil, slog.New(slog.NewTextHandler(&log, nil)), cfg))
	if changesOf(text, file) != "0" || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("with damaged state:\n%s\n%s", text, log.String())
	}
	if _, err := os.Stat(filepath.Join(data, "posture", "files.json.damaged")); err != nil {
		t.Error(err)
	}
}

func TestWatchedFilesTooMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxWatched + 3 {
		collecttest.Write(t, dir, fmt.Sprintf("%04d", i), "x")
	}
	c := watching("", nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{Kind: "config", Paths: []string{filepath.Join(dir, "*")}}}})
	collecttest.WantLines(t, collecttest.Collect(t, c), fmt.Sprintf(`posture_files{kind="config"} %d`, maxWatched), `gatewatch_collector_dropped_samples_total{collector="posture_files"} 3`)
}

// TestWatchedFilesFullDisk writes again what could not be written, so that a change is not told twice.
func TestWatchedFilesFullDisk(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	path := collecttest.Write(t, dir, "sudoers", "a")
	cfg := Config{Files: []WatchedFilesConfig{{Kind: "sudoers", Paths: []string{path}}}}
	blocked := filepath.Join(data, "posture")
	if err := os.Symlink(filepath.Join(data, "none", "none"), blocked); err != nil {
		t.Fatal(err)
	}
	var notes noteList
	c := watching(data, &notes, collecttest.Quiet(), cfg)
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
		t.Errorf("what cannot be written is no failure: %q", got)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	collecttest.Collect(t, c)
	collecttest.Write(t, dir, "sudoers", "bb")
	if c = watching(data, &notes, collecttest.Quiet(), cfg); !strings.Contains(changesOf(collecttest.Collect(t, c), path), `change="content"`) {
		t.Error("a change after the disk had room again is lost")
	}
}

// TestWatchedFilesLarge has more to read at the first look than one collection reads: what is left is not new.
func TestWatchedFilesLarge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.Truncate(collecttest.Write(t, dir, name, ""), maxHashedBytes); err != nil { // takes no room on the disk
			t.Fatal(err)
		}
	}
	var notes noteList
	c := watching(t.TempDir(), &notes, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{Kind: "binary", Paths: []string{filepath.Join(dir, "*")}}}})
	collecttest.Collect(t, c)
	collecttest.WantLines(t, collecttest.Collect(t, c), `posture_files{kind="binary"} 2`)
	if len(notes.all) != 0 {
		t.Errorf("a file that was there from the beginning is told: %s", notes.text(0))
	}
}

// TestWatchedFilesEmptyState reads a state in which a file is null.
func TestWatchedFilesEmptyState(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	path := collecttest.Write(t, dir, "sudoers", "a")
	if err := os.Mkdir(filepath.Join(data, "posture"), 0o700); err != nil {
		t.Fatal(err)
	}
	collecttest.Write(t, filepath.Join(data, "posture"), "files.json", fmt.Sprintf(`{"version":1,"data":{"files":{%q:null}}}`, path))
	c := watching(data, nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{Kind: "sudoers", Paths: []string{path}}}})
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_collector_success"); !strings.HasSuffix(got, " 1") {
		t.Errorf("success is %q", got)
	}
}

// auditOf returns lines in the form that auditd 3.0 gives a change under the rule "-w FILE -p wa", with
// these names and times.
func auditOf(at time.Time, auid, folder, name, exe, success string) string {
	stamp := fmt.Sprintf("msg=audit(%d.%03d:4711)", at.Unix(), at.Nanosecond()/1e6)
	return "type=SYSCALL " + stamp + ": arch=c000003e syscall=257 success=" + success + " exit=3 a0=ffffff9c a1=55d7 a2=241 a3=1b6 items=2 ppid=1 pid=2 auid=" + auid +
		` uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 comm="tee" exe=` + exe + ` subj=unconfined key="identity"` + "\n" +
		"type=CWD " + stamp + `: cwd="` + folder + `"` + "\n" +
		"type=PATH " + stamp + ": item=1 name=" + name + ` inode=1 dev=fd:00 mode=0100440 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0` + "\n"
}

func TestChangedBy(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Minute)
	f := func(t *testing.T, lines, path string, changed time.Time, want actor) {
		t.Helper()
		log := collecttest.Write(t, t.TempDir(), "audit.log", lines)
		if got := (&auditLog{path: log}).changedBy(path, changed, time.Now()); got != want {
			t.Errorf("changedBy(%s) = %+v, want %+v", path, got, want)
		}
	}
	tee := actor{"1001", "/usr/bin/tee"}
	f(t, auditOf(at, "1001", "/root", `"/etc/sudoers"`, `"/usr/bin/tee"`, "yes"), "/etc/sudoers", at, tee)
	f(t, auditOf(at, "1001", "/etc", `"sudoers"`, `"/usr/bin/tee"`, "yes"), "/etc/sudoers", at, tee)
	f(t, auditOf(at, "1001", "/etc", "737564206F", `"/usr/bin/tee"`, "yes"), "/etc/sud o", at, tee)
	f(t, auditOf(at, "1001", "/root", `"/etc/sudoers"`, `"/usr/bin/tee"`, "yes"), "/etc/sudoers", time.Time{}, tee)
	f(t, auditOf(at, "4294967295", "/root", `"/etc/sudoers"`, `"/usr/sbin/cron"`, "yes"), "/etc/sudoers", at, actor{"", "/usr/sbin/cron"})
	f(t, auditOf(at, "1001", "/root", `"/etc/sudoers"`, `"/usr/bin/tee"`, "no"), "/etc/sudoers", at, actor{})
	f(t, auditOf(at, "1001", "/root", `"/etc/sudoers.old"`, `"/usr/bin/tee"`, "yes"), "/etc/sudoers", at, actor{})
	f(t, auditOf(at.Add(-time.Hour), "1001", "/root", `"/etc/sudoers"`, `"/usr/bin/tee"`, "yes"), "/etc/sudoers", at, actor{})
	f(t, "nonsense\ntype=SYSCALL msg=audit(x\n", "/etc/sudoers", at, actor{})
	if got := (&auditLog{path: filepath.Join(t.TempDir(), "none")}).changedBy("/etc/sudoers", at, at); got != (actor{}) {
		t.Errorf("without a log: %+v", got)
	}
}

// TestChangedByRecorded reads what auditd 3.0.9 of Debian 12 wrote, but for the names of folders, while somebody who had logged
// in as 1001 and become root changed files below /etc/gw: once enriched, once raw and naming the host.
func TestChangedByRecorded(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, log, path string, changed time.Time, want string) {
		t.Helper()
		got := (&auditLog{path: filepath.Join("testdata", log)}).changedBy(path, changed, time.Unix(1795406483, 0).Add(time.Hour))
		wanted := actor{}
		if want != "" {
			wanted = actor{"1001", "/usr/bin/" + want}
		}
		if got != wanted {
			t.Errorf("changedBy(%s, %s) = %+v, want %+v", log, path, got, wanted)
		}
	}
	const enriched = "audit-3.0.9-enriched.log"
	at := time.UnixMilli(1795406481761)
	f(t, enriched, "/etc/gw/sudoers", at, "python3.11") // another one was denied it afterwards
	f(t, enriched, "/etc/gw/sudoers.new", at, "mv")
	f(t, enriched, "/etc/gw/renamed", time.Time{}, "rm")
	f(t, enriched, "/etc/gw/rel file", time.Time{}, "python3.11")
	f(t, enriched, `/etc/gw/名 "q".conf`, at, "python3.11")
	f(t, enriched, "/etc/gw/link", at, "python3.11")
	f(t, enriched, "/etc/passwd", at, "") // where the link leads
	f(t, enriched, "/etc/gw", at, "")
	f(t, "audit-3.0.9-node.log", "/etc/gw/sudoers", time.UnixMilli(1795406555281), "python3.11")
}

// TestWatchedFilesBy shows the login of auditd beside a change.
func TestWatchedFilesBy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := collecttest.Write(t, dir, "sudoers", "a")
	audit := filepath.Join(dir, "audit.log")
	c := watching("", nil, collecttest.Quiet(), Config{AuditLog: audit, Files: []WatchedFilesConfig{{Kind: "sudoers", Paths: []string{file}}}})
	collecttest.Collect(t, c)
	collecttest.Write(t, dir, "sudoers", "b")
	collecttest.Write(t, dir, "audit.log", auditOf(time.Now(), "0", dir, `"sudoers"`, `"/usr/bin/tee"`, "yes"))
	if got := changesOf(collecttest.Collect(t, c), file); !strings.HasPrefix(got, `by="root",change="content"`) {
		t.Errorf("got %q, want it by root", got)
	}
}

// TestChangedByRotated asks after the log was rotated.
func TestChangedByRotated(t *testing.T) {
	t.Parallel()
	dir, at := t.TempDir(), time.Now().Add(-time.Minute)
	collecttest.Write(t, dir, "audit.log.1", auditOf(at, "1001", "/", `"/etc/sudoers"`, `"/usr/bin/tee"`, "yes"))
	log := &auditLog{path: collecttest.Write(t, dir, "audit.log", auditOf(at.Add(time.Second), "1002", "/", `"/etc/passwd"`, `"/usr/bin/tee"`, "yes"))}
	for path, login := range map[string]string{"/etc/sudoers": "1001", "/etc/passwd": "1002"} {
		if got := log.changedBy(path, at, time.Now()).Login; got != login {
			t.Errorf("changedBy(%s) = %q, want %q", path, got, login)
		}
	}
}

// TestChangedByLongLog finds an event at the end of a log that is longer than what is read of it.
func TestChangedByLongLog(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Minute)
	other := auditOf(at, "1002", "/", `"/etc/passwd"`, `"/usr/bin/tee"`, "yes")
	text := auditOf(at, "1001", "/", `"/etc/group"`, `"/usr/bin/tee"`, "yes") + strings.Repeat(other, 1+auditTail/len(other)) +
		auditOf(at.Add(time.Second), "1003", "/", `"/etc/sudoers"`, `"/usr/bin/tee"`, "yes")
	log := &auditLog{path: collecttest.Write(t, t.TempDir(), "audit.log", text)}
	for path, login := range map[string]string{"/etc/sudoers": "1003", "/etc/group": ""} {
		if got := log.changedBy(path, at, time.Now()).Login; got != login {
			t.Errorf("changedBy(%s) = %q, want %q", path, got, login)
		}
	}
}

func FuzzReadAuditEvents(f *testing.F) {
	f.Add(auditOf(time.Unix(1, 0), "0", "/", `"x"`, `"/usr/bin/tee"`, "yes"))
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range readAuditEvents(strings.NewReader(text)) {
			e.paths()
		}
	})
}

// TestWatchedFilesAlike has files whose names differ in bytes that are no text: anybody may have such names in his folder.
func TestWatchedFilesAlike(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	collecttest.Write(t, dir, "authorized_keys\xfe", "one")
	collecttest.Write(t, dir, "authorized_keys\xff", "two")
	w := watching(t.TempDir(), nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{"authorized_keys", []string{dir + "/*"}}}})
	text := collecttest.Collect(t, w)
	collecttest.WantLines(t, text, `posture_files{kind="authorized_keys"} 2`, `gatewatch_collector_dropped_samples_total{collector="posture_files"} 1`)
}

// TestWatchedFileNoFile has a folder in the place of a file.
func TestWatchedFileNoFile(t *testing.T) {
	t.Parallel()
	path := collecttest.Write(t, t.TempDir(), "sudoers", "one")
	w := watching(t.TempDir(), nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{"sudoers", []string{path}}}})
	collecttest.Collect(t, w)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	text := collecttest.Collect(t, w)
	if got := changesOf(text, path); !strings.Contains(got, `change="removed"`) {
		t.Errorf("a file that became a folder: %q, want it removed", got)
	}
	collecttest.WantLines(t, text, `posture_files{kind="sudoers"} 0`)
	if got := changesOf(collecttest.Collect(t, w), path); !strings.HasSuffix(got, " 1") {
		t.Errorf("it is told again: %q", got)
	}
}

// TestWatchedFilesBehindLarge has a user change a large file before every look: what comes after it is looked at all the same.
func TestWatchedFilesBehindLarge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large, sudoers := collecttest.Write(t, dir, "authorized_keys2", ""), collecttest.Write(t, dir, "sudoers", "one")
	touch := func(size int64) {
		t.Helper()
		if err := os.Truncate(large, size); err != nil { // it takes no space
			t.Fatal(err)
		}
	}
	w := watching(t.TempDir(), nil, collecttest.Quiet(), Config{Files: []WatchedFilesConfig{{"authorized_keys", []string{large}}, {"sudoers", []string{sudoers}}}})
	collecttest.Collect(t, w)
	collecttest.Write(t, dir, "sudoers", "other")
	touch(maxHashedBytes)
	if got := changesOf(collecttest.Collect(t, w), sudoers); !strings.Contains(got, `change="content"`) {
		t.Errorf("a change behind a large file: %q, want its content", got)
	}
}
