package series

import (
	"context"
	"net/http"
	"sync"

	"github.com/grafana/regexp"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"gatewatch/internal/quietlog"
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

// apiPaths are the parts of Prometheus' API that are served: what reads metrics, rules and alerts. All else of it is
// about scraping, remote storage and administration.
var apiPaths = [...]string{
	"query", "query_range", "query_exemplars", "format_query", "parse_query", "labels", "label/{name}/values", "series",
	"metadata", "rules", "alerts", "status/buildinfo",
}

// API returns a handler of the reading half of Prometheus' HTTP API, below /api/v1/: Prometheus' own handlers over this
// store. Its queries share the bounds of all others. It changes nothing.
func (s *Store) API(rules Rules, build Build) http.Handler {
	// Building it takes a while, most agents are never asked, and the start should not wait for it.
	made := sync.OnceValue(func() http.Handler { return s.newAPI(rules, build) })
	a := &boundedAPI{api: made, slots: make(chan struct{}, maxAPIRequests)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", errNotServed)
	})
	for _, path := range apiPaths {
		mux.Handle("/api/v1/"+path, a)
	}
	return mux
}

func (s *Store) newAPI(rules Rules, build Build) http.Handler {
	log := quietlog.Warnings(s.log)
	empty := func() config.Config { return config.DefaultConfig }
	api := v1.NewAPI(
		boundedEngine{s.engine, s}, samplesOnly{s}, nil, nil, noExemplars{},
		nil, s.targets(), nil,
		empty, nil, v1.GlobalURLOptions{}, func(next http.HandlerFunc) http.HandlerFunc { return next },
		nil, "", false, false, 0, log,
		func(context.Context) v1.RulesRetriever { return rules },
		0, 0, 0, false,
		regexp.MustCompile(`^$`), // no other site may read the answers
		nil, &v1.PrometheusVersion{Version: prometheusVersion, Revision: build.Revision, Branch: "gatewatch " + build.Version, GoVersion: build.GoVersion},
		nil, nil, nil, nil, nil,
		false, nil, false, false, false, false, 0, false, false, nil, nil,
		v1.OpenAPIOptions{IncludePaths: []string{"/status/buildinfo"}}, parser.NewParser(parser.Options{}),
	)
	router := route.New()
	api.Register(router.WithPrefix("/api/v1"))
	return router
}
