package importrules

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRepository holds every Go file of the repository against the rules.
func TestRepository(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if skipped(entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		inner, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		for _, mistake := range check(source{filepath.ToSlash(inner), set, tree}) {
			t.Error(mistake)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("read only %d files", files)
	}
}

// skipped tells the folders without Go code of this module. "." and ".." are the root itself.
func skipped(folder string) bool {
	hidden := strings.HasPrefix(folder, ".") && strings.Trim(folder, ".") != ""
	return folder == "testdata" || folder == "node_modules" || hidden
}

// TestRules shows each rule at work on a small file.
func TestRules(t *testing.T) {
	t.Parallel()
	f := func(name, text, want string) {
		t.Helper()
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, name, "package "+text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(check(source{name, set, tree}), "\n"); got != want {
			t.Errorf("check(%s: %q) = %q, want %q", name, text, got, want)
		}
	}
	f("agent/run.go", `main; import "gatewatch/configs"`, "")
	f("pipeline/group.go", `pipeline; import "gatewatch/parse"`, "")
	f("web/page.go", `web; import "gatewatch/event"`, "")
	f("tail/file.go", `tail; import "gatewatch/pipeline"`, "tail/file.go:1: imports gatewatch/pipeline: pipeline stands beside tail")
	f("event/event.go", `event; import "gatewatch/journal"`, "event/event.go:1: imports gatewatch/journal: journal stands above event")
	f("journal/open_test.go", `journal; import "gatewatch/outputs"`, "journal/open_test.go:1: imports gatewatch/outputs: outputs stands above journal")
	f("alerting/engine_test.go", `alerting; import "gatewatch/series"`, "")
	f("alerting/engine.go", `alerting; import "gatewatch/series"`, "alerting/engine.go:1: imports gatewatch/series: series stands beside alerting")
	f("stuff/a.go", `stuff; import "gatewatch/event"`, "stuff/a.go:1: imports gatewatch/event: the folder stuff has no place in layers")

	f("outputs/es.go", `outputs; import "github.com/elastic/go-elasticsearch/v8/esapi"`, "")
	f("web/es.go", `web; import "github.com/elastic/go-elasticsearch/v8"`, "web/es.go:1: imports github.com/elastic/go-elasticsearch/v8: only these may: [outputs]")
	f("series/api.go", `series; import "github.com/prometheus/prometheus/web/api/v1"`, "series/api.go:1: imports github.com/prometheus/prometheus/web/api/v1: only these may: []")
	f("series/api_test.go", `series_test; import "github.com/prometheus/prometheus/web/api/v1"`, "")
	f("web/q.go", `web; import "github.com/prometheus/prometheus/promql"`, "web/q.go:1: imports github.com/prometheus/prometheus/promql: only these may: [alerting series bench]")
	f("web/q.go", `web; import "github.com/prometheus/client_golang/prometheus"`, "")
	f("web/page.go", `web; import "gatewatch/internal/servicetest"`, "web/page.go:1: imports gatewatch/internal/servicetest: only these may: [internal/servicetest collectors/collecttest]")
	f("web/page_test.go", `web; import "gatewatch/internal/servicetest"`, "")
	f("web/x.go", `web; import "testing"`, "web/x.go:1: imports testing: only these may: [internal/servicetest internal/crashcopy collectors/collecttest]")
	f("web/x.go", `web; import "testing/fstest"`, "web/x.go:1: imports testing/fstest: only these may: [internal/servicetest internal/crashcopy collectors/collecttest]")

	f("collectors/redis/redis.go", `redis; import "gatewatch/collectors/collect"`, "")
	f("collectors/config.go", `collectors; import "gatewatch/collectors/redis"`, "")
	f("collectors/redis/redis.go", `redis; import "gatewatch/collectors/host"`,
		`collectors/redis/redis.go:1: imports gatewatch/collectors/host: of collectors, collectors/redis may import ["collect" "fetch" "globs" "kept" "tcptable" "tool"]`)
	f("collectors/redis/redis.go", `redis; import "gatewatch/collectors"`,
		`collectors/redis/redis.go:1: imports gatewatch/collectors: of collectors, collectors/redis may import ["collect" "fetch" "globs" "kept" "tcptable" "tool"]`)
	f("collectors/redis/redis_test.go", `redis; import "gatewatch/collectors/host"`, "")
	f("collectors/host/disk.go", `host; import "github.com/jackc/pgx/v5"`, "collectors/host/disk.go:1: imports github.com/jackc/pgx/v5: only these may: [collectors/sqldb]")

	f("web/x.go", `web; import . "fmt"`, "web/x.go:1: imports fmt: no dot imports")
	f("web/x.go", `web; import _ "net/http/pprof"`, "web/x.go:1: imports net/http/pprof: no blank imports")
	f("web/x.go", `web; import _ "embed"`, "")
	f("internal/util/x.go", "util", "internal/util/x.go: package util: name it after what is inside")
	f("web/x.go", "web; func init() {}", "web/x.go:1: no init functions: call it where it is needed")
	f("web/x.go", "web; func f() {"+strings.Repeat("\n", 79)+"}", "")
	f("web/x.go", "web; func f() {"+strings.Repeat("\n", 80)+"}", "web/x.go:1: f has 81 lines, most are 80")
	f("web/x.go", "web"+strings.Repeat("\n", 400)+"var x int", "web/x.go: has 401 lines, most are 400: give each idea its own file")
	f("web/x_test.go", "web"+strings.Repeat("\n", 900), "")
}
