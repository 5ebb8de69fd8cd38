package outputs

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	dialTimeout     = 5 * time.Second
	idleConnTimeout = 90 * time.Second
	productHeader   = "X-Elastic-Product"
)

// newTransport returns the connections to the cluster.
func newTransport(cfg *ElasticsearchConfig) (http.RoundTripper, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSHandshakeTimeout:   dialTimeout,
		MaxIdleConnsPerHost:   maxInFlight,
		IdleConnTimeout:       idleConnTimeout,
		ExpectContinueTimeout: time.Second,
		// Answers are short: packing them costs more than it saves, unless the network is what is scarce.
		DisableCompression: !cfg.Gzip,
	}
	if cfg.CAFile != "" {
		pool, err := loadCAs(cfg.CAFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

// dial returns a connection that takes large bodies in one piece.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return wholeConn{conn}, nil
}

// wholeConn is a connection that writes a body out of memory straight from there. net/http would copy it, 32 KiB at a
// time, because it puts a limit around the body that hides that it can write itself.
type wholeConn struct{ net.Conn }

// ReadFrom implements io.ReaderFrom. Bodies of requests here are in memory and as long as their Content-Length.
func (c wholeConn) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if body, ok := limited.R.(io.WriterTo); ok {
			n, err := body.WriteTo(c.Conn)
			limited.N -= n
			return n, err
		}
	}
	return io.Copy(c.Conn, r)
}

// newClient returns a client that asks the nodes in turn, leaves out those that do not answer for a while, and leaves
// all retries to its caller.
func newClient(cfg *ElasticsearchConfig, urls []string, rt http.RoundTripper) (*elasticsearch.BaseClient, error) {
	return elasticsearch.NewBaseClient(elasticsearch.Config{
		Addresses:          urls,
		APIKey:             cfg.APIKey.Reveal(),
		Username:           cfg.Username,
		Password:           cfg.Password.Reveal(),
		DisableRetry:       true,
		DisableMetaHeader:  true,
		Transport:          rt,
		ConnectionPoolFunc: newNodes,
	})
}

// transport counts requests, and lets the client talk to OpenSearch and through proxies: the client refuses answers
// without Elasticsearch's own header, which those do not send.
type transport struct {
	base     http.RoundTripper
	requests *prometheus.CounterVec
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		t.requests.WithLabelValues("error").Inc()
		return nil, err
	}
	t.requests.WithLabelValues(codeLabel(resp.StatusCode)).Inc()
	if resp.Header.Get(productHeader) == "" {
		resp.Header.Set(productHeader, "Elasticsearch")
	}
	return resp, nil
}

func codeLabel(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status)
}
