package redis

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
)

var (
	redisSlowLength = collect.Spec{Name: "redis_slowlog_length", Kind: collect.GaugeKind, Help: "Commands in the slow log.", Labels: nil}
	redisSlowLast   = collect.Spec{Name: "redis_slowlog_last_id", Kind: collect.GaugeKind, Help: "Number of the newest command in the slow log.", Labels: nil}
	redisSlowTime   = collect.Spec{Name: "redis_last_slow_execution_duration_seconds", Kind: collect.GaugeKind, Help: "How long the newest command in the slow log took.", Labels: nil}
	redisSpikeLast  = collect.Spec{Name: "redis_latency_spike_last", Kind: collect.GaugeKind, Help: "When the event was last slow, as Unix time; with latency-monitor-threshold.", Labels: []string{"event_name"}}
	redisSpikeTime  = collect.Spec{Name: "redis_latency_spike_duration_seconds", Kind: collect.GaugeKind, Help: "How long it took then.", Labels: []string{"event_name"}}
	redisMaxClients = collect.Spec{Name: "redis_max_clients", Kind: collect.GaugeKind, Help: "Most clients at a time.", Labels: nil}
	// redisConfigClients is the same under the name of older exporters.
	redisConfigClients = collect.Spec{Name: "redis_config_maxclients", Kind: collect.GaugeKind, Help: "Most clients at a time.", Labels: nil}
)

// redisCluster are the lines of CLUSTER INFO that are told, with redis_ before them.
var redisCluster = []collect.Spec{
	{Name: "cluster_state", Kind: collect.GaugeKind, Help: "1 when the cluster is ok: every slot is served and a majority of primaries is reachable.", Labels: nil},
	{Name: "cluster_slots_assigned", Kind: collect.GaugeKind, Help: "Slots that belong to a node.", Labels: nil},
	{Name: "cluster_slots_ok", Kind: collect.GaugeKind, Help: "Slots whose node is reachable.", Labels: nil},
	{Name: "cluster_slots_pfail", Kind: collect.GaugeKind, Help: "Slots whose node this one does not reach.", Labels: nil},
	{Name: "cluster_slots_fail", Kind: collect.GaugeKind, Help: "Slots whose node a majority does not reach.", Labels: nil},
	{Name: "cluster_known_nodes", Kind: collect.GaugeKind, Help: "Nodes that this one knows of.", Labels: nil},
	{Name: "cluster_size", Kind: collect.GaugeKind, Help: "Primaries that serve slots.", Labels: nil},
	{Name: "cluster_current_epoch", Kind: collect.GaugeKind, Help: "Number of the last election that this node knows of.", Labels: nil},
	{Name: "cluster_my_epoch", Kind: collect.GaugeKind, Help: "Number of the election of this node.", Labels: nil},
}

// redisLimitEvery is how often a setting is asked for.
const redisLimitEvery = time.Minute

// redisParts lists what one server is asked. No question reads a key or counts them one by one.
func redisParts(fixed prometheus.Labels) []*collect.Part[*redisLink] {
	return []*collect.Part[*redisLink]{
		{Name: "info", Ask: redisInfoPart(fixed)},
		{Name: "slowlog", Ask: redisSlowPart(fixed)},
		{Name: "latency", Ask: redisLatencyPart(fixed)},
		{Name: "cluster", Ask: redisClusterPart(fixed)},
		{Name: "limit", Every: redisLimitEvery, Ask: redisLimitPart(fixed)},
	}
}

// redisSlowPart asks for the newest entry of the slow log alone, and uses its number and time: the rest is what clients sent.
func redisSlowPart(fixed prometheus.Labels) func(context.Context, *redisLink, *collect.Samples) error {
	length, last, took := redisSlowLength.Metric(fixed), redisSlowLast.Metric(fixed), redisSlowTime.Metric(fixed)
	return func(ctx context.Context, link *redisLink, out *collect.Samples) error {
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
		out.Add(length, float64(n))
		out.Add(last, float64(id))
		out.Add(took, float64(micros)/1e6)
		return nil
	}
}

func redisLatencyPart(fixed prometheus.Labels) func(context.Context, *redisLink, *collect.Samples) error {
	last, took := redisSpikeLast.Metric(fixed), redisSpikeTime.Metric(fixed)
	return func(ctx context.Context, link *redisLink, out *collect.Samples) error {
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
			out.Add(last, float64(when), name)
			out.Add(took, float64(millis)/1e3, name)
		}
		return err
	}
}

func redisClusterPart(fixed prometheus.Labels) func(context.Context, *redisLink, *collect.Samples) error {
	known := map[string]collect.Metric{}
	for _, s := range redisCluster {
		known[s.Name] = ofRedis(s).Metric(fixed)
	}
	return func(ctx context.Context, link *redisLink, out *collect.Samples) error {
		if link.mode != "cluster" {
			return nil
		}
		text, err := redis.String(link.do(ctx, "CLUSTER", "INFO"))
		for _, f := range parseInfo(text) {
			if m, ok := known[f.key]; ok {
				if v, ok := f.number(); ok {
					out.Add(m, v)
				}
			}
		}
		return err
	}
}

// redisLimitPart asks servers whose INFO does not tell the limit of clients.
func redisLimitPart(fixed prometheus.Labels) func(context.Context, *redisLink, *collect.Samples) error {
	limits := []collect.Metric{redisMaxClients.Metric(fixed), redisConfigClients.Metric(fixed)}
	return func(ctx context.Context, link *redisLink, out *collect.Samples) error {
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
			if v, ok := collect.ParseNumber(pair[1]); ok {
				for _, m := range limits {
					out.Add(m, v)
				}
			}
		}
		return nil
	}
}

// ofRedis returns s with the name that metrics of Redis begin with.
func ofRedis(s collect.Spec) collect.Spec {
	s.Name = "redis_" + s.Name
	return s
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	all := collect.Metrics{redisUp, redisInstance}
	for _, f := range redisFields {
		all = append(all, f.spec())
	}
	all = append(all, redisConfigClients, redisMaxMemory, redisTotalMemory, redisStarted)
	all = append(all, redisReplicaSpecs...)
	all = append(all, redisCountSpecs...)
	all = append(all, redisSlowLength, redisSlowLast, redisSlowTime, redisSpikeLast, redisSpikeTime)
	listed := all.List("", collect.DatabaseLabels()...)
	var cluster, sentinel collect.Metrics
	for _, s := range redisCluster {
		cluster = append(cluster, ofRedis(s))
	}
	for _, s := range redisSentinelSpecs {
		sentinel = append(sentinel, ofRedis(s))
	}
	listed = append(listed, cluster.List("of a cluster", collect.DatabaseLabels()...)...)
	return append(listed, sentinel.List("of a Sentinel", collect.DatabaseLabels()...)...)
}
