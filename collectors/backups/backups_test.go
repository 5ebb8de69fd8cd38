package backups

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/tool"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// backupSamples returns the samples of an entry, after one collection of each of its collectors.
func backupSamples(t *testing.T, cfg Config) string {
	t.Helper()
	return collecttest.Collect(t, backupCollectors(t, cfg)...)
}

func backupCollectors(t *testing.T, cfg Config) []collect.Collector {
	t.Helper()
	cfg.Name = "db"
	all := collect.Entries[Config, *Config]{cfg}
	all.SetDefaults()
	if err := all.Validate(); err != nil {
		t.Fatal(err)
	}
	found, err := all.Collectors(collect.Env{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i].Timeout = 10 * time.Minute // one that is not reached
	}
	return found
}

// aged writes a file that was last changed so long ago.
func aged(t *testing.T, dir, name, text string, age time.Duration) string {
	t.Helper()
	path := collecttest.Write(t, dir, name, text)
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return path
}

// samples of an entry named db.
func ofDB(kind, metric string, value any) string {
	return fmt.Sprintf(`backup_%s{kind=%q,name="db"} %v`, metric, kind, value)
}

// TestBackupTools reads what the tools print.
func TestBackupTools(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, kind, target, output string, want ...string) {
		t.Helper()
		text := backupSamples(t, Config{Kind: kind, Target: target, OutputFile: collecttest.Write(t, t.TempDir(), "out.json", output)})
		collecttest.WantLines(t, text, append(want, `gatewatch_collector_success{collector="backup_db"} 1`)...)
	}
	f(t, "pgbackrest", "main", `[{"name":"main","status":{"code":0,"message":"ok"},"backup":[
		{"label":"a","type":"full","error":false,"timestamp":{"start":1700000000,"stop":1700000100},"info":{"size":900,"repository":{"size":100,"delta":100}}},
		{"label":"b","type":"full","error":false,"timestamp":{"start":1700086400,"stop":1700086500},"info":{"size":950,"repository":{"size":300,"delta":300}}},
		{"label":"c","type":"incr","error":true,"timestamp":{"start":1700090000,"stop":1700090001},"info":{"size":950,"repository":{"size":310,"delta":10}}}]}]`,
		ofDB("pgbackrest", "last_success_timestamp_seconds", "1.7000865e+09"), ofDB("pgbackrest", "last_full_timestamp_seconds", "1.7000865e+09"),
		ofDB("pgbackrest", "last_run_success", 0), ofDB("pgbackrest", "last_size_bytes", 300), ofDB("pgbackrest", "usual_size_bytes", 100),
		ofDB("pgbackrest", "size_ratio", 3), ofDB("pgbackrest", "kept", 2), ofDB("pgbackrest", "max_age_seconds", 93600))
	recorded, err := os.ReadFile("testdata/backups/pgbackrest-2.45.json")
	if err != nil {
		t.Fatal(err)
	}
	f(t, "pgbackrest", "main", string(recorded), ofDB("pgbackrest", "last_success_timestamp_seconds", "1.795386228e+09"),
		ofDB("pgbackrest", "last_full_timestamp_seconds", "1.795386225e+09"), ofDB("pgbackrest", "last_size_bytes", "3.043469e+06"), ofDB("pgbackrest", "kept", 2))
	f(t, "pgbackrest", "main", `[{"name":"main","status":{"code":2,"message":"no valid backups"},"backup":[]}]`,
		ofDB("pgbackrest", "last_success_timestamp_seconds", 0), ofDB("pgbackrest", "kept", 0))
	differs := backupSamples(t, Config{Kind: "pgbackrest", Target: "main", OutputFile: collecttest.Write(t, t.TempDir(), "out.json",
		`[{"name":"main","status":{"code":4,"message":"different across repos"},"backup":[{"type":"full","error":null,"timestamp":{"stop":1700000100},"info":{"size":900}}]}]`)})
	collecttest.WantLines(t, differs, ofDB("pgbackrest", "last_success_timestamp_seconds", "1.7000001e+09"), `gatewatch_collector_success{collector="backup_db"} 0`)
	f(t, "wal-g", "", `[{"backup_name":"base_0001","time":"2023-11-14T22:15:00Z","finish_time":"2023-11-14T22:13:20Z","compressed_size":100,"uncompressed_size":400},
		{"backup_name":"base_0002_D_0001","time":"2023-11-15T22:15:00Z","finish_time":"2023-11-15T22:13:20.5Z","compressed_size":10,"uncompressed_size":400}]`,
		ofDB("wal-g", "last_success_timestamp_seconds", "1.7000864005e+09"), ofDB("wal-g", "last_full_timestamp_seconds", "1.7e+09"), ofDB("wal-g", "last_size_bytes", 10))
	recordedAs := func(t *testing.T, kind, file string, want ...string) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("testdata/backups", file))
		if err != nil {
			t.Fatal(err)
		}
		f(t, kind, "", string(data), want...)
	}
	// Two full backups and one of what changed, of PostgreSQL 15; and two dumps of MariaDB 10.11.
	recordedAs(t, "wal-g", "wal-g-3.0.8.json", ofDB("wal-g", "last_success_timestamp_seconds", "1.79540468088358e+09"), ofDB("wal-g", "last_size_bytes", "4.371346e+06"), ofDB("wal-g", "kept", 3))
	recordedAs(t, "wal-g", "wal-g-mysql-3.0.8.json", ofDB("wal-g", "last_success_timestamp_seconds", "1.7954051471765351e+09"), ofDB("wal-g", "last_size_bytes", 797229), ofDB("wal-g", "kept", 2))
	f(t, "barman", "pay", `{"pay":[{"backup_id":"20231115T221320","status":"FAILED"},
		{"backup_id":"20231114T221320","end_time_timestamp":"1700000000","size_bytes":500,"retention_status":"-"}]}`,
		ofDB("barman", "last_success_timestamp_seconds", "1.7e+09"), ofDB("barman", "last_size_bytes", 500), ofDB("barman", "kept", 1),
		ofDB("barman", "last_run_success", 0))
	f(t, "restic", "", `[{"time":"2023-11-14T22:13:20.25Z","id":"a"},{"time":"2023-11-15T22:00:00Z","summary":{"backup_end":"2023-11-15T22:13:20Z","total_bytes_processed":77}}]`,
		ofDB("restic", "last_success_timestamp_seconds", "1.7000864e+09"), ofDB("restic", "last_size_bytes", 77), ofDB("restic", "kept", 2))
	f(t, "restic", "", `[]`, ofDB("restic", "last_success_timestamp_seconds", 0))
}

// TestBackupToolsMistaken shows what is an error rather than a backup of the year 1, or none.
func TestBackupToolsMistaken(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"", "\n", `[{"backup_name":"base_0001"}]`, `[{"backup_name":"base_0001","time":"2023-11-14T22:15:00Z"`} {
		c := backupCollectors(t, Config{Kind: "wal-g", OutputFile: collecttest.Write(t, t.TempDir(), "out.json", output)})[0]
		if err := c.Collect(t.Context(), &collect.Samples{}); err == nil {
			t.Errorf("%q is taken for a list of backups", output)
		}
	}
}

// TestBackupToolFails shows a tool that fails, hangs and shouts: an error without secrets, and what was known stays.
func TestBackupToolFails(t *testing.T) {
	t.Parallel()
	sh := servicetest.Program(t, "install a shell, in which the test writes its tool", "sh")
	dir := t.TempDir()
	program := filepath.Join(dir, "restic")
	script := func(body string) {
		t.Helper()
		collecttest.Script(t, dir, "restic", "#!"+sh+"\n"+body+"\n")
	}
	cfg := Config{Kind: "restic", Program: program, Timeout: defaultBackupTimeout,
		Env: map[string]secret.Secret{"RESTIC_PASSWORD": "hunter2-secret"}}
	c := backupCollectors(t, cfg)[0]
	script(`[ "$RESTIC_PASSWORD" = hunter2-secret ] && [ "$*" = "snapshots --json --no-lock" ] && echo '[{"time":"2023-11-14T22:13:20Z"}]'`)
	collecttest.WantLines(t, collecttest.Collect(t, c), ofDB("restic", "kept", 1), `gatewatch_collector_success{collector="backup_db"} 1`)

	script(`echo "cannot open rest:https://user:pw-in-url@host/ with hunter2-secret" >&2; exit 3`)
	var out collect.Samples
	err := c.Collect(t.Context(), &out)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "pw-in-url") {
		t.Errorf("a tool that fails gives %v, want its status without secrets", err)
	}
	collecttest.WantLines(t, collecttest.Collect(t, c), ofDB("restic", "kept", 1), `gatewatch_collector_success{collector="backup_db"} 0`)
	// What it says beside does not end it, and what it lists counts although it complains.
	script(`head -c 1000000 /dev/zero >&2; echo '[{"time":"2023-11-14T22:13:20Z"},{"time":"2023-11-15T22:13:20Z"}]'`)
	collecttest.WantLines(t, collecttest.Collect(t, c), ofDB("restic", "kept", 2), `gatewatch_collector_success{collector="backup_db"} 1`)
	script(`echo '[{"time":"2023-11-14T22:13:20Z"}]'; exit 1`)
	collecttest.WantLines(t, collecttest.Collect(t, c), ofDB("restic", "kept", 1), `gatewatch_collector_success{collector="backup_db"} 0`)
	script("exec head -c 20000000 /dev/zero")
	if err := c.Collect(t.Context(), &collect.Samples{}); err == nil {
		t.Error("a tool that prints without end gives no error")
	}
	script("sleep 60 & sleep 60")
	c.Timeout = 200 * time.Millisecond
	collecttest.WantLines(t, collecttest.Collect(t, c), `gatewatch_collector_success{collector="backup_db"} 0`)
}

func TestBackupFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	aged(t, dir, "1.sql", strings.Repeat("x", 100)+"\n-- Dump completed on 2026-11-20", 50*time.Hour)
	aged(t, dir, "2.sql", strings.Repeat("x", 200)+"\n-- Dump completed on 2026-11-21\n", 26*time.Hour)
	good := aged(t, dir, "3.sql", strings.Repeat("x", 40)+"\n-- Dump completed on 2026-11-22\n", 2*time.Hour)
	aged(t, dir, "4.sql", "still being written", -time.Hour)
	cfg := Config{Kind: "files", Paths: []string{filepath.Join(dir, "*.sql")}, EndsWith: "-- Dump completed"}
	text := backupSamples(t, cfg)
	info, err := os.Stat(good)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.WantLines(t, text, ofDB("files", "kept", 3), ofDB("files", "last_run_success", 1), ofDB("files", "last_size_bytes", 73), ofDB("files", "usual_size_bytes", 182.5))
	if got := collecttest.SamplesOf(text, "backup_last_success_timestamp_seconds"); !strings.HasSuffix(got, fmt.Sprint(collect.UnixSeconds(info.ModTime()))) {
		t.Errorf("the last success is %s, want %v", got, collect.UnixSeconds(info.ModTime()))
	}
	aged(t, dir, "5.sql", "cut off", time.Hour)
	collecttest.WantLines(t, backupSamples(t, cfg), ofDB("files", "kept", 3), ofDB("files", "last_run_success", 0))
	cfg.MinSize = 100
	collecttest.WantLines(t, backupSamples(t, cfg), ofDB("files", "kept", 2))
	cfg.Paths = []string{filepath.Join(dir, "*.none")}
	collecttest.WantLines(t, backupSamples(t, cfg), ofDB("files", "last_success_timestamp_seconds", 0), ofDB("files", "kept", 0))
}

func TestBackupChecksum(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := strings.Repeat("payments", 400_000) // several pieces
	path := aged(t, dir, "a.dump", content, time.Hour)
	cfg := Config{Kind: "files", Paths: []string{filepath.Join(dir, "*")}, Checksum: true}
	all := backupCollectors(t, cfg)
	text := collecttest.Collect(t, all...)
	collecttest.WantLines(t, text, `gatewatch_collector_success{collector="backup_db_checksum"} 0`, ofDB("files", "kept", 1))
	collecttest.Write(t, dir, "a.dump.sha256", fmt.Sprintf("%x  a.dump\n", sha256.Sum256([]byte(content))))
	collecttest.WantLines(t, collecttest.Collect(t, all...), ofDB("files", "last_verify_success", 1), `gatewatch_collector_success{collector="backup_db_checksum"} 1`)
	// It is not read again, but a checksum that comes later counts, in each form.
	wrong := fmt.Sprintf("%x  a.dump\n", sha256.Sum256(nil))
	for _, form := range []string{"\ufeff%X *a.dump\r\n", "SHA256 (a = b.dump) = %x\n", "SHA2-256(a.dump)= %x\n", `\` + "%x  a\\nb\n", "%x\ta.dump", "%x"} {
		collecttest.Write(t, dir, "a.dump.sha256", wrong)
		collecttest.WantLines(t, collecttest.Collect(t, all...), ofDB("files", "last_verify_success", 0))
		collecttest.Write(t, dir, "a.dump.sha256", fmt.Sprintf(form, sha256.Sum256([]byte(content))))
		collecttest.WantLines(t, collecttest.Collect(t, all...), ofDB("files", "last_verify_success", 1))
	}
	// The next backup under the same name: its checksum may come within the hour.
	aged(t, dir, "a.dump", content+"!", 30*time.Minute)
	aged(t, dir, "a.dump.sha256", wrong, 24*time.Hour)
	collecttest.WantLines(t, collecttest.Collect(t, all...), ofDB("files", "last_verify_success", 1))
	aged(t, dir, "a.dump", content+"!", 2*time.Hour)
	collecttest.WantLines(t, collecttest.Collect(t, all...), ofDB("files", "last_verify_success", 0))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestBackupFilesMany keeps the newest of more files than are looked at, though it comes last by its name.
func TestBackupFilesMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := aged(t, dir, "1", "x", 48*time.Hour)
	for i := range maxBackupFiles {
		if err := os.Link(old, filepath.Join(dir, fmt.Sprintf("2-%05d", i))); err != nil {
			t.Fatal(err)
		}
	}
	ended := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	if err := os.Chtimes(collecttest.Write(t, dir, "3", "new"), ended, ended); err != nil {
		t.Fatal(err)
	}
	text := backupSamples(t, Config{Kind: "files", Paths: []string{filepath.Join(dir, "*")}})
	collecttest.WantLines(t, text, ofDB("files", "kept", maxBackupFiles), ofDB("files", "last_success_timestamp_seconds", collecttest.Seconds(ended)))
}

// TestBackupFuture shows backups that are dated later than now, as after the clock was set back: that is an error, and the age
// of the others still counts.
func TestBackupFuture(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ahead := aged(t, dir, "b.sql", "x", -48*time.Hour)
	cfg := Config{Kind: "files", Paths: []string{filepath.Join(dir, "*.sql")}}
	last := func(path string) string {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return ofDB("files", "last_success_timestamp_seconds", collect.UnixSeconds(info.ModTime()))
	}
	failing := `gatewatch_collector_success{collector="backup_db"} 0`
	collecttest.WantLines(t, backupSamples(t, cfg), failing, last(ahead))
	before := aged(t, dir, "a.sql", "x", 48*time.Hour)
	collecttest.WantLines(t, backupSamples(t, cfg), failing, last(before))
}

// TestBackupFolderClosed shows that a folder that may not be read is an error, in place of a folder without backups.
func TestBackupFolderClosed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read every folder")
	}
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0); err != nil {
		t.Fatal(err)
	}
	text := backupSamples(t, Config{Kind: "files", Paths: []string{filepath.Join(dir, "*.sql")}})
	if collecttest.WantLines(t, text, `gatewatch_collector_success{collector="backup_db"} 0`); strings.Contains(text, "backup_kept") {
		t.Errorf("a folder that may not be read is taken for one without backups:\n%s", text)
	}
}

func TestBackupXtrabackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := func(name, info string, age time.Duration) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		aged(t, at, "ibdata1", strings.Repeat("x", 1000), age)
		if info != "" {
			collecttest.Write(t, at, "xtrabackup_info", info)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(at, when, when); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile("testdata/backups/mariabackup-10.11.info")
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := time.Now().Date()
	ended := time.Date(year, month, day-1, 12, 0, 0, 0, time.Local) // no clock is set back at noon
	folder("full", strings.ReplaceAll(string(recorded), "2026-11-22", "2024-01-02"), time.Hour)
	folder("incremental", "end_time = "+ended.Format(time.DateTime)+"\nincremental = Y\n", time.Hour)
	folder("broken off", "", 2*time.Hour)
	folder("running", "", -time.Hour)
	folder("copies a large table", "", 3*time.Hour)
	aged(t, filepath.Join(dir, "copies a large table"), "ibdata1", "x", -time.Hour)
	text := backupSamples(t, Config{Kind: "xtrabackup", Paths: []string{filepath.Join(dir, "*")}})
	collecttest.WantLines(t, text, ofDB("xtrabackup", "kept", 2), ofDB("xtrabackup", "last_run_success", 0),
		ofDB("xtrabackup", "last_success_timestamp_seconds", collecttest.Seconds(ended)), ofDB("xtrabackup", "last_full_timestamp_seconds", collecttest.Seconds(time.Date(2024, 1, 2, 22, 22, 1, 0, time.Local))))
}

func TestRestoreTest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "restored")
	cfg := Config{Name: "db", Kind: "files", Paths: []string{filepath.Join(dir, "*.sql")}, RestoreTestFile: file}
	tests := RestoreTestsOf([]Config{cfg})
	sampled := func() string {
		t.Helper()
		return collecttest.SamplesOf(backupSamples(t, cfg), "backup_last_restore_test_timestamp_seconds")
	}
	if got := sampled(); !strings.HasSuffix(got, "} 0") {
		t.Errorf("before the first test: %s, want 0", got)
	}
	for range 2 {
		if err := tests.Note("db"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := sampled(); !strings.HasSuffix(got, fmt.Sprint(collect.UnixSeconds(info.ModTime()))) {
			t.Errorf("after a test: %s, want %v", got, collect.UnixSeconds(info.ModTime()))
		}
	}
	if err := tests.Note("other"); err == nil {
		t.Error("a test of an unknown backup is noted")
	}
}

func TestValidateBackups(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text, want string) {
		t.Helper()
		var all collect.Entries[Config, *Config]
		if err := yaml.Unmarshal([]byte("["+text+"]"), &all); err != nil {
			t.Fatal(err)
		}
		all.SetDefaults()
		got := ""
		var m invalid.Mistakes
		m.AddIn("backups", all.Validate())
		if err := m.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate(%s) = %q, want %q", text, got, want)
		}
	}
	f(t, `{name: a, kind: restic}`, "")
	f(t, `{name: a, kind: files, paths: ["/b/*.gz"], checksum: true, min_size: 1MiB}`, "")
	f(t, `{name: a, kind: tape}`, `backups[0].kind: must be one of ["barman" "files" "pgbackrest" "restic" "wal-g" "xtrabackup"], is "tape"`)
	f(t, `{name: a, kind: files}`, "backups[0].paths: is missing")
	f(t, `{name: a, kind: restic, paths: ["/x"]}`, `backups[0].paths: is for the kinds "files" and "xtrabackup"`)
	f(t, `{name: a, kind: barman}`, "backups[0].target: is missing: the stanza or server")
	f(t, `{name: a, kind: barman, target: "--help"}`, "backups[0].target: must not begin with a dash")
	f(t, `{name: a, kind: restic, checksum: true, program: restic}`, "backups[0].program: must be an absolute path, is \"restic\"\n"+
		"backups[0].kind: checksum and ends_with are for files")
	f(t, `{name: a, kind: restic, interval: 1s}`, "backups[0].interval: must be at least 10s, is 1s")
}

// TestRestic lists the snapshots of a real repository.
func TestRestic(t *testing.T) {
	t.Parallel()
	program := servicetest.Program(t, "apt-get install restic", "restic")
	dir := t.TempDir()
	env := map[string]secret.Secret{"RESTIC_REPOSITORY": secret.Secret(filepath.Join(dir, "repo")), "RESTIC_PASSWORD": "test", "RESTIC_CACHE_DIR": secret.Secret(filepath.Join(dir, "cache"))}
	run := func(args ...string) {
		t.Helper()
		if _, err := tool.Run(t.Context(), program, args, env); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Kind: "restic", Program: program, Env: env}
	collecttest.WantLines(t, backupSamples(t, cfg), `gatewatch_collector_success{collector="backup_db"} 0`) // there is no repository
	run("init")
	collecttest.WantLines(t, backupSamples(t, cfg), ofDB("restic", "kept", 0), ofDB("restic", "last_success_timestamp_seconds", 0))
	run("backup", collecttest.Write(t, dir, "orders.csv", "1,2,3"))
	text := backupSamples(t, cfg)
	collecttest.WantLines(t, text, ofDB("restic", "kept", 1), ofDB("restic", "last_run_success", 1))
	if got := collecttest.SamplesOf(text, "backup_last_success_timestamp_seconds"); strings.HasSuffix(got, "} 0") {
		t.Errorf("after a backup: %s", got)
	}
}

// TestBarman lists the backups of a real Barman: its catalogue is a folder for each, with what it noted of the backup.
func TestBarman(t *testing.T) {
	t.Parallel()
	program := servicetest.Program(t, "apt-get install barman", "barman")
	dir := t.TempDir()
	for _, b := range []struct{ id, status, error string }{{"20231114T220000", "DONE", ""}, {"20231115T220000", "FAILED", "disk full"}} {
		at := filepath.Join(dir, "pay", "base", b.id)
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		collecttest.Write(t, at, "backup.info", fmt.Sprintf("backup_label=None\nbegin_time=2023-11-14 22:00:00+00:00\nend_time=2023-11-14 22:13:20+00:00\n"+
			"status=%s\nerror=%s\nmode=postgres\nserver_name=pay\nsize=12345\ndeduplicated_size=12345\nversion=150000\ntimeline=1\n"+
			"begin_wal=000000010000000000000002\nend_wal=000000010000000000000002\nxlog_segment_size=16777216\npgdata=/var/lib/pg\n", b.status, b.error))
	}
	config := collecttest.Write(t, dir, "barman.conf", fmt.Sprintf("[barman]\nbarman_user = root\nbarman_home = %s\nlog_file = %s/log\n[pay]\ndescription = pay\n"+
		"conninfo = host=127.0.0.1 port=1\n"+
		"streaming_conninfo = host=127.0.0.1 port=1\nbackup_method = postgres\nstreaming_archiver = on\nslot_name = barman\n", dir, dir))
	wrapper := collecttest.Script(t, dir, "barman-here", "#!/bin/sh\nexec "+program+" -c "+config+" \"$@\"\n")
	collecttest.WantLines(t, backupSamples(t, Config{Kind: "barman", Target: "pay", Program: wrapper}),
		ofDB("barman", "kept", 1), ofDB("barman", "last_success_timestamp_seconds", "1.7e+09"), ofDB("barman", "last_run_success", 0))
}
