package collectors

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	redisSlowLength = spec{"redis_slowlog_length", gaugeKind, "Commands in the slow log.", nil}
	redisSlowLast   = spec{"redis_slowlog_last_id", gaugeKind, "Number of the newest command in the slow log.", nil}
	redisSlowTime   = spec{"redis_last_slow_execution_duration_seconds", gaugeKind, "How long the newest command in the slow log took.", nil}
	redisSpikeLast  = spec{"redis_latency_spike_last", gaugeKind, "When the event was last slow, as Unix time; with latency-monitor-threshold.", []string{"event_name"}}
	redisSpikeTime  = spec{"redis_latency_spike_duration_seconds", gaugeKind, "How long it took then.", []string{"event_name"}}
	redisMaxClients = spec{"redis_max_clients", gaugeKind, "Most clients at a time.", nil}
	// redisConfigClients is the same under the name of older exporters.
	redisConfigClients = spec{"redis_config_maxclients", gaugeKind, "Most clients at a time.", nil}
)

// redisCluster are the lines of CLUSTER INFO that are told, with redis_ before them.
var redisCluster = []spec{
	{"cluster_state", gaugeKind, "1 when the cluster is ok: every slot is served and a majority of primaries is reachable.", nil},
	{"cluster_slots_assigned", gaugeKind, "Slots that belong to a node.", nil},
	{"cluster_slots_ok", gaugeKind, "Slots whose node is reachable.", nil},
	{"cluster_slots_pfail", gaugeKind, "Slots whose node this one does not reach.", nil},
	{"cluster_slots_fail", gaugeKind, "Slots whose node a majority does not reach.", nil},
	{"cluster_known_nodes", gaugeKind, "Nodes that this one knows of.", nil},
	{"cluster_size", gaugeKind, "Primaries that serve slots.", nil},
	{"cluster_current_epoch", gaugeKind, "Number of the last election that this node knows of.", nil},
	{"cluster_my_epoch", gaugeKind, "Number of the election of this node.", nil},
}

// redisLimitEvery is how often a setting is asked for.
const redisLimitEvery = time.Minute

// redisParts lists what one server is asked. No question reads a key or counts them one by one.
func redisParts(fixed prometheus.Labels) []*part[*redisLink] {
	return []*part[*redisLink]{
		{name: "info", ask: redisInfoPart(fixed)},
		{name: "slowlog", ask: redisSlowPart(fixed)},
		{name: "latency", ask: redisLatencyPart(fixed)},
		{name: "cluster", ask: redisClusterPart(fixed)},
		{name: "limit", every: redisLimitEvery, ask: redisLimitPart(fixed)},
	}
}

// redisSlowPart asks for the newest entry of the slow log alone, and uses its number and time: the rest is what clients sent.
func redisSlowPart(fixed prometheus.Labels) func(context.Context, *redisLink, *samples) error {
	length, last, took := redisSlowLength.metric(fixed), redisSlowLast.metric(fixed), redisSlowTime.metric(fixed)
	return func(ctx context.Context, link *redisLink, out *samples) error {
		if link.mode == "sentinel" {
			return nil
		}
		n, err := redis.Int64(link.do(ctx, "SLOWLOG", "LEN"))
		if unknownToRedis(err) {
			return nil
		}
		if err != nil {
			return err
		}
		entries, err := redis.Values(link.do(ctx, "SLOWLOG", "GET", 1))
		if err != nil {
			return err
		}
		var id, micros int64
		if len(entries) > 0 {
			entry, err := redis.Values(entries[0], nil)
			if err != nil {
				return err
			}
			var when int64
			if _, err := redis.Scan(entry[:min(3, len(entry))], &id, &when, &micros); err != nil {
				return err
			}
		}
		out.add(length, float64(n))
		out.add(last, float64(id))
		out.add(took, float64(micros)/1e6)
		return nil
	}
}

func redisLatencyPart(fixed prometheus.Labels) func(context.Context, *redisLink, *samples) error {
	last, took := redisSpikeLast.metric(fixed), redisSpikeTime.metric(fixed)
	return func(ctx context.Context, link *redisLink, out *samples) error {
		if link.mode == "sentinel" {
			return nil
		}
		events, err := redis.Values(link.do(ctx, "LATENCY", "LATEST"))
		if unknownToRedis(err) {
			return nil
		}
		for _, one := range events {
			event, err := redis.Values(one, nil)
			if err != nil {
				return err
			}
			var name string
			var when, millis int64
			if _, err := redis.Scan(event[:min(3, len(event))], &name, &when, &millis); err != nil {
				return err
			}
			out.add(last, float64(when), name)
			out.add(took, float64(millis)/1e3, name)
		}
		return err
	}
}

func redisClusterPart(fixed prometheus.Labels) func(context.Context, *redisLink, *samples) error {
	known := map[string]metric{}
	for _, s := range redisCluster {
		known[s.name] = s.redis().metric(fixed)
	}
	return func(ctx context.Context, link *redisLink, out *samples) error {
		if link.mode != "cluster" {
			return nil
		}
		text, err := redis.String(link.do(ctx, "CLUSTER", "INFO"))
		for _, f := range parseInfo(text) {
			if m, ok := known[f.key]; ok {
				if v, ok := f.number(); ok {
					out.add(m, v)
				}
			}
		}
		return err
	}
}

// redisLimitPart asks servers whose INFO does not tell the limit of clients.
func redisLimitPart(fixed prometheus.Labels) func(context.Context, *redisLink, *samples) error {
	limits := []metric{redisMaxClients.metric(fixed), redisConfigClients.metric(fixed)}
	return func(ctx context.Context, link *redisLink, out *samples) error {
		if !link.unlimited {
			return nil
		}
		pair, err := redis.Strings(link.do(ctx, "CONFIG", "GET", "maxclients"))
		if unknownToRedis(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(pair) == 2 {
			if v, ok := parseNumber(pair[1]); ok {
				for _, m := range limits {
					out.add(m, v)
				}
			}
		}
		return nil
	}
}

// redis returns s with the name that metrics of Redis begin with.
func (s spec) redis() spec {
	s.name = "redis_" + s.name
	return s
}

func (*RedisConfig) catalogue() []Metric {
	all := metrics{redisUp, redisInstance}
	for _, f := range redisFields {
		all = append(all, f.spec())
	}
	all = append(all, redisConfigClients, redisMaxMemory, redisTotalMemory, redisStarted)
	all = append(all, redisReplicaSpecs...)
	all = append(all, redisCountSpecs...)
	all = append(all, redisSlowLength, redisSlowLast, redisSlowTime, redisSpikeLast, redisSpikeTime)
	listed := all.list("", databaseLabels()...)
	var cluster, sentinel metrics
	for _, s := range redisCluster {
		cluster = append(cluster, s.redis())
	}
	for _, s := range redisSentinelSpecs {
		sentinel = append(sentinel, s.redis())
	}
	listed = append(listed, cluster.list("of a cluster", databaseLabels()...)...)
	return append(listed, sentinel.list("of a Sentinel", databaseLabels()...)...)
}
