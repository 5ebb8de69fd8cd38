package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// maxProbeBody is how much of an answer is read; what is beyond says nothing about being alive.
const maxProbeBody = 1 << 20

// httpProbe requests one URL.
type httpProbe struct {
	cfg       Config
	content   content
	transport *http.Transport
}

func newHTTPProbe(cfg Config, content content) (attempt, error) {
	secure, err := fetch.ClientTLS(cfg.CAFile, cfg.CertFile, cfg.KeyFile, cfg.ServerName)
	if err != nil {
		return nil, err
	}
	proxy, err := proxyOf(cfg.Proxy)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &httpProbe{cfg: cfg, content: content,
		// Each probe opens its own connection, so that it sees what a new one goes through.
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: secure,
		},
	}
	switch {
	case proxy != nil:
		p.transport.Proxy = http.ProxyURL(proxy)
	case cfg.Proxy == noProxy:
		p.transport.Proxy = nil
	}
	return p.attempt, nil
}

func (p *httpProbe) attempt(ctx context.Context, r *report) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &hops{next: p.during(ctx)}
	a, err := p.request(ctx, h)
	h.end(time.Now())

	refused := r.refusedTLS(err)
	r.tls(a.tls)
	r.add("http_ssl", collect.Bool(a.tls != nil || refused))
	r.add("http_status_code", float64(a.status))
	r.add("http_version", a.version)
	r.add("http_redirects", float64(max(len(h.all)-1, 0)))
	r.add("http_content_length", float64(a.length))
	r.add("http_uncompressed_body_length", float64(len(a.body)))
	if !a.modified.IsZero() {
		r.add("http_last_modified_timestamp_seconds", collect.UnixSeconds(a.modified))
	}
	r.announcements(p.cfg.Provider, p.cfg.Name, a.header)
	for name, took := range h.took {
		r.add("http_duration_seconds", took.Seconds(), name)
	}
	r.add("dns_lookup_time_seconds", h.took["resolve"].Seconds())
	r.address(h.address())

	if err == nil && !p.expected(a.status) {
		err = fmt.Errorf("unexpected status %d", a.status)
	}
	var wrong error
	if a.status != 0 && p.content.asked() {
		wrong = p.content.check(a.body)
	}
	r.add("failed_due_to_regex", collect.Bool(errors.Is(wrong, errRegex)))
	if len(p.content.json) > 0 {
		r.add("failed_due_to_json", collect.Bool(errors.Is(wrong, errJSON)))
	}
	if err == nil {
		err = wrong
	}
	return err
}

// during returns connections that end with ctx. net/http goes on connecting and shaking hands when the request that began it is
// over: a server that accepts and says nothing would keep a connection of each probe.
func (p *httpProbe) during(ctx context.Context) *http.Transport {
	transport := p.transport.Clone()
	connect := &dialer{ip: p.cfg.IP}
	transport.DialContext = func(detached context.Context, network, address string) (net.Conn, error) {
		dialing, cancel := context.WithCancel(detached)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		conn, err := connect.DialContext(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	return transport
}

// expected tells whether status is a success.
func (p *httpProbe) expected(status int) bool {
	code := strconv.Itoa(status)
	return len(p.cfg.ExpectStatus) == 0 || slices.ContainsFunc(p.cfg.ExpectStatus, func(want string) bool {
		return want == code || strings.HasSuffix(want, "xx") && want[:1] == code[:1]
	})
}

// answer is what a request brought; zero where it failed before.
type answer struct {
	status   int
	version  float64
	length   int64
	modified time.Time
	header   http.Header
	tls      *tls.ConnectionState
	body     []byte
}

func (p *httpProbe) request(ctx context.Context, via http.RoundTripper) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, p.cfg.Method, p.cfg.URL, strings.NewReader(p.cfg.Body.Reveal()))
	if err != nil {
		return a, errors.New("url or method cannot be requested")
	}
	req.Header.Set("User-Agent", "gatewatch")
	for name, value := range p.cfg.Headers {
		req.Header.Set(name, value.Reveal())
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value.Reveal()
		}
	}
	client := http.Client{Transport: via, CheckRedirect: p.redirect}
	resp, err := client.Do(req)
	if err != nil {
		return a, fetch.WithoutURL(err)
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, version: httpVersion(resp.Proto), length: resp.ContentLength, header: resp.Header, tls: resp.TLS}
	a.modified, _ = http.ParseTime(resp.Header.Get("Last-Modified"))
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxProbeBody))
	return a, err
}

// redirect decides whether one is followed. What is configured may be secret and stays with the host it is for: headers, the
// body, and the URL, which net/http tells the next host as the referrer.
func (p *httpProbe) redirect(req *http.Request, via []*http.Request) error {
	switch {
	case p.cfg.Redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > p.cfg.Redirects:
		return fmt.Errorf("more than %d redirects", p.cfg.Redirects)
	}
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
		for name := range p.cfg.Headers {
			req.Header.Del(name)
		}
		req.Header.Del("Referer")
		req.Host = ""
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	return nil
}

// hops times each request of a chain of redirects.
type hops struct {
	next http.RoundTripper
	all  []*phases
	took map[string]time.Duration
}

// RoundTrip sends one request.
func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	h.end(time.Now())
	ph := &phases{}
	h.all = append(h.all, ph)
	return h.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), ph.trace())))
}

// end adds up the phases of the last request, which ended then.
func (h *hops) end(now time.Time) {
	if h.took == nil {
		h.took = map[string]time.Duration{"resolve": 0, "connect": 0, "tls": 0, "processing": 0, "transfer": 0}
	}
	if len(h.all) == 0 {
		return
	}
	for name, took := range h.all[len(h.all)-1].durations(now) {
		h.took[name] += took
	}
}

func (h *hops) address() string {
	if len(h.all) == 0 {
		return ""
	}
	return h.all[len(h.all)-1].address()
}

// httpVersion returns 1.1 for "HTTP/1.1", and 0 for what is no version.
func httpVersion(proto string) float64 {
	v, err := strconv.ParseFloat(strings.TrimPrefix(proto, "HTTP/"), 64)
	if err != nil {
		return 0
	}
	return v
}
