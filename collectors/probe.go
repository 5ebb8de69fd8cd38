package collectors

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxProbeBody is how much of an answer is read; what is beyond says nothing about being alive.
const maxProbeBody = 1 << 20

// probe requests one URL. Metrics have the names that blackbox_exporter gives them.
type probe struct {
	cfg       ProbeConfig
	transport *http.Transport
	instance  string
	log       *slog.Logger
	// down is the last result, so that only a change is logged. The runner calls one collection at a time.
	down bool

	success, duration, phase, status, version, tlsUsed, certExpiry metric
}

// newProbe returns the collector of one probe.
func newProbe(cfg ProbeConfig, log *slog.Logger) (collector, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return collector{}, errors.New("url is not a URL")
	}
	roots, err := loadRoots(cfg.CAFile)
	if err != nil {
		return collector{}, fmt.Errorf("read ca_file: %w", err)
	}
	of := func(name, help string, labels ...string) metric {
		return gauge("probe_"+name, help, append([]string{"name", "instance"}, labels...)...)
	}
	p := &probe{
		cfg: cfg, log: log,
		// The host only: a query may hold a key.
		instance: u.Host,
		// Each probe opens its own connection, so that it sees what a new one goes through.
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			MaxConnsPerHost: 1, MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		},
		success:    of("success", "Displays whether or not the probe was a success"),
		duration:   of("duration_seconds", "Returns how long the probe took to complete in seconds"),
		phase:      of("http_duration_seconds", "Duration of http request by phase", "phase"),
		status:     of("http_status_code", "Response HTTP status code"),
		version:    of("http_version", "Returns the version of HTTP of the probe response"),
		tlsUsed:    of("http_ssl", "Indicates if SSL was used for the final redirect"),
		certExpiry: of("ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime"),
	}
	return collector{
		name: "probe_" + cfg.Name, interval: time.Duration(cfg.Interval), timeout: time.Duration(cfg.Timeout),
		collect: p.collect,
	}, nil
}

// collect requests the URL once. A target that is down is a good collection with probe_success 0, and not an error
// of the collector.
func (p *probe) collect(ctx context.Context, out *samples) error {
	var ph phases
	began := time.Now()
	answer, err := p.request(httptrace.WithClientTrace(ctx, ph.trace()))
	ended := time.Now()

	add := func(m metric, value float64, labels ...string) {
		out.add(m, value, append([]string{p.cfg.Name, p.instance}, labels...)...)
	}
	if err == nil && !p.expected(answer.status) {
		err = fmt.Errorf("unexpected status %d", answer.status)
	}
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.logChange(err)
	}
	add(p.success, boolValue(err == nil))
	add(p.duration, ended.Sub(began).Seconds())
	add(p.status, float64(answer.status))
	add(p.version, answer.version)
	add(p.tlsUsed, boolValue(!answer.certExpiry.IsZero()))
	if !answer.certExpiry.IsZero() {
		add(p.certExpiry, unixSeconds(answer.certExpiry))
	}
	for name, took := range ph.durations(ended) {
		add(p.phase, took.Seconds(), name)
	}
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

func (p *probe) expected(status int) bool {
	return len(p.cfg.ExpectStatus) == 0 || slices.Contains(p.cfg.ExpectStatus, status)
}

// answer is what one request brought; zero where it failed before.
type answer struct {
	status     int
	version    float64
	certExpiry time.Time
}

func (p *probe) request(ctx context.Context) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.cfg.URL, nil)
	if err != nil {
		return a, err
	}
	req.Header.Set("User-Agent", "gatewatch")
	// The transport itself, not a client: it follows no redirect and keeps no cookies.
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		// A certificate that cannot be trusted is shown all the same: it may have expired.
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			a.certExpiry = earliestExpiry(untrusted.UnverifiedCertificates)
		}
		return a, err
	}
	defer resp.Body.Close()
	a.status, a.version = resp.StatusCode, httpVersion(resp.Proto)
	if resp.TLS != nil {
		a.certExpiry = earliestExpiry(resp.TLS.PeerCertificates)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxProbeBody))
	return a, err
}

// httpVersion returns 1.1 for "HTTP/1.1", and 0 for what is no version.
func httpVersion(proto string) float64 {
	v, err := strconv.ParseFloat(strings.TrimPrefix(proto, "HTTP/"), 64)
	if err != nil {
		return 0
	}
	return v
}

// earliestExpiry returns when the first certificate of a chain expires; zero for an empty chain.
func earliestExpiry(chain []*x509.Certificate) (first time.Time) {
	for _, cert := range chain {
		if first.IsZero() || cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}
