package probes

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"net/url"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// probe asks one address. Metrics have the names that blackbox_exporter gives them.
type probe struct {
	cfg      Config
	attempt  attempt
	instance string
	metrics  map[string]collect.Metric
	log      *slog.Logger
	// down is the last result, so that only a change is logged. The runner calls one collection at a time.
	down bool
}

// attempt asks once and reports what it saw. Its error says why that is no success.
type attempt func(ctx context.Context, r *report) error

// errNotAsked marks the error of an attempt that could not ask at all, for a reason that is not the target's.
var errNotAsked = errors.New("the probe cannot ask")

// newProbe returns the collector of one probe.
func newProbe(cfg Config, log *slog.Logger) (collect.Collector, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return collect.Collector{}, errors.New("url is not a URL")
	}
	content, err := newContent(cfg)
	if err != nil {
		return collect.Collector{}, err
	}
	var all collect.Metrics
	p := &probe{
		cfg: cfg, log: log, metrics: probeMetrics(&all),
		// The host only: a query may hold a key.
		instance: u.Host,
	}
	switch kindOf(u) {
	case "http":
		p.attempt, err = newHTTPProbe(cfg, content)
	case "tcp":
		p.attempt, err = newTCPProbe(cfg, u, content)
	case "dns":
		p.attempt = newDNSProbe(cfg, u, content)
		if p.instance == "" {
			p.instance = "system"
		}
	case "icmp":
		p.attempt = newICMPProbe(cfg, u)
	default:
		err = fmt.Errorf("nothing asks %s://", u.Scheme)
	}
	if err != nil {
		return collect.Collector{}, err
	}
	return collect.Collector{
		Name: "probe_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout),
		Collect: p.collect, MadeOf: []any{cfg, fetch.Contents(cfg.CAFile)},
	}, nil
}

// collect asks once. A target that is down is a good collection with probe_success 0, and not an error of the
// collector.
func (p *probe) collect(ctx context.Context, out *collect.Samples) error {
	r := &report{out: out, metrics: p.metrics, labels: []string{p.cfg.Name, p.instance}}
	began := time.Now()
	err := p.attempt(ctx, r)
	took := time.Since(began)
	if errors.Is(err, errNotAsked) {
		return err
	}
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.logChange(err)
	}
	r.add("success", collect.Bool(err == nil))
	r.add("duration_seconds", took.Seconds())
	return nil
}

func (p *probe) logChange(err error) {
	switch down := err != nil; {
	case down && !p.down:
		p.log.Warn("probe fails", "probe", p.cfg.Name, "err", err)
	case !down && p.down:
		p.log.Info("probe works again", "probe", p.cfg.Name)
	}
	p.down = err != nil
}

// report takes what one attempt saw.
type report struct {
	out     *collect.Samples
	metrics map[string]collect.Metric
	labels  []string
}

// add notes one sample of a metric of the table, named without its probe_.
func (r *report) add(name string, value float64, labels ...string) {
	r.out.Add(r.metrics[name], value, append(r.labels[:len(r.labels):len(r.labels)], labels...)...)
}

// address notes which protocol and which address of the target was used.
func (r *report) address(remote string) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip := net.ParseIP(host)
	version := 6.0
	if four := ip.To4(); four != nil {
		ip, version = four, 4
	}
	if ip == nil {
		return
	}
	sum := fnv.New32a()
	sum.Write(ip)
	r.add("ip_protocol", version)
	r.add("ip_addr_hash", float64(sum.Sum32()))
}
