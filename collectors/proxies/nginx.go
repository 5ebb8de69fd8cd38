// Package proxies watches nginx and HAProxy.
package proxies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// maxStatusPage is how much of a server's status page is read.
const maxStatusPage = 64 << 10

// nginxServer is one nginx. Metrics have the names of nginx-prometheus-exporter.
type nginxServer struct {
	cfg      NginxConfig
	proc     string
	address  string // of the page, as client asks for it
	instance string
	client   *http.Client
	tests    configTests
	// most is how many connections it can have, when limited; of the files as they were changed last at read.
	most    float64
	limited bool
	read    time.Time

	up, accepted, active, handled, reading, writing, waiting, requests, limit collect.Metric
	changed, started, testOK, testTime                                        collect.Metric
}

// newNginx returns the collector of one nginx. proc is where the host's /proc is seen.
func newNginx(cfg NginxConfig, proc string, _ *slog.Logger) (collect.Collector, error) {
	var all collect.Metrics
	of := func(name, help string) collect.Metric { return all.Gauge("nginx_"+name, help, "name", "instance") }
	count := func(name, help string) collect.Metric { return all.Counter("nginx_"+name, help, "name", "instance") }
	u, err := url.Parse(cfg.StatusURL)
	if err != nil {
		return collect.Collector{}, errors.New("status_url is not a URL")
	}
	address, instance, client := cfg.StatusURL, u.Host, fetch.Client()
	if socket, page, _ := cfg.socket(); socket != "" {
		address, instance, client = "http://localhost"+page, socket, fetch.SocketClient(socket)
	}
	n := &nginxServer{
		cfg: cfg, proc: proc, address: address, instance: instance, client: client,
		up:       of("up", "Status of the last metric scrape"),
		accepted: count("connections_accepted", "Accepted client connections"),
		active:   of("connections_active", "Active client connections"),
		handled:  count("connections_handled", "Handled client connections"),
		reading:  of("connections_reading", "Connections where NGINX is reading the request header"),
		writing:  of("connections_writing", "Connections where NGINX is writing the response back to the client"),
		waiting:  of("connections_waiting", "Idle client connections"),
		limit:    of("connections_limit", "Connections that it can have open, to clients and upstreams together, as its files say: worker_processes × worker_connections"),
		requests: count("http_requests_total", "Total http requests"),
		changed:  of("config_changed_timestamp_seconds", "When a file of the configuration was last changed."),
		started:  of("workers_started_timestamp_seconds", "When the newest worker process was started: the last start or reload."),
		testOK:   of("config_test_success", "Whether the configuration passed its last test."),
		testTime: of("config_test_timestamp_seconds", "When the configuration was last tested."),
	}
	return collect.Collector{Name: "nginx_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout),
		MadeOf: []any{cfg, proc}, Collect: n.collect, Stop: n.client.CloseIdleConnections}, nil
}

// labels are those of all samples. The address in them is host and port only, or the path of a socket.
func (n *nginxServer) labels() []string { return []string{n.cfg.Name, n.instance} }

func (n *nginxServer) collect(ctx context.Context, out *collect.Samples) error {
	st, err := n.status(ctx)
	out.Add(n.up, collect.Bool(err == nil), n.labels()...)
	if err == nil {
		out.Add(n.active, st.active, n.labels()...)
		out.Add(n.accepted, st.accepted, n.labels()...)
		out.Add(n.handled, st.handled, n.labels()...)
		out.Add(n.requests, st.requests, n.labels()...)
		out.Add(n.reading, st.reading, n.labels()...)
		out.Add(n.writing, st.writing, n.labels()...)
		out.Add(n.waiting, st.waiting, n.labels()...)
	}
	return errors.Join(err, n.collectConfiguration(ctx, out))
}

// stubStatus is what nginx' stub_status says.
type stubStatus struct {
	active, accepted, handled, requests, reading, writing, waiting float64
}

func (n *nginxServer) status(ctx context.Context) (stubStatus, error) {
	text, err := fetch.Text(ctx, n.client, n.address, maxStatusPage)
	if err != nil {
		return stubStatus{}, err
	}
	return parseStubStatus(text)
}

// parseStubStatus reads
//
//	Active connections: 291
//	server accepts handled requests
//	 16630948 16630948 31070465
//	Reading: 6 Writing: 179 Waiting: 106
func parseStubStatus(text string) (stubStatus, error) {
	var st stubStatus
	words := strings.Fields(text)
	to := map[int]*float64{
		2: &st.active, 7: &st.accepted, 8: &st.handled, 9: &st.requests, 11: &st.reading, 13: &st.writing, 15: &st.waiting,
	}
	if len(words) != 16 || words[0] != "Active" || words[10] != "Reading:" {
		return st, errors.New("the answer is not a stub_status page; does status_url lead to one?")
	}
	for i, value := range to {
		var err error
		if *value, err = strconv.ParseFloat(words[i], 64); err != nil {
			return st, fmt.Errorf("stub_status: %w", err)
		}
	}
	return st, nil
}
