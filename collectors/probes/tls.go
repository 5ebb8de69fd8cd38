package probes

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"gatewatch/collectors/collect"
)

// tls notes what a connection negotiated; nothing for nil.
func (r *report) tls(state *tls.ConnectionState) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return
	}
	leaf := state.PeerCertificates[0]
	sum := sha256.Sum256(leaf.Raw)
	r.add("ssl_earliest_cert_expiry", collect.UnixSeconds(earliestExpiry(state.PeerCertificates)))
	r.add("ssl_last_chain_expiry_timestamp_seconds", collect.UnixSeconds(lastChainExpiry(state.VerifiedChains)))
	r.add("ssl_last_chain_info", 1, hex.EncodeToString(sum[:]), leaf.Subject.String(), leaf.Issuer.String(),
		strings.Join(leaf.DNSNames, ","), leaf.SerialNumber.Text(16))
	r.add("tls_version_info", 1, tls.VersionName(state.Version))
	r.add("tls_cipher_info", 1, tls.CipherSuiteName(state.CipherSuite))
}

// refusedTLS notes when a certificate that is not trusted expires: it may have expired. It tells whether err is that.
func (r *report) refusedTLS(err error) bool {
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) || len(untrusted.UnverifiedCertificates) == 0 {
		return false
	}
	r.add("ssl_earliest_cert_expiry", collect.UnixSeconds(earliestExpiry(untrusted.UnverifiedCertificates)))
	return true
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

// lastChainExpiry returns until when at least one of the chains is valid.
func lastChainExpiry(chains [][]*x509.Certificate) (last time.Time) {
	for _, chain := range chains {
		if until := earliestExpiry(chain); until.After(last) {
			last = until
		}
	}
	return last
}
