package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"gatewatch/internal/invalid"
)

// ValidateTLS notes what is wrong with the files of a client that speaks TLS.
func ValidateTLS(m *invalid.Mistakes, caFile, certFile, keyFile string) {
	if _, err := LoadRoots(caFile); err != nil {
		m.Add("ca_file", "%v", err)
	}
	switch {
	case certFile == "" && keyFile == "":
	case certFile == "" || keyFile == "":
		m.Add("cert_file", "and key_file must both be there")
	default:
		if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
			m.Add("cert_file", "%v", err)
		}
	}
}

// LoadRoots returns the certificate authorities in the file; nil, which means the system's, when there is no file.
func LoadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no PEM certificate", file)
	}
	return roots, nil
}

// Contents returns what stands in a file that a configuration names; "" when it cannot be read. What was made of the file has
// to be made anew when that differs.
func Contents(file string) string {
	if file == "" {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// ClientTLS returns how we speak TLS with a server called serverName; "": as in its address.
func ClientTLS(caFile, certFile, keyFile, serverName string) (*tls.Config, error) {
	roots, err := LoadRoots(caFile)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	c := &tls.Config{RootCAs: roots, ServerName: serverName, MinVersion: tls.VersionTLS12}
	if certFile != "" {
		// Read at each connection, so that a renewed certificate needs no restart.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(certFile, keyFile)
			return &pair, err
		}
	}
	return c, nil
}
