package redis

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

// The bounds of what one answer to INFO may list.
const (
	maxRedisCommands  = 200 // those with most calls
	maxRedisErrors    = 50
	maxRedisDatabases = 100
	maxRedisPeers     = 100 // replicas of a server, primaries that a Sentinel watches
)

// infoField is one line of an answer to INFO.
type infoField struct{ key, value string }

// parseInfo reads the lines of an answer to INFO or CLUSTER INFO. Headings and what has no colon are left out.
func parseInfo(text string) []infoField {
	var found []infoField
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		key, value, ok := strings.Cut(line, ":")
		if ok && key != "" && !strings.HasPrefix(line, "#") {
			found = append(found, infoField{key, value})
		}
	}
	return found
}

// number reads a value that is a number or a state.
func (f infoField) number() (float64, bool) {
	switch f.value {
	case "ok", "up":
		return 1, true
	case "err", "fail", "down":
		return 0, true
	}
	return collect.ParseNumber(f.value)
}

// pairs reads a value that is itself a list, as in keys=10,expires=2. What is no pair is left out.
func (f infoField) pairs() map[string]string {
	found := map[string]string{}
	for one := range strings.SplitSeq(f.value, ",") {
		if key, value, ok := strings.Cut(one, "="); ok {
			found[key] = value
		}
	}
	return found
}

// numbered tells whether the key is prefix and a number, as in slave0.
func (f infoField) numbered(prefix string) bool {
	rest, ok := strings.CutPrefix(f.key, prefix)
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(rest, 10, 32)
	return err == nil
}

// redisInfo makes samples of what INFO says.
type redisInfo struct {
	fields map[string]redisFieldMetric
	// named are the metrics that have labels or are computed, by their names.
	named map[string]collect.Metric
}

type redisFieldMetric struct {
	collect.Metric
	per float64
}

func newRedisInfo(fixed prometheus.Labels) *redisInfo {
	r := &redisInfo{fields: map[string]redisFieldMetric{}, named: map[string]collect.Metric{}}
	for _, f := range redisFields {
		r.fields[f.field] = redisFieldMetric{f.spec().Metric(fixed), f.per}
	}
	for _, s := range slices.Concat(redisReplicaSpecs, redisCountSpecs) {
		r.named[s.Name] = s.Metric(fixed)
	}
	for _, s := range redisSentinelSpecs {
		r.named[ofRedis(s).Name] = ofRedis(s).Metric(fixed)
	}
	for _, s := range []collect.Spec{redisInstance, redisConfigClients, redisMaxMemory, redisTotalMemory, redisStarted} {
		r.named[s.Name] = s.Metric(fixed)
	}
	return r
}

// redisInfoPart returns the question for everything that INFO says without asking modules.
func redisInfoPart(fixed prometheus.Labels) func(context.Context, *redisLink, *collect.Samples) error {
	r := newRedisInfo(fixed)
	return func(ctx context.Context, link *redisLink, out *collect.Samples) error {
		text, err := redis.String(link.do(ctx, "INFO", "all"))
		if err != nil {
			return err
		}
		r.add(out, parseInfo(text), time.Now())
		return nil
	}
}

// add notes the samples of an answer that was given at now.
func (r *redisInfo) add(to *collect.Samples, answer []infoField, now time.Time) {
	out := collect.NewDistinct(to)
	text := map[string]string{}
	for _, f := range answer {
		text[f.key] = f.value
		m, ok := r.fields[f.key]
		if v, isNumber := f.number(); ok && isNumber {
			out.Add(m.Metric, v/m.per)
		}
	}
	if mode, ok := text["server_mode"]; ok { // Valkey's name
		text["redis_mode"] = mode
	}
	r.server(out, text, now)
	if text["redis_mode"] == "sentinel" {
		r.sentinel(out, answer)
		return
	}
	r.replication(out, answer, text)
	r.keyspace(out, answer)
	r.commands(out, answer)
	r.errors(out, answer)
}

// redisCopies are numbers that have a second name.
var redisCopies = []struct{ field, name string }{
	{"maxclients", redisConfigClients.Name}, {"maxmemory", redisMaxMemory.Name}, {"total_system_memory", redisTotalMemory.Name},
}

// server notes what is told of the program itself.
func (r *redisInfo) server(out *collect.Distinct, text map[string]string, now time.Time) {
	for _, c := range redisCopies {
		if v, ok := collect.ParseNumber(text[c.field]); ok {
			out.Add(r.named[c.name], v)
		}
	}
	if up, ok := collect.ParseNumber(text["uptime_in_seconds"]); ok {
		out.Add(r.named[redisStarted.Name], float64(now.Unix())-up)
	}
	labels := make([]string, len(redisInstance.Labels))
	for i, l := range redisInstance.Labels {
		labels[i] = text[l]
	}
	out.Add(r.named[redisInstance.Name], 1, labels...)
}

// replication notes the replicas of a primary, or the primary of a replica.
func (r *redisInfo) replication(out *collect.Distinct, answer []infoField, text map[string]string) {
	if text["role"] == "slave" {
		host, port := text["master_host"], text["master_port"]
		for _, f := range answer {
			m, ok := r.named[redisOfPrimary[f.key]]
			if v, isNumber := f.number(); ok && isNumber {
				out.Add(m, v, host, port)
			}
		}
		out.Add(r.named["redis_slave_info"], 1, host, port, text["slave_read_only"])
	}
	peers := 0
	for _, f := range answer {
		if !f.numbered("slave") {
			continue
		}
		if peers++; peers > maxRedisPeers {
			out.Dropped++
			continue
		}
		of := f.pairs()
		for key, name := range map[string]string{"offset": "redis_connected_slave_offset_bytes", "lag": "redis_connected_slave_lag_seconds"} {
			// A replica that is not online yet has a lag that means nothing: -1 in older versions.
			if v, ok := collect.ParseNumber(of[key]); ok && v >= 0 {
				out.Add(r.named[name], v, of["ip"], of["port"], of["state"])
			}
		}
	}
}

// keyspace notes how many keys there are. A database without any is not listed; the first one is then said to have none.
func (r *redisInfo) keyspace(out *collect.Distinct, answer []infoField) {
	found := map[string]bool{}
	for _, f := range answer {
		if !f.numbered("db") {
			continue
		}
		if len(found) >= maxRedisDatabases {
			out.Dropped++
			continue
		}
		found[f.key] = true
		of := f.pairs()
		for key, name := range map[string]string{"keys": "redis_db_keys", "expires": "redis_db_keys_expiring", "avg_ttl": "redis_db_avg_ttl_seconds"} {
			v, ok := collect.ParseNumber(of[key])
			if key == "avg_ttl" {
				v /= 1e3
			}
			if ok {
				out.Add(r.named[name], v, f.key)
			}
		}
	}
	if !found["db0"] {
		out.Add(r.named["redis_db_keys"], 0, "db0")
		out.Add(r.named["redis_db_keys_expiring"], 0, "db0")
	}
}

// redisCommand is what a server says of one command.
type redisCommand struct {
	name  string
	calls float64
	of    map[string]string
}

func (r *redisInfo) commands(out *collect.Distinct, answer []infoField) {
	var all []redisCommand
	for _, f := range answer {
		if name, ok := strings.CutPrefix(f.key, "cmdstat_"); ok {
			of := f.pairs()
			calls, _ := collect.ParseNumber(of["calls"])
			all = append(all, redisCommand{name, calls, of})
		}
	}
	slices.SortFunc(all, func(a, b redisCommand) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), strings.Compare(a.name, b.name))
	})
	for i, c := range all {
		if i >= maxRedisCommands {
			out.Dropped++
			continue
		}
		for _, told := range []struct {
			key, name string
			per       float64
		}{
			{"calls", "redis_commands_total", 1}, {"usec", "redis_commands_duration_seconds_total", 1e6},
			{"rejected_calls", "redis_commands_rejected_calls_total", 1}, {"failed_calls", "redis_commands_failed_calls_total", 1},
		} {
			if v, ok := collect.ParseNumber(c.of[told.key]); ok {
				out.Add(r.named[told.name], v/told.per, c.name)
			}
		}
	}
}

// errorCode matches the codes of the server. A script may answer with any text, also one that belongs to a customer.
var errorCode = regexp.MustCompile(`^[A-Z_]{1,30}$`)

func (r *redisInfo) errors(out *collect.Distinct, answer []infoField) {
	counts, others := map[string]float64{}, 0.0
	for _, f := range answer {
		name, ok := strings.CutPrefix(f.key, "errorstat_")
		v, isNumber := collect.ParseNumber(f.pairs()["count"])
		switch {
		case !ok || !isNumber:
		case !errorCode.MatchString(name):
			others += v
		case len(counts) >= maxRedisErrors:
			out.Dropped++
		default:
			counts[name] = v
		}
	}
	for name, v := range counts {
		out.Add(r.named["redis_errors_total"], v, name)
	}
	if others > 0 {
		out.Add(r.named["redis_errors_total"], others, "other")
	}
}

// sentinel notes the primaries that a Sentinel watches.
func (r *redisInfo) sentinel(out *collect.Distinct, answer []infoField) {
	watched := 0
	for _, f := range answer {
		if m, ok := r.named["redis_"+f.key]; ok && strings.HasPrefix(f.key, "sentinel_") {
			if v, ok := f.number(); ok {
				out.Add(m, v)
			}
		}
		if !f.numbered("master") {
			continue
		}
		if watched++; watched > maxRedisPeers {
			out.Dropped++
			continue
		}
		of := f.pairs()
		out.Add(r.named["redis_sentinel_master_status"], 1, of["name"], of["address"], of["status"])
		for _, key := range []string{"slaves", "sentinels"} {
			if v, ok := collect.ParseNumber(of[key]); ok {
				out.Add(r.named["redis_sentinel_master_"+key], v, of["name"], of["address"])
			}
		}
	}
}
