package collecttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for a test.
type authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// certified is a certificate with its key, and the authority that signed it.
type certified struct {
	authority
	by *authority
}

// Certify returns a certificate of the template, signed by by; by nil: by itself. What the template leaves out is that of a
// certificate that is valid for a day more.
func Certify(t *testing.T, by *authority, template x509.Certificate) certified {
	t.Helper()
	key := template.PublicKey
	if key == nil {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = made
	}
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(4711)
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-24 * time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(24 * time.Hour)
	}
	template.BasicConstraintsValid = true
	signer := key.(crypto.Signer)
	parent, with := &template, signer
	if by != nil {
		parent, with = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, signer.Public(), with)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certified{authority{cert, signer}, by}
}

// NewAuthority returns a root, or an intermediate authority signed by by.
func NewAuthority(t *testing.T, name string, by *authority) *authority {
	t.Helper()
	c := Certify(t, by, x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SerialNumber: big.NewInt(int64(len(name))), NotAfter: time.Now().Add(1000 * time.Hour),
	})
	return &c.authority
}

// ForLoopback is the template of a certificate for 127.0.0.1.
func ForLoopback() x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: "pay.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
}

// PemOf returns certificates as PEM.
func PemOf(certs ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.String()
}

// Served returns what a server shows: the certificate and those above it.
func (c certified) Served(above ...*x509.Certificate) tls.Certificate {
	chain := [][]byte{c.Cert.Raw}
	for _, a := range above {
		chain = append(chain, a.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: c.Key}
}

// KeyPEM returns the private key of c as PEM.
func KeyPEM(t *testing.T, c certified) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
