package configs_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/configs"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

// environment is what ${NAME} finds in the tests.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"SLACK_TOKEN":       "xoxb-1: a # b",
		"SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T/B/X",
		"QUOTED":            "a\"b\n xoxb-2",
		"PG_PASSWORD":       "pw",
		"MONGO_PASSWORD":    "pw",
		"CACHE_PASSWORD":    "pw",
		"MYSQL_PASSWORD":    "pw",
		"ELASTIC_API_KEY":   "a2V5",
		"SERIES":            "1234",
		"EMPTY":             "",
		"HOST":              "es.example",
	}[name]
	return value, ok
}

// TestBad reads each testdata/bad/*.yml and compares all messages with the .txt beside it.
func TestBad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d bad files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = configs.Parse(data, filepath.Base(file), environment)
			if err == nil {
				t.Fatalf("Parse(%s) found nothing wrong", file)
			}
			checkGolden(t, strings.TrimSuffix(file, ".yml")+".txt", err.Error()+"\n")
		})
	}
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%swant\n%s", file, got, want)
	}
}

// TestBadFiles covers what no small text file can show.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := func(content []byte, want string) {
		t.Helper()
		path := filepath.Join(dir, "g.yml")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := configs.Load(path, environment)
		if err == nil || err.Error() != path+want {
			t.Errorf("Load() = %v, want %s%s", err, path, want)
		}
	}
	f(nil, `: is empty; the smallest useful file is one line: logs: [{paths: ["/var/log/gateway/*.log"]}]`)
	f([]byte("# only\n"), `: is empty; the smallest useful file is one line: logs: [{paths: ["/var/log/gateway/*.log"]}]`)
	f([]byte("a: 1\nb: \xff\n"), ":2: is not UTF-8 text: save the file as UTF-8")
	f([]byte("\xff\xfea\x00:\x00"), ":1: is not UTF-8 text: save the file as UTF-8")
	f(bytes.Repeat([]byte("# padding\n"), 1<<20), ": is larger than 1024 KiB: this is not a Gatewatch configuration")
	f([]byte("data_dir: a\x00b\n"), ":1: is not YAML: control characters are not allowed")
	f([]byte("a: "+strings.Repeat("[", 20000)), ":1: is not YAML: exceeded max depth of 10000")

	for path, want := range map[string]string{
		dir:                            "is a directory: name the YAML file in it",
		filepath.Join(dir, "none.yml"): "there is no such file",
	} {
		_, err := configs.Load(path, environment)
		if err == nil || err.Error() != path+": "+want {
			t.Errorf("Load(%s) = %v, want %s", path, err, want)
		}
	}
}

// TestMistakes shows what a caller gets beside the text.
func TestMistakes(t *testing.T) {
	t.Parallel()
	_, err := configs.Parse([]byte("logs: [{paths: [/x.log]}]\nserie: {}\n"), "g.yml", environment)
	found, ok := errors.AsType[configs.Mistakes](err)
	want := configs.Mistake{File: "g.yml", Line: 2, Path: "serie", Text: "unknown key, did you mean series?"}
	if !ok || len(found) != 1 || found[0] != want {
		t.Errorf("Parse() = %#v, want %#v", err, want)
	}
}
