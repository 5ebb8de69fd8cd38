package series

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/httputil"
)

// Rules are the rules that are evaluated on a store.
type Rules interface {
	RuleGroups() []*rules.Group
	AlertingRules() []*rules.AlertingRule
}

// Build is what the API says of the program.
type Build struct {
	Version, Revision, GoVersion string
}

// prometheusVersion is the version whose API this is: Grafana asks, to know what it can do.
const prometheusVersion = "3.15.0"

// api answers what Prometheus' web/api/v1 answers, to which the tests compare it byte by byte.
type api struct {
	engine   *promql.Engine
	samples  storage.Queryable
	slot     func(context.Context) (release func(), err error)
	gatherer prometheus.Gatherer
	rules    Rules
	build    Build
	parser   parser.Parser
}

// endpoint makes the body of a good answer, or none when there is nothing to tell. Its errors are *apiError.
type endpoint func(*http.Request) ([]byte, error)

// API returns a handler of the reading half of Prometheus' HTTP API, below /api/v1/: what reads metrics, rules and
// alerts. All else of that API is about scraping, remote storage and administration. Its queries share the bounds of all
// others. It changes nothing.
func (s *Store) API(rules Rules, build Build) http.Handler {
	a := &api{
		engine: s.engine, samples: s, gatherer: s.gatherer, rules: rules, build: build, slot: s.slot, parser: parser.NewParser(parser.Options{}),
	}
	const get, getPost = "GET", "GET, POST"
	slots := make(chan struct{}, maxAPIRequests)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { refuse(w, failure(notFound, errNotServed)) })
	for _, one := range []struct {
		path, methods string
		answer        endpoint
	}{
		{"query", getPost, a.query},
		{"query_range", getPost, a.queryRange},
		{"query_exemplars", getPost, a.exemplars},
		{"format_query", getPost, a.format},
		{"parse_query", getPost, a.parse},
		{"labels", getPost, a.labelNames},
		{"label/{name}/values", get, a.labelValues},
		{"series", getPost, a.series},
		{"metadata", get, a.metadata},
		{"rules", get, a.ruleGroups},
		{"alerts", get, a.alerts},
		{"status/buildinfo", get, a.buildInfo},
	} {
		bounded := &boundedEndpoint{answer: one.answer, methods: one.methods, slots: slots}
		mux.Handle("/api/v1/"+one.path, httputil.CompressionHandler{Handler: bounded})
	}
	return mux
}

func (a *api) buildInfo(*http.Request) ([]byte, error) {
	return success(struct {
		Version   string `json:"version"`
		Revision  string `json:"revision"`
		Branch    string `json:"branch"`
		BuildUser string `json:"buildUser"`
		BuildDate string `json:"buildDate"`
		GoVersion string `json:"goVersion"`
	}{Version: prometheusVersion, Revision: a.build.Revision, Branch: "gatewatch " + a.build.Version, GoVersion: a.build.GoVersion})
}
