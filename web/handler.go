// Package web serves what the agent knows: the pages for people, and for programs the metrics and the APIs of Prometheus
// and Alertmanager. It reads, but for few addresses that only this host may write to, and asks the other parts of the
// agent through the small interfaces in Deps.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// server holds what the handlers share.
type server struct {
	*source
	views  *views
	log    *slog.Logger
	loc    *time.Location
	host   string
	hosts  hosts
	ready  func(context.Context) error
	reload func(context.Context) error
	// silence and unsilence are nil when there is no silencing here.
	silence   func(context.Context, SilenceRequest) error
	unsilence func(ctx context.Context, id string) error

	requests *prometheus.CounterVec
	failures *prometheus.CounterVec
}

// New returns the handler of the whole HTTP address of the agent. It is safe for concurrent use and holds no
// goroutine.
func New(cfg Config, deps Deps, log *slog.Logger, reg prometheus.Registerer) (http.Handler, error) {
	if deps.Series == nil || deps.Logs == nil || deps.Incidents == nil {
		return nil, errors.New("web: Series, Logs and Incidents are required")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Location == nil {
		deps.Location = time.Local
	}
	static, err := loadAssets()
	if err != nil {
		return nil, err
	}
	v, err := loadViews(static, deps.ProviderName, deps.Location)
	if err != nil {
		return nil, err
	}
	s := &server{source: newSource(deps), views: v, log: log, loc: deps.Location, ready: deps.Ready, reload: deps.Reload, silence: deps.Silence, unsilence: deps.Unsilence}
	if s.host, err = os.Hostname(); err != nil {
		s.host = "localhost"
	}
	s.hosts = newHosts(cfg.Hosts, s.host)
	s.requests = promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_web_requests_total", Help: "Requests to the page and the API.",
	}, []string{"page"})
	s.failures = promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_web_failures_total", Help: "Pages that could not show all, because a part of the agent gave an error.",
	}, []string{"part"})
	return s.routes(static, deps), nil
}

// routes is the table of all addresses.
func (s *server) routes(static http.Handler, deps Deps) http.Handler {
	mux := http.NewServeMux()
	// Anybody may ask for these by any host name: of the logs they hold no more than codes and masked templates of errors,
	// and probes and scrapers use many names.
	open := func(pattern, page string, h http.Handler) { mux.Handle(pattern, s.counted(page, get(h))) }
	// These show log text.
	named := func(pattern, page string, h http.HandlerFunc) { open(pattern, page, s.checked(h)) }

	// These change something.
	posted := func(pattern, page string, h http.HandlerFunc) {
		mux.Handle(pattern, s.counted(page, s.guarded(post(h))))
	}

	open("/static/", "static", static)
	open("/-/healthy", "healthy", http.HandlerFunc(s.healthy))
	open("/-/ready", "ready", http.HandlerFunc(s.readiness))
	if deps.Metrics != nil {
		open("/metrics", "metrics", deps.Metrics)
	}
	if s.reload != nil {
		posted("/-/reload", "reload", s.reloading)
	}
	named("/{$}", "now", s.nowPage)
	named("/logs", "logs", s.logsPage)
	if s.errors != nil {
		named("/errors", "errors", s.errorsPage)
	}
	if s.orders != nil {
		named("/orders", "orders", s.ordersPage)
		named("/api/v1/orders", "orders", s.apiOrders)
	}
	named("/objectives", "objectives", s.objectivesPage)
	if s.unclassed != nil {
		named("/api/v1/unclassed", "unclassed", s.apiUnclassed)
	}
	if s.deploy != nil {
		posted("/api/v1/deploys", "deploys", s.deployed)
	}
	if deps.RestoreTested != nil {
		posted("/api/v1/restore-tests", "restore-tests", restoreTested(deps.RestoreTested))
	}
	named("/incidents", "incidents", s.incidentsPage)
	if s.silence != nil {
		posted("/incidents/silence", "silence", s.silencing)
		posted("/incidents/unsilence", "silence", s.unsilencing)
	}
	named("/agent", "agent", s.agentPage)
	named("/api/chart", "chart", s.chart)
	if deps.Prometheus != nil {
		// Its POST is a GET with a long query.
		mux.Handle("/api/v1/", s.counted("query", s.checked(readable(deps.Prometheus).ServeHTTP)))
	}
	if deps.Alertmanager != nil {
		mux.Handle("/api/v2/", s.counted("alertmanager", s.guarded(deps.Alertmanager)))
	}
	named("/", "missing", s.missingPage)
	return secured(mux)
}

func (s *server) counted(page string, next http.Handler) http.Handler {
	count := s.requests.WithLabelValues(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Inc()
		next.ServeHTTP(w, r)
	})
}

// checked refuses requests by a foreign host name.
func (s *server) checked(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hosts.allow(r.Host) {
			l := s.views.language(requestLanguage(w, r))
			http.Error(w, l.text("error.host", cutText(r.Host, 100)), http.StatusMisdirectedRequest)
			return
		}
		next(w, r)
	})
}

func (s *server) healthy(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

func (s *server) readiness(w http.ResponseWriter, r *http.Request) {
	if s.ready != nil {
		if err := s.ready(r.Context()); err != nil {
			plain(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	w.Write([]byte(text + "\n"))
}

// failed counts and logs that a part of the agent gave an error, and returns what to show. A client that went away is
// no failure.
func (s *server) failed(ctx context.Context, part string, err error) string {
	if ctx.Err() == nil {
		s.failures.WithLabelValues(part).Inc()
		s.log.Warn("page is incomplete", "part", part, "err", err)
	}
	return err.Error()
}
