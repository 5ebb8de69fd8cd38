package certificates

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"
)

// tlsScan offers an endpoint what it should refuse, one thing at a time: a connection for each, now and then.
// SSL 2 and 3 and export ciphers cannot be tried: Go does not speak them.
type tlsScan struct {
	every time.Duration
	last  time.Time
	// weak is what the last scan that came to its end found.
	weak findings
}

// offer is what an endpoint should refuse.
type offer struct {
	kind    string
	version uint16 // 0: up to TLS 1.2
	ciphers string // part of their names
}

// offers are given up: protocols by RFC 8996, ciphers by RFC 7465, NIST SP 800-131A and RFC 9325.
func offers() []offer {
	return []offer{
		{"TLS 1.0", tls.VersionTLS10, ""},
		{"TLS 1.1", tls.VersionTLS11, ""},
		{"RC4", 0, "_RC4_"},
		{"3DES", 0, "_3DES_"},
		{"no forward secrecy", 0, "TLS_RSA_WITH_AES_"},
	}
}

// run scans when it is time to. What it finds counts only when the whole scan came to its end.
func (s *tlsScan) run(ctx context.Context, e *tlsEndpoint, now time.Time) {
	if s.every == 0 || !s.last.IsZero() && now.Sub(s.last) < s.every {
		return
	}
	weak := findings{}
	for _, o := range offers() {
		cfg := e.base.Clone()
		cfg.MaxVersion, cfg.CipherSuites = tls.VersionTLS12, ciphersNamed(o.ciphers)
		if o.version != 0 {
			cfg.MinVersion, cfg.MaxVersion = o.version, o.version
		}
		accepted, ok := e.accepts(ctx, cfg)
		if !ok {
			return
		}
		weak.set(o.kind, accepted)
	}
	s.last, s.weak = now, weak
}

// accepts tells whether the endpoint agrees to one of the offers; ok is false when that could not be found out.
func (e *tlsEndpoint) accepts(ctx context.Context, cfg *tls.Config) (accepted, ok bool) {
	g := e.greet(ctx, cfg)
	var slow net.Error
	if !g.connected || ctx.Err() != nil || errors.As(g.err, &slow) && slow.Timeout() {
		return false, false
	}
	return g.shown, true
}

func ciphersNamed(part string) (ids []uint16) {
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if strings.Contains(c.Name, part) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
