package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// loaded answers PromQL over series in promqltest's notation, as Prometheus does; what it has nothing of, world answers.
type loaded struct {
	*world
	db *promqltest.LazyLoader
}

func load(t *testing.T, w *world, series string) loaded {
	t.Helper()
	db, err := promqltest.NewLazyLoader("load 15s\n"+strings.TrimSpace(series), promqltest.LazyLoaderOpts{StartTime: start.Add(-10 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.WithSamplesTill(start, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	return loaded{w, db}
}

func (l loaded) Query(ctx context.Context, expr string, at time.Time) ([]Sample, error) {
	q, err := l.db.QueryEngine().NewInstantQuery(ctx, l.db.Queryable(), nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	vector, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	if len(vector) == 0 {
		return l.world.Query(ctx, expr, at)
	}
	return samplesOf(vector), nil
}

func samplesOf(vector promql.Vector) []Sample {
	var all []Sample
	for _, one := range vector {
		all = append(all, Sample{one.Metric.Map(), one.F})
	}
	return all
}

func serving(t *testing.T, d Deps) http.Handler {
	t.Helper()
	h, err := New(DefaultConfig(), d, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// strip returns the cells of what payments stand on, but for the agent's own.
func strip(t *testing.T, w *world, series, query string) string {
	t.Helper()
	d := w.deps()
	d.Series = load(t, w, series)
	body := fetch(t, serving(t, d), "/"+query).Body.String()
	var found []string
	for _, list := range all(parse(t, body), "ul", "strip") {
		for _, cell := range all(list, "li", "") {
			if said := text(cell); !strings.HasPrefix(said, "Logs") && !strings.HasPrefix(said, "Journal") && !strings.HasPrefix(said, "Elasticsearch") {
				found = append(found, attr(cell, "class")+": "+said)
			}
		}
	}
	return strings.Join(found, "\n")
}

func TestGround(t *testing.T) {
	t.Parallel()
	f := func(name, series, query string, incidents []Incident, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(fixed(start))
			w.heal()
			w.incidents = incidents
			got := strip(t, w, series, query)
			for _, one := range want {
				if !strings.Contains("\n"+got+"\n", "\n"+one+"\n") {
					t.Errorf("there is no %q in\n%s", one, got)
				}
			}
		})
	}
	at := start.Unix()
	const two = `{name="orders",instance="a:5432"}`
	f("databases", `
		pg_up`+two+` 1x40
		pg_up{name="ledger",instance="b:5432"} 1x40
		pg_stat_database_numbackends{name="orders",instance="a:5432",datname="pay"} 30x40
		pg_stat_database_numbackends{name="orders",instance="a:5432",datname="log"} 11x40
		pg_stat_database_numbackends{name="ledger",instance="b:5432",datname="pay"} 50x40
		pg_settings_max_connections`+two+` 200x40
		pg_settings_max_connections{name="ledger",instance="b:5432"} 1000x40
		pg_replication_is_replica{name="ledger",instance="b:5432"} 1x40
		pg_replication_is_replica`+two+` 0x40
		pg_replication_lag_seconds{name="ledger",instance="b:5432"} 0.2x40
		pg_replication_lag_seconds`+two+` 999x40
		pg_blocked_sessions`+two+` 0x40
		mysql_up{name="m",instance="c"} 0x40
		mysql_global_status_threads_connected{name="m",instance="c"} 7x40
		redis_up{name="cache",instance="d"} 1x40
		redis_keyspace_hits_total{name="cache",instance="d"} 0+991x40
		redis_keyspace_misses_total{name="cache",instance="d"} 0+9x40
		redis_memory_used_bytes{name="cache",instance="d"} 50x40
		redis_memory_max_bytes{name="cache",instance="d"} 0x40
		mongodb_up{name="docs",instance="e"} 1x40`, "", nil,
		"ok: PostgreSQL 2 of 2 answer, 41 of 200 connections, lag 0.20 s",
		"bad: MySQL no answer: m",
		"ok: Redis hit rate 99.1 %",
		"ok: MongoDB 1 of 1 answer")
	f("a replica by its primary", `
		pg_up`+two+` 1x40
		pg_blocked_sessions`+two+` 3x40
		pg_replication_is_replica`+two+` 0x40
		pg_replication_lag_seconds`+two+` 0x40
		pg_stat_replication_replay_lag_seconds{name="orders",instance="a:5432",application_name="r"} 4x40`, "",
		[]Incident{{ID: "1", Name: "PostgresBlockedSessions", Severity: "warning", Since: start, Summary: map[string]string{"en": "Sessions wait"}}},
		"warn: PostgreSQL lag 4.0 s, 3 blocked")
	f("front", `
		nginx_up{name="edge",instance="a"} 1x40
		nginx_connections_active{name="edge",instance="a"} 12x40
		gateway_upstream_requests_total{upstream="pay",peer="1",code="200"} 0+5x40
		gateway_upstream_requests_total{upstream="pay",peer="1",code="502"} 0+1x40
		gateway_upstream_requests_total{upstream="pay",peer="2",code="200"} 70x40
		haproxy_up{name="lb",instance="b"} 1x40
		haproxy_server_status{name="lb",proxy="pay",server="1",state="UP"} 1x40
		haproxy_server_status{name="lb",proxy="pay",server="2",state="UP"} 0x40
		haproxy_server_status{name="lb",proxy="pay",server="2",state="DOWN"} 1x40
		scrape_up{application="gateway",instance="c"} 1x40
		jvm_memory_used_bytes{application="gateway",instance="c",area="heap",id="eden"} 30x40
		jvm_memory_used_bytes{application="gateway",instance="c",area="heap",id="old"} 33x40
		jvm_memory_max_bytes{application="gateway",instance="c",area="heap",id="eden"} -1x40
		jvm_memory_max_bytes{application="gateway",instance="c",area="heap",id="old"} 100x40`, "", nil,
		"ok: nginx 12 connections", "ok: Upstreams 1 of 2 peers", "ok: HAProxy 1 of 2 servers up", "ok: Applications heap 63 %")
	f("surroundings", fmt.Sprintf(`
		x509_cert_not_after{name="shop",source="endpoint"} %dx40
		x509_cert_not_after{name="bundle",source="ca"} %dx40
		backup_last_success_timestamp_seconds{name="orders",kind="pgbackrest"} %dx40
		backup_last_success_timestamp_seconds{name="files",kind="files"} 0x40
		backup_last_size_bytes{name="orders",kind="pgbackrest"} %dx40
		node_systemd_unit_state{name="nginx.service",state="active"} 1x40
		node_systemd_unit_state{name="nginx.service",state="failed"} 0x40
		node_systemd_unit_state{name="pay.service",state="failed"} 1x40
		posture_security_updates_pending{manager="apt"} 3x40`, at+61*86400, at-86400, at-5*3600, int64(41)<<30), "", nil,
		"ok: Certificates next in 61 d", "warn: Backups last 5 h ago, 41.0 GiB, none yet: files",
		"warn: Services 1 run, failed: pay.service", "ok: Security 3 security updates wait")
	f("expired, in Chinese", fmt.Sprintf(`
		x509_cert_not_after{name="shop",source="endpoint"} %dx40
		x509_cert_not_after{name="api",source="endpoint"} %dx40`, at-1, at+3600), "?lang=zh", nil,
		"bad: 证书 已过期：shop，最近 1 小时后到期")
	f("only an alert", ``, "",
		[]Incident{{ID: "1", Name: "SecurityAccessChanged", Severity: "critical", Since: start, Summary: map[string]string{"en": "sudoers changed"}}},
		"bad: Security sudoers changed")
}

// TestVerdictNamesDatabases has the page say of databases whether they are to blame.
func TestVerdictNamesDatabases(t *testing.T) {
	t.Parallel()
	f := func(up int, want string) {
		t.Helper()
		w := newWorld(fixed(start))
		d := w.deps()
		d.Series = load(t, w, fmt.Sprintf(`
			pg_up{name="orders",instance="a"} %dx40
			redis_up{name="cache",instance="b"} 1x40`, up))
		if said := text(all(parse(t, fetch(t, serving(t, d), "/").Body.String()), "div", "verdict")[0]); !strings.Contains(said, want) {
			t.Errorf("with pg_up %d the page says %q, want %q", up, said, want)
		}
	}
	f(1, "the databases are well")
	f(0, "PostgreSQL is not well")
}

// TestGroundAsksForWhatIsThere holds the metrics that the page asks for to those that are documented.
func TestGroundAsksForWhatIsThere(t *testing.T) {
	t.Parallel()
	var known strings.Builder
	for _, file := range []string{"../docs/collectors.md"} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		known.Write(page)
	}
	// What belongs to families, or comes from applications and logs.
	others := regexp.MustCompile(`^(node_memory_|pg_settings_|mysql_global_|mysql_slave_status_|mongodb_ss_|mongodb_mongod_|jvm_|nodejs_|gateway_)`)
	name := regexp.MustCompile(`\b[a-z]\w*_\w+\b`)
	for _, k := range groundKinds() {
		asked := k.needs
		for _, p := range k.parts {
			asked += " " + p.list
			for _, n := range p.numbers {
				asked += " " + n.expr
			}
		}
		for _, metric := range name.FindAllString(asked, -1) {
			if !slices.Contains([]string{"conn_type", "histogram_quantile"}, metric) && !others.MatchString(metric) && !strings.Contains(known.String(), "`"+metric) {
				t.Errorf("%s asks for %s, which is documented nowhere", k.kind, metric)
			}
		}
	}
}
