package certificates

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"strconv"
	"time"

	"gatewatch/collectors/collect"
)

// certificateMetrics are those of each certificate. What has a name in x509-certificate-exporter has that one here.
type certificateMetrics struct {
	notAfter, notBefore, expired, used, info collect.Metric
}

// certificateLabels stand on every certificate, after those that say where it is.
func certificateLabels(where ...string) []string {
	return append(append([]string{"name", "source", "provider"}, where...), "subject_CN", "issuer_CN", "serial_number")
}

// newCertificateMetrics returns the metrics of certificates whose place is told by the labels where.
func newCertificateMetrics(all *collect.Metrics, where ...string) certificateMetrics {
	labels := certificateLabels(where...)
	return certificateMetrics{
		notAfter:  all.Gauge("x509_cert_not_after", "Indicates the certificate's not after timestamp", labels...),
		notBefore: all.Gauge("x509_cert_not_before", "Indicates the certificate's not before timestamp", labels...),
		expired:   all.Gauge("x509_cert_expired", "Indicates if the certificate is expired", labels...),
		used:      all.Gauge("tls_cert_lifetime_used_ratio", "Share of the certificate's lifetime that is over; 1 and more: it expired.", labels...),
		info: all.Gauge("tls_cert_info", "Always 1; the labels tell the kind of key, its size and the signature.",
			append(labels, "key_type", "key_bits", "signature")...),
	}
}

// add gives the samples of each certificate once. place are the values of the labels before the subject.
func (c certificateMetrics) add(out *collect.Samples, now time.Time, certs []*x509.Certificate, place ...string) {
	seen := map[string]bool{}
	for i, cert := range certs {
		if i == maxCertsPerPlace {
			out.Dropped += len(certs) - i
			return
		}
		// Copies: add cleans the values in place.
		labels := func(more ...string) []string {
			all := append([]string{}, place...)
			all = append(all, subjectName(cert), cert.Issuer.CommonName, cert.SerialNumber.String())
			return append(all, more...)
		}
		// Two certificates that no label tells apart would be one sample given twice, which is an error of the scrape.
		key := subjectName(cert) + "\x00" + cert.Issuer.CommonName + "\x00" + cert.SerialNumber.String()
		if seen[key] {
			continue
		}
		seen[key] = true
		keyType, bits := keyKind(cert)
		out.Add(c.notAfter, collect.UnixSeconds(cert.NotAfter), labels()...)
		out.Add(c.notBefore, collect.UnixSeconds(cert.NotBefore), labels()...)
		out.Add(c.expired, collect.Bool(now.After(cert.NotAfter)), labels()...)
		out.Add(c.used, lifetimeUsed(cert, now), labels()...)
		out.Add(c.info, 1, labels(keyType, strconv.Itoa(bits), cert.SignatureAlgorithm.String())...)
	}
}

// subjectName returns what a certificate is called: those of public authorities that live for days have no common name.
func subjectName(cert *x509.Certificate) string {
	switch {
	case cert.Subject.CommonName != "":
		return cert.Subject.CommonName
	case len(cert.DNSNames) > 0:
		return cert.DNSNames[0]
	case len(cert.IPAddresses) > 0:
		return cert.IPAddresses[0].String()
	}
	return cert.Subject.String()
}

func lifetimeUsed(cert *x509.Certificate, now time.Time) float64 {
	lifetime := cert.NotAfter.Sub(cert.NotBefore)
	if lifetime <= 0 {
		return 1
	}
	return max(0, now.Sub(cert.NotBefore).Seconds()/lifetime.Seconds())
}

// keyKind returns the algorithm of a certificate's public key and its size in bits; 0 when it has no such measure.
func keyKind(cert *x509.Certificate) (string, int) {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", key.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 256
	}
	return cert.PublicKeyAlgorithm.String(), 0
}

// fingerprint is how people compare certificates: SHA-256 of the whole, in hexadecimal.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// place is where a certificate is: in the configuration's entry of this name, in which file or at which address.
type place struct{ entry, where string }

// changes remembers the certificate at each place, so that another one is noticed.
type changes struct {
	log    *slog.Logger
	before map[place]string
}

// see notes that cert is at the place, and tells and logs when it is another one than the last time.
func (c *changes) see(cert *x509.Certificate, at place) (changed bool) {
	now := fingerprint(cert)
	before, known := c.before[at]
	c.before[at] = now
	if !known || before == now {
		return false
	}
	c.log.Info("certificate changed", "name", at.entry, "at", at.where, "subject", subjectName(cert), "issuer", cert.Issuer.CommonName,
		"not_after", cert.NotAfter.UTC(), "fingerprint_before", before, "fingerprint", now)
	return true
}
