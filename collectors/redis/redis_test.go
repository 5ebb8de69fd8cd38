package redis

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// redisRights are those of collectors/doc/redis.md.
const redisRights = "resetkeys resetchannels -@all +info +client|setname +slowlog|len +slowlog|get +latency|latest +cluster|info"

const redisAdmin = "admin-of-a-test"

// redisAs returns a connection to a server as its administrator; without a password when it wants none.
func redisAs(t *testing.T, s *servicetest.Server, password string) redis.Conn {
	t.Helper()
	conn, err := redis.Dial("tcp", s.Addr, redis.DialPassword(password), redis.DialReadTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func redisDo(t *testing.T, conn redis.Conn, command ...string) any {
	t.Helper()
	var args []any
	for _, a := range command[1:] {
		args = append(args, a)
	}
	answer, err := conn.Do(command[0], args...)
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	return answer
}

// redisUser makes the user of the documentation and returns the DSN with which it asks.
func redisUser(t *testing.T, s *servicetest.Server, admin redis.Conn) string {
	t.Helper()
	redisDo(t, admin, append([]string{"ACL", "SETUSER", "gatewatch", "on", ">p@ss:word"}, strings.Fields(redisRights)...)...)
	return "redis://gatewatch:p%40ss%3Aword@" + s.Addr
}

func watchRedis(t *testing.T, dsn string, timeout time.Duration) *collecttest.Watched {
	t.Helper()
	w := collecttest.NewWatched()
	c := Config{DSNConfig: collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "main", Timeout: model.Duration(timeout)}, DSN: secret.Secret(dsn)}}
	collect.SetDefault(&c.Timeout, model.Duration(time.Minute)) // one that is not reached
	c.SetDefaults()
	s, err := newRedis(c, collect.Env{Log: slog.New(slog.NewTextHandler(w.Log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, w, s)
	return w
}

func redisLabels(s *servicetest.Server) string {
	return fmt.Sprintf(`{instance=%q,name="main"} `, s.Addr)
}

// oursInRedis counts our connections.
func oursInRedis(t *testing.T, admin redis.Conn) int {
	t.Helper()
	list, err := redis.String(admin.Do("CLIENT", "LIST"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, " name="+collect.ApplicationName+" ")
}

func TestRedis(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, redisAdmin, "--slowlog-log-slower-than", "-1", "--latency-monitor-threshold", "1")
	admin := redisAs(t, s, redisAdmin)
	dsn := redisUser(t, s, admin)
	own := redisLabels(s)
	for i := range 1000 {
		redisDo(t, admin, "SET", fmt.Sprintf("order:%d", i), "4111111111111111")
	}
	redisDo(t, admin, "EXPIRE", "order:1", "1000")
	admin.Do("LPUSH", "order:1", "x")
	admin.Do("EVAL", "return redis.error_reply('4111111111111111 is no card')", "0")
	// Any command is slow when the machine does something else in the midst of it: only two are timed.
	redisDo(t, admin, "CONFIG", "SET", "slowlog-log-slower-than", "0")
	redisDo(t, admin, "EVAL", "local n = 0 while n < 5e6 do n = n + 1 end return ARGV[1]", "0", "4111111111111111")
	redisDo(t, admin, "CONFIG", "SET", "slowlog-log-slower-than", "-1")

	t.Run("least privilege", func(t *testing.T) {
		w := watchRedis(t, dsn, 0)
		text := w.Collect(t)
		if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
			t.Errorf("parts failed:\n%s\n%s", failed, w.Log)
		}
		at := fmt.Sprintf("instance=%q,name=\"main\"", s.Addr)
		collecttest.Expect(t, text, "redis_up"+own+"1", "redis_max_clients"+own+"10000", "redis_config_maxclients"+own+"10000", "redis_memory_max_bytes"+own+"0",
			"redis_config_maxmemory"+own+"0", "redis_total_system_memory_bytes"+own, "redis_uptime_in_seconds"+own, "redis_connected_clients"+own+"2",
			`redis_db_keys{db="db0",`+at+`} 1000`, `redis_db_keys_expiring{db="db0",`+at+`} 1`, `redis_db_avg_ttl_seconds{db="db0",`+at+`} `,
			`redis_commands_total{cmd="set",`+at+`} 1000`, `redis_commands_failed_calls_total{cmd="lpush",`+at+`} 1`,
			`redis_errors_total{err="WRONGTYPE",`+at+`} 1`, `redis_errors_total{err="other",`+at+`} 1`, "redis_connected_slaves"+own+"0",
			"redis_rdb_last_bgsave_status"+own+"1", "redis_aof_last_write_status"+own+"1", "redis_loading_dump_file"+own+"0", "redis_cluster_enabled"+own+"0",
			"redis_slowlog_length"+own+"2", "redis_slowlog_last_id"+own+"1", "redis_last_slow_execution_duration_seconds"+own,
			`redis_latency_spike_duration_seconds{event_name="command",`+at+`} `, `gatewatch_collector_success{collector="redis_main"} 1`)
		if !strings.Contains(text, `maxmemory_policy="noeviction"`) || !strings.Contains(text, `role="master"`) {
			t.Errorf("got %s", collecttest.SamplesOf(text, "redis_instance_info"))
		}
		if strings.Contains(text, "41111111") {
			t.Error("what clients sent is in the metrics")
		}
		for range 5 {
			w.AllDue()
			w.Collect(t)
		}
		// A connection that we have left is there until the server has noticed.
		for end := time.Now().Add(time.Minute); oursInRedis(t, admin) != 1; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d connections are ours, want 1", oursInRedis(t, admin))
			}
		}
		answer := redisDo(t, admin, "ACL", "DRYRUN", "gatewatch", "GET", "order:1")
		if refused, ok := answer.(string); ok && refused == "OK" {
			t.Error("the user may read keys")
		}
	})

	t.Run("wrong password", func(t *testing.T) {
		w := watchRedis(t, "redis://gatewatch:tell-nobody@"+s.Addr, 0)
		collecttest.Expect(t, w.Collect(t), "redis_up"+own+"0", `gatewatch_collector_success{collector="redis_main"} 0`)
		if log := w.Log.String(); !strings.Contains(log, "check the user and the password in dsn") || strings.Contains(log, "tell-nobody") {
			t.Errorf("the log says %s, want what to do, without the password", log)
		}
	})

	t.Run("no password", func(t *testing.T) {
		w := watchRedis(t, "redis://"+s.Addr, 0)
		collecttest.Expect(t, w.Collect(t), "redis_up"+own+"0")
		if log := w.Log.String(); !strings.Contains(log, "the server wants a password") {
			t.Errorf("the log says %s, want what to do", log)
		}
	})

	t.Run("without rights", func(t *testing.T) {
		redisDo(t, admin, "ACL", "SETUSER", "poor", "on", ">p", "-@all", "+info")
		w := watchRedis(t, "redis://poor:p@"+s.Addr, 0)
		collecttest.Expect(t, w.Collect(t), "redis_up"+own+"1", `gatewatch_collector_part_success{collector="redis_main",part="slowlog"} 0`,
			`gatewatch_collector_part_success{collector="redis_main",part="info"} 1`)
		if !strings.Contains(w.Log.String(), "docs/collectors.md lists the rights") {
			t.Errorf("the log says %s, want where the rights are", w.Log)
		}
	})

	t.Run("killed and restarted", func(t *testing.T) {
		w := watchRedis(t, dsn, 0)
		collecttest.Expect(t, w.Collect(t), "redis_up"+own+"1")
		s.Kill()
		collecttest.ExpectDown(t, w, "redis_up"+own+"0", "redis_memory")
		s.Restart(t)
		redisUser(t, s, redisAs(t, s, redisAdmin))
		collecttest.Expect(t, w.Collect(t), "redis_up"+own+"1")
	})
}

// TestRedisReplica loses a primary, finds it again and reads what both say.
func TestRedisReplica(t *testing.T) {
	t.Parallel()
	primary := servicetest.Redis(t, "", "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(primary.Addr)
	// A replica that may not serve what is old answers hardly anything while its primary is gone.
	replica := servicetest.Redis(t, "", "--replicaof", host, port, "--repl-diskless-sync-delay", "0", "--replica-serve-stale-data", "no")
	_, replicaPort, _ := net.SplitHostPort(replica.Addr)
	of, at := watchRedis(t, "redis://"+primary.Addr, 0), watchRedis(t, "redis://"+replica.Addr+"/0", 0)
	link := fmt.Sprintf(`{instance=%q,master_host=%q,master_port=%q,name="main"} `, replica.Addr, host, port)
	at.Await(t, "redis_master_link_up"+link+"1", "redis_master_sync_in_progress"+link+"0", "redis_slave_repl_offset"+link, "redis_master_last_io_seconds_ago"+link)
	of.Await(t, "redis_connected_slaves"+redisLabels(primary)+"1",
		fmt.Sprintf(`redis_connected_slave_lag_seconds{instance=%q,name="main",slave_ip=%q,slave_port=%q,slave_state="online"} `, primary.Addr, host, replicaPort),
		fmt.Sprintf(`redis_connected_slave_offset_bytes{instance=%q,name="main",slave_ip=%q,slave_port=%q,slave_state="online"} `, primary.Addr, host, replicaPort))

	primary.Kill()
	text := at.Await(t, "redis_up"+redisLabels(replica)+"1", "redis_master_link_up"+link+"0", "redis_master_link_down_since_seconds"+link)
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("of a replica without its primary parts failed:\n%s\n%s", failed, at.Log)
	}
	primary.Restart(t)
	at.Await(t, "redis_master_link_up"+link+"1")
}

// TestRedisLoading restarts a server that needs long to load its data.
func TestRedisLoading(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, "", "--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
	admin := redisAs(t, s, "")
	redisDo(t, admin, "EVAL", "for i = 1, 100000 do redis.call('SET', 'k' .. i, 'v') end", "0")
	redisDo(t, admin, "SAVE")
	w := watchRedis(t, "redis://"+s.Addr, 0)
	w.Collect(t)
	s.Kill()
	s.Restart(t)
	own := redisLabels(s)
	text := w.Await(t, "redis_up"+own+"1", "redis_loading_dump_file"+own+"1", "redis_loading_eta_seconds"+own)
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_part_success"); strings.Contains(failed, " 0") {
		t.Errorf("of a server that loads its data parts failed:\n%s\n%s", failed, w.Log)
	}
}

// TestRedisCannotSave takes away the folder that a server saves to, until it refuses writes with MISCONF.
func TestRedisCannotSave(t *testing.T) {
	t.Parallel()
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o755); err != nil {
		t.Fatal(err)
	}
	s := servicetest.Redis(t, "", "--save", "3600 1", "--dir", gone)
	admin := redisAs(t, s, "")
	redisDo(t, admin, "SET", "a", "b")
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill) // asked to end, it would go on, because it cannot save
	redisDo(t, admin, "BGSAVE")
	w := watchRedis(t, "redis://"+s.Addr, 0)
	w.Await(t, "redis_up"+redisLabels(s)+"1", "redis_rdb_last_bgsave_status"+redisLabels(s)+"0")
	if _, err := admin.Do("SET", "a", "c"); err == nil || !strings.HasPrefix(err.Error(), "MISCONF") {
		t.Errorf("SET gives %v, want MISCONF", err)
	}
	w.AllDue()
	collecttest.Expect(t, w.Collect(t), "redis_up"+redisLabels(s)+"1", fmt.Sprintf(`redis_errors_total{err="MISCONF",instance=%q,name="main"} 1`, s.Addr))
}

// TestRedisFull takes every connection that a server has.
func TestRedisFull(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, "", "--maxclients", "3")
	early := watchRedis(t, "redis://"+s.Addr, 0)
	own := redisLabels(s)
	collecttest.Expect(t, early.Collect(t), "redis_up"+own+"1", "redis_max_clients"+own+"3")
	redisDo(t, redisAs(t, s, ""), "PING")
	redisDo(t, redisAs(t, s, ""), "PING")
	late := watchRedis(t, "redis://"+s.Addr, 0)
	collecttest.Expect(t, late.Collect(t), "redis_up"+own+"0")
	if !strings.Contains(late.Log.String(), "raise maxclients") {
		t.Errorf("the log says %s, want what to do", late.Log)
	}
	early.AllDue()
	collecttest.Expect(t, early.Collect(t), "redis_up"+own+"1", "redis_connected_clients"+own+"3", "redis_rejected_connections_total"+own+"1")
}

// TestRedisSilent has a server that takes connections and never says a word.
func TestRedisSilent(t *testing.T) {
	t.Parallel()
	addr, tried := collecttest.SilentServer(t)
	w := watchRedis(t, "redis://gatewatch:tell-nobody@"+addr, time.Second)
	collecttest.ExpectSilence(t, w, fmt.Sprintf(`redis_up{instance=%q,name="main"} 0`, addr), tried)
}

// TestRedisFreezes stops a server that was answering.
func TestRedisFreezes(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, "")
	w := watchRedis(t, "redis://"+s.Addr, time.Second)
	w.Await(t, "redis_up"+redisLabels(s)+"1")
	s.Freeze(t)
	w.AllDue()
	collecttest.Expect(t, w.CollectOnce(t), "redis_up"+redisLabels(s)+"0")
	if err := s.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.Await(t, "redis_up"+redisLabels(s)+"1")
}

// TestRedisTLS asks a server that wants a client certificate, and one on a socket.
func TestRedisTLS(t *testing.T) {
	t.Parallel()
	ca, dir := collecttest.NewAuthority(t, "Redis CA", nil), t.TempDir()
	leaf := collecttest.Certify(t, ca, collecttest.ForLoopback())
	cert, key := collecttest.Write(t, dir, "cert.pem", collecttest.PemOf(leaf.Cert)), collecttest.Write(t, dir, "key.pem", collecttest.KeyPEM(t, leaf))
	roots, socket := collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(ca.Cert)), filepath.Join(dir, "s")
	secure := collecttest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(secure)
	servicetest.Redis(t, "geheim", "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", roots,
		"--unixsocket", socket)
	f := func(t *testing.T, c Config, want string) {
		t.Helper()
		c.Name = "main"
		c.SetDefaults()
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		w := collecttest.NewWatched()
		s, err := newRedis(c, collect.Env{Log: collecttest.Quiet()})
		if err != nil {
			t.Fatal(err)
		}
		collecttest.Serve(t, w, s)
		w.Await(t, want)
	}
	at := collect.DSNConfig{DSN: secret.Secret("rediss://:geheim@" + secure)}
	f(t, Config{DSNConfig: at, CAFile: roots, CertFile: cert, KeyFile: key}, fmt.Sprintf(`redis_up{instance=%q,name="main"} 1`, secure))
	f(t, Config{DSNConfig: at, CAFile: roots}, fmt.Sprintf(`redis_up{instance=%q,name="main"} 0`, secure))
	f(t, Config{DSNConfig: at, CertFile: cert, KeyFile: key}, fmt.Sprintf(`redis_up{instance=%q,name="main"} 0`, secure))
	f(t, Config{DSNConfig: collect.DSNConfig{DSN: secret.Secret("unix://:geheim@" + socket)}}, fmt.Sprintf(`redis_up{instance=%q,name="main"} 1`, socket))
}

func TestRedisSentinel(t *testing.T) {
	t.Parallel()
	primary := servicetest.Redis(t, "")
	host, port, _ := net.SplitHostPort(primary.Addr)
	sentinel := servicetest.RedisSentinel(t, "sentinel monitor orders "+host+" "+port+" 1\nsentinel down-after-milliseconds orders 200\n")
	w := watchRedis(t, "redis://"+sentinel.Addr, 0)
	at := fmt.Sprintf(`instance=%q,master_address=%q,master_name="orders",`, sentinel.Addr, primary.Addr)
	text := w.Await(t, "redis_up"+redisLabels(sentinel)+"1", "redis_sentinel_masters"+redisLabels(sentinel)+"1",
		"redis_sentinel_tilt"+redisLabels(sentinel)+"0", "redis_sentinel_master_status{"+at+`master_status="ok",name="main"} 1`,
		"redis_sentinel_master_sentinels{"+at+`name="main"} 1`, "redis_sentinel_master_slaves{"+at+`name="main"} 0`)
	if keys := collecttest.SamplesOf(text, "redis_db_keys"); keys != "" || strings.Contains(collecttest.SamplesOf(text, "gatewatch_collector_part_success"), " 0") {
		t.Errorf("a Sentinel has keys: %q, or parts failed: %s", keys, w.Log)
	}
	primary.Kill()
	w.Await(t, "redis_sentinel_master_status{"+at+`master_status="odown",name="main"} 1`)
}

func TestRedisCluster(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, "", "--cluster-enabled", "yes", "--cluster-require-full-coverage", "yes")
	own := redisLabels(s)
	w := watchRedis(t, "redis://"+s.Addr, 0)
	w.Await(t, "redis_cluster_enabled"+own+"1", "redis_cluster_state"+own+"0", "redis_cluster_slots_assigned"+own+"0", "redis_cluster_known_nodes"+own+"1")
	redisDo(t, redisAs(t, s, ""), "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	w.Await(t, "redis_cluster_state"+own+"1", "redis_cluster_slots_ok"+own+"16384", "redis_cluster_slots_fail"+own+"0", "redis_cluster_size"+own+"1")
}

// movesInRedis begin the names of what moves by itself or by being asked.
var movesInRedis = []string{"redis_uptime_", "redis_start_time_", "redis_connected_clients", "redis_client_recent_", "redis_memory_used_",
	"redis_mem_fragmentation_", "redis_mem_clients_", "redis_allocator_", "redis_cpu_", "redis_net_", "redis_connections_received_",
	"redis_commands_processed_", "redis_total_reads_", "redis_total_writes_", "redis_slave_repl_offset", "redis_mem_not_counted_", "redis_db_avg_ttl_", "redis_expired_stale_"}

// countersSince are gauges in 1.45 and counters in newer versions.
var countersSince = []string{"redis_expired_time_cap_reached_total"}

// TestSameAsRedisExporter compares names, types, labels and values with those of Debian's redis_exporter, 1.45.
func TestSameAsRedisExporter(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	path := servicetest.Program(t, "apt-get install prometheus-redis-exporter", "prometheus-redis-exporter")
	s := servicetest.Redis(t, redisAdmin, "--maxmemory", "100mb", "--latency-monitor-threshold", "20")
	admin := redisAs(t, s, redisAdmin)
	dsn := redisUser(t, s, admin)
	for i := range 100 {
		redisDo(t, admin, "SET", fmt.Sprintf("a%d", i), "b", "EX", "1000")
	}
	admin.Do("LPUSH", "a1", "x")
	admin.Do("GET", "a1")
	admin.Do("GET", "none")
	w, address := watchRedis(t, dsn, 0), collecttest.FreeAddress(t)
	cmd := exec.Command(path, "-web.listen-address="+address, "-redis.addr=redis://"+s.Addr)
	cmd.Env = append(os.Environ(), "REDIS_PASSWORD="+redisAdmin)
	ended, err := servicetest.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	var ours, theirs map[string]*dto.MetricFamily
	compared, differ := 0, []string(nil)
	// What is slow on a busy machine is noted by the server between the one look and the other: it rests some time.
	for end := time.Now().Add(time.Minute); ; {
		w.AllDue()
		ours, theirs = collecttest.ParseExposition(t, strings.NewReader(w.Collect(t))), redisExporter(t, address)
		if compared, differ = compareRedis(ours, theirs); len(differ) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, what := range differ {
		t.Error(what)
	}
	var lacks []string
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if strings.HasPrefix(name, "redis_") && !strings.HasPrefix(name, "redis_exporter_") && ours[name] == nil {
			lacks = append(lacks, name)
		}
	}
	t.Logf("redis_exporter has beside what we have: %s", strings.Join(lacks, ", "))
	t.Logf("%d metrics compared", compared)
	if compared < 100 {
		t.Errorf("%d metrics compared, want 100", compared)
	}
}

// compareRedis returns in what our metrics differ from those of redis_exporter, and how many both have.
func compareRedis(ours, theirs map[string]*dto.MetricFamily) (compared int, differ []string) {
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		their := theirs[name]
		if !strings.HasPrefix(name, "redis_") || their == nil {
			continue
		}
		if their.GetType() != ours[name].GetType() && !slices.Contains(countersSince, name) {
			differ = append(differ, fmt.Sprintf("%s is a %v, redis_exporter's a %v", name, ours[name].GetType(), their.GetType()))
		}
		compared++
		got, want := collecttest.Series(collecttest.WithoutOwn(ours[name])), collecttest.Series(their)
		for labels, value := range got {
			v, ok := want[labels]
			asking := strings.Contains(labels, `cmd="`) && !strings.Contains(labels, `cmd="set"`) && !strings.Contains(labels, `cmd="get"`)
			switch {
			case name == "redis_instance_info" || asking:
			case !ok:
				differ = append(differ, fmt.Sprintf("redis_exporter has no %s{%s}", name, labels))
			case v != value && !collecttest.HasPrefix(name, movesInRedis):
				differ = append(differ, fmt.Sprintf("%s{%s} = %v, redis_exporter says %v", name, labels, value, v))
			}
		}
	}
	return compared, differ
}

// redisExporter returns what the exporter at address says once it says that the server is up.
func redisExporter(t *testing.T, address string) map[string]*dto.MetricFamily {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			continue // not listening yet
		}
		found := collecttest.ParseExposition(t, resp.Body)
		resp.Body.Close()
		if up := found["redis_up"]; up != nil && up.Metric[0].GetGauge().GetValue() == 1 {
			return found
		}
	}
	t.Fatal("redis_exporter does not see the server")
	return nil
}
