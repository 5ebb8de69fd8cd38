package posture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

const (
	// endpointAgent is how the one who asks is called in the logs of the server.
	endpointAgent = "Gatewatch-posture/1 (checks of our own addresses)"
	// endpointPace is the pause between two requests.
	endpointPace = time.Second
	// maxEndpointBody is how much of an answer is read.
	maxEndpointBody = 64 << 10
	// endpointTries is how many pages in a row are followed to the one that has headers.
	endpointTries = 3
)

// postureEndpoint looks at one own address.
type postureEndpoint struct {
	cfg    EndpointConfig
	base   *url.URL
	client *http.Client
	// pace is the pause before each request.
	pace time.Duration

	up, exposed, missing, plain, checked collect.Metric
}

// endpointAnswer is the beginning of an answer.
type endpointAnswer struct {
	status int
	header http.Header
	body   []byte
	at     *url.URL
}

func newPostureEndpoint(cfg EndpointConfig, pace time.Duration) (collect.Collector, error) {
	roots, err := fetch.LoadRoots(cfg.CAFile)
	if err != nil {
		return collect.Collector{}, err
	}
	base, err := url.Parse(cfg.URL)
	if err != nil {
		return collect.Collector{}, errors.New("url: is not a URL")
	}
	transport := fetch.Transport()
	transport.TLSClientConfig, transport.DisableCompression = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, true
	transport.MaxResponseHeaderBytes, transport.MaxIdleConns, transport.IdleConnTimeout = maxEndpointBody, 1, 10*time.Second
	var all collect.Metrics
	e := &postureEndpoint{
		cfg: cfg, base: base, pace: pace,
		client: &http.Client{
			Timeout: time.Duration(cfg.Timeout),
			// A redirect is an answer: what it leads to is not at the path that was asked for.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     transport,
		},
		up:      all.Gauge("posture_endpoint_up", "Whether an own address answered at the last look.", "name"),
		exposed: all.Gauge("posture_exposed_path", "1 when an own address shows the content of a path that must not be public.", "name", "path"),
		missing: all.Gauge("posture_security_header_missing", "1 when a header is missing that browsers protect customers by.", "name", "header"),
		plain:   all.Gauge("posture_plain_http", "1 when an own address answers over plain HTTP in place of leading to HTTPS.", "name"),
		checked: all.Gauge("posture_endpoint_last_check_timestamp_seconds", "When an own address was last looked at.", "name"),
	}
	requests := time.Duration(len(exposedPaths()) + 3 + endpointTries)
	return collect.Collector{Name: "posture_endpoint_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval),
		Timeout: requests * (pace + time.Duration(cfg.Timeout)), MadeOf: []any{cfg, fetch.Contents(cfg.CAFile)}, Collect: e.collect, Stop: e.client.CloseIdleConnections}, nil
}

func (e *postureEndpoint) collect(ctx context.Context, out *collect.Samples) error {
	page, err := e.page(ctx)
	out.Add(e.up, collect.Bool(err == nil), e.cfg.Name)
	out.Add(e.checked, collect.UnixSeconds(time.Now()), e.cfg.Name)
	if err != nil {
		return err
	}
	for _, name := range e.cfg.Headers {
		if missing, asked := headerMissing(name, page.at.Scheme == "https", page.header); asked {
			out.Add(e.missing, collect.Bool(missing), e.cfg.Name, name)
		}
	}
	if e.cfg.PlainURL != "" {
		var plain bool
		if plain, err = e.answersPlain(ctx); err == nil {
			out.Add(e.plain, collect.Bool(plain), e.cfg.Name)
		}
	}
	return errors.Join(err, e.paths(ctx, out))
}

// page returns the page at the address, behind redirects on the same host.
func (e *postureEndpoint) page(ctx context.Context) (a endpointAnswer, err error) {
	at := e.base
	for range endpointTries {
		if a, err = e.get(ctx, at.String()); err != nil {
			return a, err
		}
		next, bad := at.Parse(a.header.Get("Location"))
		if a.status/100 != 3 || bad != nil || a.header.Get("Location") == "" || next.Hostname() != e.base.Hostname() {
			break
		}
		at = next
	}
	return a, nil
}

// answersPlain tells whether plain HTTP is served. That nobody listens is well, and so is a refusal, or a connection that is
// closed without an answer.
func (e *postureEndpoint) answersPlain(ctx context.Context) (bool, error) {
	a, err := e.get(ctx, e.cfg.PlainURL)
	var refused net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.As(err, &refused) && refused.Timeout() && ctx.Err() == nil:
		return false, nil
	case err != nil:
		return false, err
	}
	return a.status < 400 && !strings.HasPrefix(strings.ToLower(a.header.Get("Location")), "https://"), nil
}

// paths asks for everything that must not be public.
func (e *postureEndpoint) paths(ctx context.Context, out *collect.Samples) error {
	var failed error
	for _, p := range exposedPaths() {
		a, err := e.get(ctx, e.at(p.path))
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		out.Add(e.exposed, collect.Bool(a.found() && p.shown(a.header.Get("Content-Type"), a.body)), e.cfg.Name, p.path)
	}
	a, err := e.get(ctx, e.at(actuatorIndex))
	if err == nil && a.found() {
		for _, name := range offered(a.body) {
			if path := actuatorIndex + "/" + name; name != "env" { // which was asked for
				out.Add(e.exposed, 1, e.cfg.Name, path)
			}
		}
	}
	return errors.Join(failed, err)
}

func (a *endpointAnswer) found() bool {
	return a.status == http.StatusOK || a.status == http.StatusPartialContent
}

// at returns the address of a path: at the root of the host, where such things are looked for.
func (e *postureEndpoint) at(path string) string {
	return (&url.URL{Scheme: e.base.Scheme, Host: e.base.Host, Path: path}).String()
}

// get asks for the beginning of what is at an address, after a pause.
func (e *postureEndpoint) get(ctx context.Context, address string) (endpointAnswer, error) {
	select {
	case <-ctx.Done():
		return endpointAnswer{}, ctx.Err()
	case <-time.After(e.pace):
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return endpointAnswer{}, fetch.WithoutURL(err)
	}
	req.Header.Set("User-Agent", endpointAgent)
	req.Header.Set("Range", fmt.Sprintf("bytes=0-%d", maxEndpointBody-1))
	resp, err := e.client.Do(req)
	if err != nil {
		return endpointAnswer{}, fetch.WithoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxEndpointBody))
	if err != nil && len(body) == 0 {
		return endpointAnswer{}, fetch.WithoutURL(err)
	}
	return endpointAnswer{resp.StatusCode, resp.Header, body, req.URL}, nil
}
