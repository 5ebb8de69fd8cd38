package certificates

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatewatch/collectors/collect"
)

// The reasons why a client that checks certificates does not connect: values of the label "reason".
const (
	reasonExpired     = "expired"
	reasonNotYetValid = "not_yet_valid"
	reasonWrongHost   = "hostname"
	reasonIncomplete  = "incomplete" // the last certificate sent is not self-signed, and nobody trusted signed it
	reasonUntrusted   = "untrusted"  // signed by an authority that is not trusted, or by itself
	reasonRevoked     = "revoked"
)

// The weaknesses that certificates have: values of the label "kind". Those of protocols and ciphers are in tlsScan.
const (
	weakKey       = "short key"
	weakSignature = "SHA-1"
)

// The smallest keys that do (NIST SP 800-57, CA/Browser Forum baseline requirements 6.1.5).
const (
	minRSABits   = 2048
	minECDSABits = 256
)

// findings tell of what was looked for whether it is there.
type findings map[string]bool

// set notes whether a problem is there. One that was found stays found.
func (f findings) set(problem string, there bool) { f[problem] = f[problem] || there }

// names returns what is there, sorted.
func (f findings) names() (there []string) {
	for problem, is := range f {
		if is {
			there = append(there, problem)
		}
	}
	slices.Sort(there)
	return there
}

// judgeChain looks at what the certificates themselves say, and returns the chains to trusted authorities. Each problem
// is judged apart from the others: a certificate that expired may also be for another host.
func judgeChain(chain []*x509.Certificate, roots *x509.CertPool, host string, now time.Time, reasons findings) [][]*x509.Certificate {
	leaf := chain[0]
	reasons.set(reasonExpired, now.After(leaf.NotAfter))
	reasons.set(reasonNotYetValid, now.Before(leaf.NotBefore))
	reasons.set(reasonWrongHost, leaf.VerifyHostname(host) != nil)
	pool := x509.NewCertPool()
	for _, c := range chain[1:] {
		pool.AddCert(c)
	}
	at := now // trust is judged at a time at which the certificate itself is valid
	if at.After(leaf.NotAfter) {
		at = leaf.NotAfter
	}
	if at.Before(leaf.NotBefore) {
		at = leaf.NotBefore
	}
	verified, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, CurrentTime: at})
	last := chain[len(chain)-1]
	var expired bool
	for _, c := range chain[1:] {
		expired = expired || at.After(c.NotAfter)
	}
	reasons.set(reasonIncomplete, false)
	reasons.set(reasonUntrusted, false)
	switch {
	case err == nil:
	case expired:
		reasons.set(reasonExpired, true)
	case !selfSigned(last):
		reasons.set(reasonIncomplete, true)
	default:
		reasons.set(reasonUntrusted, true)
	}
	return verified
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// judgeStrength looks at the key and the signature of a certificate.
func judgeStrength(leaf *x509.Certificate, weak findings) {
	kind, bits := keyKind(leaf)
	weak.set(weakKey, kind == "RSA" && bits < minRSABits || kind == "ECDSA" && bits < minECDSABits || kind == "DSA")
	old := false
	switch leaf.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		old = !selfSigned(leaf) // nobody relies on the signature of a certificate by itself
	}
	weak.set(weakSignature, old)
}

// judgeStaple reads the answer of the authority's revocation service that the server sends along, when it does.
func (e *tlsEndpoint) judgeStaple(state tls.ConnectionState, verified [][]*x509.Certificate, reasons findings, add func(collect.Metric, float64, ...string)) {
	add(e.stapled, collect.Bool(len(state.OCSPResponse) > 0))
	if len(state.OCSPResponse) == 0 {
		return
	}
	var issuer *x509.Certificate
	if len(verified) > 0 && len(verified[0]) > 1 {
		issuer = verified[0][1]
	}
	// Without a trusted issuer the signature cannot be checked, and the answer says nothing.
	answer, err := ocsp.ParseResponseForCert(state.OCSPResponse, state.PeerCertificates[0], issuer)
	if err != nil || issuer == nil {
		return
	}
	add(e.ocspStatus, float64(answer.Status))
	add(e.ocspThisUpdate, collect.UnixSeconds(answer.ThisUpdate))
	add(e.ocspExpiry, collect.UnixSeconds(answer.NextUpdate))
	reasons.set(reasonRevoked, answer.Status == ocsp.Revoked)
}
