package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// incident breaks what is watched in many ways at once, as no gateway would, and returns when all of it has happened.
func (s *servers) incident(b *testing.B) {
	b.Helper()
	for range 50 { // HAProxy sees errors of a server before the server is gone
		for _, path := range []string{"/fail", "/missing"} {
			if resp, err := http.Get(s.haproxy.URL + path); err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
	}
	doPostgres(b, s.standby.URL, "SELECT pg_wal_replay_pause()")
	doPostgres(b, inOrders(s.postgres.URL), strings.Repeat("BEGIN; INSERT INTO orders (note) VALUES ('z'); ROLLBACK;", 500))
	for range 23 {
		conn, err := pgconn.Connect(b.Context(), inOrders(s.postgres.URL))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close(b.Context()) })
	}
	doMariaDB(b, openMariaDB(b, s.replica.URL), "STOP SLAVE SQL_THREAD")
	slow := openMariaDB(b, s.mariadb.URL)
	doMariaDB(b, slow, "SET GLOBAL max_connections = 10", "SET GLOBAL long_query_time = 0.01")
	for range 7 {
		conn, err := slow.Conn(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close() // at the same time
	}
	doMariaDB(b, openMariaDB(b, s.mariadb.URL), "DO SLEEP(0.1)")
	doRedis(b, s.redis, "CONFIG SET maxmemory 1mb")
	doRedis(b, s.cluster, "CLUSTER DELSLOTS 0")
	s.copied.Kill()
	s.ferretdb.Kill()
	s.nginx.Kill()
	time.Sleep(*settle)
}

// firing tells which rules fire at each place.
func firing(places []place, all []verdict) ([][]bool, error) {
	fires := make([][]bool, len(places))
	for i, p := range places {
		s := newSource(p.address)
		for _, v := range all {
			_, series, err := s.ask(v.rule.expr)
			if err != nil {
				return nil, err
			}
			fires[i] = append(fires[i], len(series) > 0)
		}
	}
	return fires, nil
}

// alarms says, as Markdown, which rules fire with ours and with the exporters, which are the places.
func alarms(when string, places []place, all []verdict) (string, error) {
	fires, err := firing(places, all)
	if err != nil {
		return "", err
	}
	both, alone := 0, [2][]string{}
	for i, v := range all {
		ours, theirs := fires[0][i], fires[1][i]
		switch name := v.group + ": " + v.rule.name; {
		case ours && theirs:
			both++
		case ours:
			alone[0] = append(alone[0], name)
		case theirs:
			alone[1] = append(alone[1], name)
		}
	}
	return fmt.Sprintf("\n%s %d rules fire both with Gatewatch and with the exporters.\n\n- With Gatewatch alone: %s.\n- With the exporters alone: %s.\n",
		when, both, strings.Join(alone[0], "; "), strings.Join(alone[1], "; ")), nil
}
