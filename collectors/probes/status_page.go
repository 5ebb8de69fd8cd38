package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// The bounds of what a status page can do to us.
const (
	maxStatusBody       = 4 << 20
	maxStatusComponents = 50
	maxStatusText       = 200
	// statusTick is how often it is looked whether a page's turn has come.
	statusTick = 15 * time.Second
	// keptStatus is how long the last answer is shown while the page does not answer.
	keptStatus = 30 * time.Minute
	// longestStatusRest is the longest Retry-After that is heeded.
	longestStatusRest = 24 * time.Hour
)

// statusPage reads what a provider says about itself.
type statusPage struct {
	cfg    StatusPageConfig
	client *http.Client
	log    *slog.Logger

	next           time.Time // when it is asked again
	etag, modified string    // of the last good answer
	body           []byte    // of the last good answer: entries of feeds grow old
	answered       time.Time
	err            error // of the last request
	last           status

	indicator, incidents collect.Metric
}

// statusTable lists the metrics of status pages.
func statusTable() []probeMetric {
	return []probeMetric{
		{"provider_status_indicator", "", "What the status page says: 0 none, 1 minor, 2 major, 3 critical trouble; without a component: of all", []string{"provider", "component"}},
		{"provider_incidents", "", "Open incidents on the status page, by impact: minor, major, critical", []string{"provider", "impact"}},
	}
}

// newStatusPage returns the collector of one status page.
func newStatusPage(cfg StatusPageConfig, log *slog.Logger) (collect.Collector, error) {
	roots, err := fetch.LoadRoots(cfg.CAFile)
	if err != nil {
		return collect.Collector{}, fmt.Errorf("read ca_file: %w", err)
	}
	proxy, err := proxyOf(cfg.Proxy)
	if err != nil {
		return collect.Collector{}, fmt.Errorf("proxy: %w", err)
	}
	transport := fetch.Transport()
	transport.Proxy, transport.ForceAttemptHTTP2, transport.DisableKeepAlives = http.ProxyFromEnvironment, true, true
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	} else if cfg.Proxy == noProxy {
		transport.Proxy = nil
	}
	return statusCollector(cfg, log, transport), nil
}

// statusCollector returns the collector of a status page that is reached by via.
func statusCollector(cfg StatusPageConfig, log *slog.Logger, via http.RoundTripper) collect.Collector {
	var all collect.Metrics
	names := statusTable()
	p := &statusPage{
		cfg: cfg, log: log, client: &http.Client{Transport: via, CheckRedirect: stayEncrypted},
		indicator: all.Gauge(names[0].name, names[0].help, names[0].labels...),
		incidents: all.Gauge(names[1].name, names[1].help, names[1].labels...),
	}
	return collect.Collector{
		Name: "status_page_" + cfg.Provider, Metrics: all, Interval: min(statusTick, time.Duration(cfg.Interval)),
		Timeout: time.Duration(cfg.Timeout), Collect: p.collect, MadeOf: []any{cfg, fetch.Contents(cfg.CAFile)},
	}
}

func (p *statusPage) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	if !now.Before(p.next) {
		// A tenth more or less, so that many agents do not ask at the same moment.
		p.next = now.Add(time.Duration(float64(p.cfg.Interval) * (0.9 + 0.2*rand.Float64())))
		p.err = p.ask(ctx, now)
	}
	if p.answered.IsZero() || p.err != nil && now.Sub(p.answered) > keptStatus+time.Duration(p.cfg.Interval) {
		return p.err
	}
	s, err := readStatus(p.cfg.Format, p.body, now)
	if err != nil {
		return err
	}
	p.logChanges(s)
	p.last = s
	p.tell(s, out)
	return p.err
}

// ask requests the page, unless it has not changed, and keeps the answer when it can be read.
func (p *statusPage) ask(ctx context.Context, now time.Time) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.cfg.URL, nil)
	if err != nil {
		return errors.New("url cannot be requested")
	}
	req.Header.Set("User-Agent", "gatewatch")
	req.Header.Set("Accept", "application/json, application/rss+xml, application/atom+xml, */*;q=0.5")
	if p.etag != "" {
		req.Header.Set("If-None-Match", p.etag)
	}
	if p.modified != "" {
		req.Header.Set("If-Modified-Since", p.modified)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return fetch.WithoutURL(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		p.answered = now
		return nil
	case http.StatusOK:
	default:
		if rest := retryAfter(resp.Header.Get("Retry-After"), now); now.Add(rest).After(p.next) {
			p.next = now.Add(rest)
		}
		return fmt.Errorf("unexpected status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStatusBody+1))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if len(body) > maxStatusBody {
		return fmt.Errorf("the page has more than %d bytes", maxStatusBody)
	}
	if _, err := readStatus(p.cfg.Format, body, now); err != nil {
		return err
	}
	p.body, p.answered = body, now
	p.etag, p.modified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	return nil
}

// stayEncrypted refuses to go from https to http, where anybody on the way can say how the provider is.
func stayEncrypted(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
		return errors.New("a redirect leads from https to http")
	}
	return nil
}

// retryAfter returns how long the header asks to wait, bounded; 0 when it does not say.
func retryAfter(text string, now time.Time) time.Duration {
	rest := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		rest = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		rest = at.Sub(now)
	}
	return min(max(rest, 0), longestStatusRest)
}

func (p *statusPage) tell(s status, out *collect.Samples) {
	out.Add(p.indicator, float64(s.trouble), p.cfg.Provider, "")
	seen := map[string]bool{}
	for _, c := range s.components {
		switch {
		case len(p.cfg.Components) > 0 && !slices.Contains(p.cfg.Components, c.name), c.name == "", seen[c.name]:
		case len(seen) >= maxStatusComponents:
			out.Dropped++
		default:
			seen[c.name] = true
			out.Add(p.indicator, float64(c.trouble), p.cfg.Provider, c.name)
		}
	}
	open := map[trouble]int{}
	for _, i := range s.incidents {
		open[i.trouble]++
	}
	for _, t := range []trouble{minorTrouble, majorTrouble, criticalTrouble} {
		out.Add(p.incidents, float64(open[t]), p.cfg.Provider, t.String())
	}
}

// logChanges logs the words of incidents that begin and end, which have no place in a metric.
func (p *statusPage) logChanges(s status) {
	has := func(all []incident, id string) bool {
		return slices.ContainsFunc(all, func(i incident) bool { return i.id == id })
	}
	for _, i := range s.incidents {
		if !has(p.last.incidents, i.id) {
			p.log.Warn("provider reports an incident", "provider", p.cfg.Provider, "impact", i.trouble.String(), "text", fetch.Brief(i.name, maxStatusText))
		}
	}
	for _, i := range p.last.incidents {
		if !has(s.incidents, i.id) {
			p.log.Info("provider's incident is over", "provider", p.cfg.Provider, "text", fetch.Brief(i.name, maxStatusText))
		}
	}
	if s.trouble != p.last.trouble {
		p.log.Info("provider's status changes", "provider", p.cfg.Provider, "status", s.trouble.String(), "text", fetch.Brief(s.text, maxStatusText))
	}
}
