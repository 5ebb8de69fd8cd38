package importrules

// module is the path that imports of this project begin with.
const module = "gatewatch/"

// layers are the folders from the top down. A package imports what is in layers below its own, never above, and in
// its own layer only what siblings allows.
var layers = [][]string{
	{"agent", "bench"},
	{"configs"},
	{"collectors", "alerting", "outputs", "web", "logmetrics", "intents", "fraud", "patterns", "series", "scan", "detect"},
	{"pipeline", "parse", "facts", "redact", "payment", "journal", "tail"},
	{"event", "internal"},
}

// siblings are the imports allowed inside a layer.
var siblings = map[string][]string{
	"pipeline": {"parse", "facts", "redact", "payment", "journal", "tail"},
	"event":    {"internal"},
}

// rooms are folders whose subfolders are kinds of one thing. A kind imports of its siblings only what stands here.
var rooms = map[string][]string{
	"collectors": {"collect", "fetch", "globs", "kept", "tcptable", "tool"},
}

// owners are the foreign modules that few packages may know. Tests may use them anywhere.
var owners = map[string][]string{
	"github.com/elastic/":                {"outputs"},
	"github.com/slack-go/":               {"alerting"},
	"github.com/prometheus/alertmanager": {"alerting"},
	"github.com/prometheus/prometheus":   {"alerting", "series", "bench"},
	"github.com/shirou/gopsutil":         {"collectors/host", "collectors/processes"},
	"github.com/prometheus/procfs":       {"collectors"},
	"github.com/jackc/pgx":               {"collectors/sqldb"},
	"github.com/go-sql-driver/mysql":     {"collectors/sqldb"},
	"go.mongodb.org/mongo-driver":        {"collectors/mongodb"},
	"github.com/gomodule/redigo":         {"collectors/redis", "intents"},
	"github.com/chromedp/":               {"internal/servicetest"},
	"github.com/rogpeppe/go-internal":    {},
	"testing":                            {"internal/servicetest", "internal/crashcopy", "collectors/collecttest"},
	module + "internal/servicetest":      {"internal/servicetest", "collectors/collecttest"},
	module + "internal/importrules":      {},
	module + "collectors/collecttest":    {},

	// Scraping, remote storage and OpenTelemetry hang on it: 14 MB of the program.
	"github.com/prometheus/prometheus/web": {},
}

// blank are the packages that may be imported for their side effect alone.
var blank = []string{"embed"}

// bannedNames are package names that say nothing about what is inside.
var bannedNames = []string{"util", "utils", "common", "helpers", "helper", "types", "misc", "base", "shared", "lib"}

const (
	maxFileLines     = 400 // of a file that is no test
	maxFunctionLines = 80
)
