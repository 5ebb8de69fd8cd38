package web

import (
	"context"
	"math"
	"time"
)

// ground is one thing that payments stand on: the host, the access log, the probes. What is not measured is NaN.
type ground struct {
	Kind   string
	Values []float64
	Names  []string
	State  state
}

// The limits above which a resource of the host is short.
const (
	worseCPU, failingCPU       = 0.85, 0.95
	worseMemory, failingMemory = 0.90, 0.97
	worseDisk, failingDisk     = 0.85, 0.95
	worse5xx, failing5xx       = 0.01, 0.05
)

// ground asks for what is measured about the host and its surroundings. What nobody measures is left out.
func (s *source) ground(ctx context.Context, at time.Time) []ground {
	var all []ground
	for _, part := range []func(context.Context, time.Time) (ground, bool){
		s.hostGround, s.diskGround, s.networkGround, s.httpGround, s.probeGround,
	} {
		if g, ok := part(ctx, at); ok {
			all = append(all, g)
		}
	}
	return all
}

func (s *source) numbers(ctx context.Context, at time.Time, exprs ...string) (values []float64, found bool) {
	for _, e := range exprs {
		v, ok := s.value(ctx, e, at)
		if !ok {
			v = math.NaN()
		}
		found = found || ok
		values = append(values, v)
	}
	return values, found
}

func (s *source) hostGround(ctx context.Context, at time.Time) (ground, bool) {
	v, ok := s.numbers(ctx, at,
		`1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))`,
		`node_load1`,
		`count(node_cpu_seconds_total{mode="idle"})`,
		`1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes`)
	g := ground{Kind: "host", Values: v}
	g.State = max(grade(v[0], worseCPU, failingCPU), grade(v[3], worseMemory, failingMemory))
	return g, ok
}

func (s *source) diskGround(ctx context.Context, at time.Time) (ground, bool) {
	samples, err := s.series.Query(ctx,
		// As df counts: what is kept for root is neither used nor free.
		`topk(1, max by (mountpoint) (1 - node_filesystem_avail_bytes / (node_filesystem_size_bytes - node_filesystem_free_bytes + node_filesystem_avail_bytes)))`, at)
	if err != nil || len(samples) == 0 {
		return ground{}, false
	}
	full := samples[0]
	return ground{Kind: "disk", Values: []float64{full.Value}, Names: []string{full.Labels["mountpoint"]},
		State: grade(full.Value, worseDisk, failingDisk)}, true
}

func (s *source) networkGround(ctx context.Context, at time.Time) (ground, bool) {
	v, ok := s.numbers(ctx, at,
		`sum(rate(node_network_receive_bytes_total{device!="lo"}[1m]))`,
		`sum(rate(node_network_transmit_bytes_total{device!="lo"}[1m]))`)
	return ground{Kind: "network", Values: v}, ok
}

func (s *source) httpGround(ctx context.Context, at time.Time) (ground, bool) {
	v, ok := s.numbers(ctx, at,
		`sum(rate(gateway_http_requests_total[2m]))`,
		`(sum(rate(gateway_http_requests_total{code=~"5.."}[2m])) or vector(0)) / sum(rate(gateway_http_requests_total[2m]))`,
		`histogram_quantile(0.95, sum by (le) (rate(gateway_http_request_duration_seconds_bucket[2m])))`)
	if !ok || math.IsNaN(v[0]) {
		return ground{}, false
	}
	return ground{Kind: "http", Values: v, State: grade(v[1], worse5xx, failing5xx)}, true
}

// probeGround has the number of probes and the slowest answer, and the names of those that fail.
func (s *source) probeGround(ctx context.Context, at time.Time) (ground, bool) {
	samples, err := s.series.Query(ctx, `probe_success`, at)
	if err != nil || len(samples) == 0 {
		return ground{}, false
	}
	slowest, ok := s.value(ctx, `max(probe_duration_seconds)`, at)
	if !ok {
		slowest = math.NaN()
	}
	g := ground{Kind: "probes", Values: []float64{float64(len(samples)), slowest}}
	for _, one := range samples {
		if one.Value == 0 {
			g.Names = append(g.Names, one.Labels["name"])
			g.State = failing
		}
	}
	return g, true
}
