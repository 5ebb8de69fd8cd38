package certificates

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// tlsEndpoint connects to one address and judges what it shows. What has a name in ssl_exporter has that one here.
type tlsEndpoint struct {
	cfg     EndpointConfig
	base    *tls.Config
	roots   *x509.CertPool
	files   certificateFiles
	changes changes
	changed int
	scan    tlsScan
	// problems are the last ones, so that only a change is logged.
	problems string
	log      *slog.Logger

	certs                                           certificateMetrics
	success, version, handshake, verified           collect.Metric
	verifyError, weakness, scanned                  collect.Metric
	matches, news, fileError                        collect.Metric
	stapled, ocspStatus, ocspThisUpdate, ocspExpiry collect.Metric
}

func newTLSEndpoint(cfg EndpointConfig, all Config, log *slog.Logger) (collect.Collector, error) {
	roots, err := fetch.LoadRoots(cfg.CAFile)
	if err != nil {
		return collect.Collector{}, fmt.Errorf("read ca_file: %w", err)
	}
	var seen collect.Metrics
	of := func(name, help string, labels ...string) collect.Metric {
		return seen.Gauge(name, help, append([]string{"name", "instance"}, labels...)...)
	}
	e := &tlsEndpoint{
		cfg: cfg, roots: roots, log: log, base: tlsProbeConfig(cfg),
		changes: changes{log: log, before: map[place]string{}}, scan: tlsScan{every: time.Duration(all.ScanInterval)},
		certs:          newCertificateMetrics(&seen, "instance"),
		success:        of("ssl_probe_success", "If the probe was a success"),
		version:        of("ssl_tls_version_info", "The TLS version used", "version"),
		verified:       of("ssl_verified_cert_not_after", "NotAfter expressed as a Unix Epoch Time for a certificate in the list of verified chains", "chain_no", "cn", "issuer_cn", "serial_no"),
		stapled:        of("ssl_ocsp_response_stapled", "If the connection state contains a stapled OCSP response"),
		ocspStatus:     of("ssl_ocsp_response_status", "The status in the OCSP response 0=Good 1=Revoked 2=Unknown"),
		ocspThisUpdate: of("ssl_ocsp_response_this_update", "The thisUpdate value in the OCSP response expressed as a Unix Epoch Time"),
		ocspExpiry:     of("ssl_ocsp_response_next_update", "The nextUpdate value in the OCSP response expressed as a Unix Epoch Time"),
		handshake:      of("tls_handshake_duration_seconds", "How long the handshake took, without connecting."),
		verifyError:    of("tls_verify_error", "Whether the certificate cannot be trusted for this reason.", "reason"),
		weakness:       of("tls_weakness", "Whether the endpoint accepts, or has, what is too weak.", "kind"),
		matches:        of("tls_served_matches_disk", "Whether the certificate that is served is in one of the files it should come from."),
		scanned:        of("tls_scan_timestamp_seconds", "When old protocols and weak ciphers were last tried."),
		fileError:      newFileError(&seen),
		news:           seen.Counter("tls_cert_changes_total", "How often another certificate took the place of the one before.", "name", "instance"),
	}
	return collect.Collector{
		Name: "tls_" + cfg.Name, Metrics: seen, Interval: time.Duration(all.Interval), Timeout: time.Duration(all.Timeout),
		MadeOf: []any{cfg, all.ScanInterval, fetch.Contents(cfg.CAFile)}, Collect: e.collect,
	}, nil
}

// tlsProbeConfig accepts every certificate, protocol and cipher, so that all can be seen; they are judged afterwards.
func tlsProbeConfig(cfg EndpointConfig) *tls.Config {
	var ciphers []uint16
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ciphers = append(ciphers, c.ID)
	}
	c := &tls.Config{ServerName: cfg.ServerName, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: ciphers}
	if cfg.CertFile != "" {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			// Read anew, because certificates are renewed.
			pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
			return &pair, err
		}
	}
	return c
}

// maxVerifiedChains is how many ways from a certificate to a trusted authority are told; there is rarely more than one.
const maxVerifiedChains = 4

// greeting is what a handshake showed.
type greeting struct {
	state tls.ConnectionState
	// shown is whether the server chose a protocol and sent its certificate. It may refuse ours all the same.
	shown     bool
	connected bool
	took      time.Duration
	err       error
}

// greet connects once with the configuration.
func (e *tlsEndpoint) greet(ctx context.Context, cfg *tls.Config) (g greeting) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", e.cfg.Address)
	if err != nil {
		g.err = err
		return g
	}
	g.connected = true
	defer conn.Close() // without the goodbye of TLS, which could block
	cfg = cfg.Clone()
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		g.state, g.shown = state, len(state.PeerCertificates) > 0
		return nil
	}
	began := time.Now()
	client := tls.Client(conn, cfg)
	g.err = client.HandshakeContext(ctx)
	g.took = time.Since(began)
	return g
}

// collect connects once, and now and then a few times more. An endpoint in trouble is a good collection with
// ssl_probe_success 0.
func (e *tlsEndpoint) collect(ctx context.Context, out *collect.Samples) error {
	add := func(m collect.Metric, value float64, labels ...string) {
		out.Add(m, value, append([]string{e.cfg.Name, e.cfg.Address}, labels...)...)
	}
	g := e.greet(ctx, e.base)
	if ctx.Err() == context.Canceled {
		return ctx.Err() // the agent stops: no judgement
	}
	reasons, weak := findings{}, findings{}
	var troubles []string
	if g.shown {
		troubles = e.judge(g.state, reasons, out, add)
		judgeStrength(g.state.PeerCertificates[0], weak)
		add(e.version, 1, tls.VersionName(g.state.Version))
		add(e.handshake, g.took.Seconds())
	}
	if g.connected {
		e.scan.run(ctx, e, time.Now())
	}
	maps.Copy(weak, e.scan.weak)
	for reason, there := range reasons {
		add(e.verifyError, collect.Bool(there), reason)
	}
	for kind, there := range weak {
		add(e.weakness, collect.Bool(there), kind)
	}
	if !e.scan.last.IsZero() {
		add(e.scanned, collect.UnixSeconds(e.scan.last))
	}
	refused := reasons.names()
	add(e.success, collect.Bool(g.err == nil && g.shown && len(refused) == 0))
	if g.err != nil {
		troubles = append(troubles, g.err.Error())
	}
	e.logChange(slices.Concat(refused, weak.names(), troubles))
	return nil
}

// judge adds what the certificates say, and returns what else is wrong.
func (e *tlsEndpoint) judge(state tls.ConnectionState, reasons findings, out *collect.Samples, add func(collect.Metric, float64, ...string)) []string {
	now := time.Now()
	chain := state.PeerCertificates
	e.certs.add(out, now, chain, e.cfg.Name, "endpoint", "", e.cfg.Address)
	if e.changes.see(chain[0], place{e.cfg.Name, e.cfg.Address}) {
		e.changed++
	}
	add(e.news, float64(e.changed))

	verified := judgeChain(chain, e.roots, e.cfg.ServerName, now, reasons)
	for i, c := range verified[:min(len(verified), maxVerifiedChains)] {
		for _, cert := range c {
			add(e.verified, collect.UnixSeconds(cert.NotAfter), fmt.Sprint(i), subjectName(cert), cert.Issuer.CommonName, cert.SerialNumber.String())
		}
	}
	e.judgeStaple(state, verified, reasons, add)
	return e.compare(chain[0], out, add)
}

// compare looks for the served certificate in the files it should come from, and returns what is wrong.
func (e *tlsEndpoint) compare(served *x509.Certificate, out *collect.Samples, add func(collect.Metric, float64, ...string)) (troubles []string) {
	readable, there := false, false
	for _, path := range e.cfg.ServedFrom {
		certs, err := e.files.read(path, e.cfg.Password)
		out.Add(e.fileError, collect.Bool(err != nil), e.cfg.Name, "server", "", filepath.Base(path), path)
		if err != nil {
			troubles = append(troubles, err.Error())
			continue
		}
		readable = true
		there = there || slices.ContainsFunc(certs, served.Equal)
	}
	if readable {
		add(e.matches, collect.Bool(there))
	}
	if readable && !there {
		troubles = append(troubles, "what is served is not what lies on disk")
	}
	return troubles
}

func (e *tlsEndpoint) logChange(problems []string) {
	now := strings.Join(problems, ", ")
	switch {
	case now == e.problems:
	case now == "":
		e.log.Info("tls endpoint is in order again", "endpoint", e.cfg.Name)
	default:
		e.log.Warn("tls endpoint has problems", "endpoint", e.cfg.Name, "problems", now)
	}
	e.problems = now
}
