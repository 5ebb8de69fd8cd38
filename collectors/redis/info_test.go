package redis

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// scriptedRedis returns the address of a server that answers each command with what is scripted, in the form of the
// protocol; with an error when nothing is.
func scriptedRedis(t *testing.T, answers map[string]string) string {
	t.Helper()
	return collecttest.Listen(t, func(conn net.Conn) { answerRedis(conn, answers) })
}

func answerRedis(conn net.Conn, answers map[string]string) {
	in := bufio.NewReader(conn)
	for {
		var n int
		if _, err := fmt.Fscanf(in, "*%d\r\n", &n); err != nil {
			return
		}
		var words []string
		for range n {
			var size int
			var word string
			if _, err := fmt.Fscanf(in, "$%d\r\n%s\r\n", &size, &word); err != nil {
				return
			}
			words = append(words, word)
		}
		answer, ok := answers[strings.Join(words, " ")]
		if !ok {
			answer = "-ERR unknown command `" + words[0] + "`\r\n"
		}
		if _, err := conn.Write([]byte(answer)); err != nil {
			return
		}
	}
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

// TestRedisOld asks a server of version 5, whose INFO knows no limit of clients and no errors, and of which a service took
// SLOWLOG out.
func TestRedisOld(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"INFO server":           bulk("# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\n"),
		"INFO clients":          bulk("# Clients\r\nconnected_clients:7\r\n"),
		"INFO all":              bulk("# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\n# Clients\r\nconnected_clients:7\r\n# Commandstats\r\ncmdstat_get:calls=3,usec=12,usec_per_call=4.00\r\n"),
		"CONFIG GET maxclients": "*2\r\n" + bulk("maxclients") + bulk("4064"),
		"LATENCY LATEST":        "*1\r\n*4\r\n" + bulk("fork") + ":1700000000\r\n:250\r\n:900\r\n",
	}
	addr := scriptedRedis(t, answers)
	w := watchRedis(t, "redis://"+addr, 0)
	at := fmt.Sprintf("instance=%q,name=\"main\"", addr)
	text := w.Collect(t)
	collecttest.Expect(t, text, "redis_up{"+at+"} 1", "redis_connected_clients{"+at+"} 7", "redis_max_clients{"+at+"} 4064", "redis_config_maxclients{"+at+"} 4064",
		`redis_commands_total{cmd="get",`+at+`} 3`, `redis_commands_duration_seconds_total{cmd="get",`+at+`} 1.2e-05`,
		`redis_latency_spike_last{event_name="fork",`+at+`} 1.7e+09`, `redis_latency_spike_duration_seconds{event_name="fork",`+at+`} 0.25`,
		`gatewatch_collector_success{collector="redis_main"} 1`)
	if slow := collecttest.SamplesOf(text, "redis_slowlog"); slow != "" {
		t.Errorf("without SLOWLOG there is %s", slow)
	}
}

// TestRedisRefuses has servers that refuse at the first question.
func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, says, want string) {
		t.Helper()
		addr := scriptedRedis(t, map[string]string{"AUTH gatewatch tell-nobody": "+OK\r\n", "INFO server": "-" + says + "\r\n"})
		w := watchRedis(t, "redis://gatewatch:tell-nobody@"+addr, 0)
		collecttest.Expect(t, w.Collect(t), fmt.Sprintf(`redis_up{instance=%q,name="main"} 0`, addr))
		if log := w.Log.String(); !strings.Contains(log, want) || strings.Contains(log, "tell-nobody") {
			t.Errorf("when the server says %q, the log says %s, want %s", says, log, want)
		}
	}
	f(t, "LOADING Redis is loading the dataset in memory", "is still loading its data")
	f(t, "DENIED Redis is running in protected mode", "protected mode")
	f(t, "NOPERM this user has no permissions to run the 'info' command", `user \"gatewatch\" may not ask this: docs/collectors.md lists the rights`)
	f(t, "BUSY Redis is busy, tell-nobody", "BUSY Redis is busy, <redacted>")
}

func TestParseRedisAddress(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, dsn string, want redisAddress, ok bool) {
		t.Helper()
		got, err := parseRedisAddress(dsn)
		if got != want || (err == nil) != ok {
			t.Errorf("parseRedisAddress(%q) = %+v, %v, want %+v, %v", dsn, got, err, want, ok)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("parseRedisAddress(%q) repeats the password: %v", dsn, err)
		}
	}
	f(t, "redis://cache", redisAddress{network: "tcp", address: "cache:6379"}, true)
	f(t, "redis://:geheim@cache:1/3", redisAddress{network: "tcp", address: "cache:1", password: "geheim"}, true)
	f(t, "valkey://a:b%40@[::1]", redisAddress{network: "tcp", address: "[::1]:6379", user: "a", password: "b@"}, true)
	f(t, "rediss://a:b@cache", redisAddress{network: "tcp", address: "cache:6379", host: "cache", user: "a", password: "b"}, true)
	f(t, "unix://a:b@/run/s", redisAddress{network: "unix", address: "/run/s", user: "a", password: "b"}, true)
	f(t, "unix://run/s", redisAddress{}, false)
	f(t, "http://geheim@cache", redisAddress{}, false)
	f(t, "redis://:geheim@", redisAddress{}, false)
	f(t, "redis://:ge%heim@cache", redisAddress{}, false)
	f(t, "redis://cache?password=geheim", redisAddress{}, false)
	f(t, "cache:6379", redisAddress{}, false)
}

// redisSays returns the samples of an answer to INFO, and how many were left out.
func redisSays(t testing.TB, text string) (families map[string]int, dropped int) {
	t.Helper()
	var out collect.Samples
	newRedisInfo(prometheus.Labels{"name": "main", "instance": "x"}).add(&out, parseInfo(text), time.Unix(1700000000, 0))
	reg := prometheus.NewRegistry()
	reg.MustRegister(given(out.Metrics))
	all, err := reg.Gather()
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
	families = map[string]int{}
	for _, f := range all {
		families[f.GetName()] = len(f.Metric)
	}
	return families, out.Dropped
}

// given is a collector of metrics that are there already.
type given []prometheus.Metric

func (given) Describe(chan<- *prometheus.Desc) {}
func (g given) Collect(ch chan<- prometheus.Metric) {
	for _, m := range g {
		ch <- m
	}
}

func TestRedisInfoIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "cmdstat_c%d:calls=%d,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0\n", i, i)
		fmt.Fprintf(&b, "errorstat_E%s:count=1\n", strings.Repeat("E", i%29)+string(rune('A'+i%26)))
		fmt.Fprintf(&b, "errorstat_card %d:count=1\n", i)
		fmt.Fprintf(&b, "slave%d:ip=10.0.0.1,port=%d,state=online,offset=1,lag=0\n", i, i)
		fmt.Fprintf(&b, "db%d:keys=1,expires=0,avg_ttl=0\n", i)
	}
	got, dropped := redisSays(t, "role:master\n"+b.String())
	want := map[string]int{"redis_commands_total": maxRedisCommands, "redis_errors_total": maxRedisErrors + 1,
		"redis_connected_slave_lag_seconds": maxRedisPeers, "redis_db_keys": maxRedisDatabases}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%d series of %s, want %d", got[name], name, n)
		}
	}
	if dropped < 800+900+900 {
		t.Errorf("%d are said to be left out, want 2600 and more", dropped)
	}
	got, dropped = redisSays(t, "redis_mode:sentinel\nsentinel_masters:1000\n"+strings.ReplaceAll(b.String(), "slave", "master"))
	if n := got["redis_sentinel_master_status"]; n != 1 || dropped < 1000-maxRedisPeers {
		t.Errorf("of primaries that cannot be told apart there are %d, %d left out", n, dropped)
	}
}

// TestRedisAnswersTooMuch has a server announce and send what no memory holds.
func TestRedisAnswersTooMuch(t *testing.T) {
	t.Parallel()
	f := func(answer string) {
		t.Helper()
		address := scriptedRedis(t, map[string]string{"INFO server": bulk("redis_version:7.0.15\r\n"), "INFO clients": bulk("maxclients:10\r\n"), "INFO all": answer})
		collecttest.Expect(t, watchRedis(t, "redis://"+address, 30*time.Second).CollectOnce(t), `redis_up{instance="`+address+`",name="main"} 0`)
	}
	f("$99999999999999\r\nx")
	f("*99999999999999\r\nx")
	f("$-99999999999999999999999\r\nx")
	f("*99999999\r\n" + strings.Repeat(":1\r\n", 100))
	f(strings.Repeat("*1\r\n", 1<<20))
	f("+" + strings.Repeat("x", 8<<20))
	f("$8388608\r\n" + strings.Repeat("x", 8<<20) + "\r\n")
}

// TestRedisRefusesName watches a server that refuses all but INFO, as one that is old and loads its data.
func TestRedisRefusesName(t *testing.T) {
	t.Parallel()
	f := func(refusal string) {
		t.Helper()
		says := bulk("redis_version:6.0.16\r\nredis_mode:standalone\r\nloading:1\r\nmaxclients:10\r\n")
		address := scriptedRedis(t, map[string]string{"INFO server": says, "INFO clients": says, "INFO all": says, "CLIENT SETNAME gatewatch": refusal})
		watchRedis(t, "redis://"+address, 30*time.Second).Await(t, `redis_up{instance="`+address+`",name="main"} 1`,
			`redis_loading_dump_file{instance="`+address+`",name="main"} 1`)
	}
	f("-LOADING Redis is loading the dataset in memory\r\n")
	f("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n")
	f("-NOPERM this user has no permissions to run the 'client' command\r\n")
}

// FuzzRedisInfo holds that whatever a server says gives samples that can be told.
func FuzzRedisInfo(f *testing.F) {
	f.Add("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nuptime_in_seconds:1\r\n\r\n# Keyspace\r\ndb0:keys=2,expires=0,avg_ttl=0\r\n")
	f.Add("role:slave\nmaster_host:a\nmaster_link_status:down\nmaster_link_down_since_seconds:-1\nslave_read_only:1\nslave0:ip=a,port=1,state=online,offset=1,lag=1\n")
	f.Add("redis_mode:sentinel\nsentinel_masters:1\nmaster0:name=a,status=ok,address=b:1,slaves=1,sentinels=3\n")
	f.Add("cmdstat_get:calls=3,usec=12,usec_per_call=4.00\nerrorstat_ERR:count=4\nmaxclients:NaN\nmaxmemory:\xff\n:\n=\n")
	f.Fuzz(func(t *testing.T, text string) { redisSays(t, text) })
}
