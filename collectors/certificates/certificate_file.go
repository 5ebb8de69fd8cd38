package certificates

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"gatewatch/internal/secret"
)

// The bounds of files with certificates. The largest in use, a system's bundle of authorities, has 150 in 250 kB.
const (
	maxCertFile      = 4 << 20
	maxCertsPerPlace = 200
	maxFilesPerEntry = 500
)

// errNoCertificate says that a file is well-formed and holds other things, such as a private key.
var errNoCertificate = errors.New("holds no certificate")

// certificateFiles reads certificates from files, and again only when they changed: opening PKCS#12 costs time on purpose.
type certificateFiles struct {
	kept map[string]certificateFile
}

type certificateFile struct {
	size    int64
	changed time.Time
	certs   []*x509.Certificate
	err     error
}

// read returns the certificates of a file in their order. Its errors never hold what is in the file, nor the password.
func (f *certificateFiles) read(path string, password secret.Secret) ([]*x509.Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		delete(f.kept, path)
		return nil, err
	}
	// A pipe would block, a device never end.
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	last, ok := f.kept[path]
	if ok && last.size == info.Size() && last.changed.Equal(info.ModTime()) && last.err == nil {
		return last.certs, nil
	}
	now := certificateFile{size: info.Size(), changed: info.ModTime()}
	if now.certs, now.err = readCertificates(path, password); now.err != nil {
		now.err = fmt.Errorf("%s: %w", path, now.err)
	}
	if f.kept == nil {
		f.kept = map[string]certificateFile{}
	}
	f.kept[path] = now
	return now.certs, now.err
}

// keep forgets the files that are not in paths.
func (f *certificateFiles) keep(paths map[string]bool) {
	for path := range f.kept {
		if !paths[path] {
			delete(f.kept, path)
		}
	}
}

func readCertificates(path string, password secret.Secret) ([]*x509.Certificate, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // without the path, which the caller adds
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCertFile+1))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if len(data) > maxCertFile {
		return nil, fmt.Errorf("is larger than %d MiB, which no file of certificates is", maxCertFile>>20)
	}
	certs, err := parseCertificates(data, password)
	if err == nil && len(certs) == 0 {
		err = errNoCertificate
	}
	return certs, err
}

// parseCertificates finds out by itself whether data is PEM, a Java key store, DER or PKCS#12.
func parseCertificates(data []byte, password secret.Secret) ([]*x509.Certificate, error) {
	if len(data) >= 4 {
		if magic := binary.BigEndian.Uint32(data); magic == magicJKS || magic == magicJCEKS {
			return parseJKS(data)
		}
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return parsePEM(data)
	}
	if len(data) == 0 || data[0] != 0x30 { // an ASN.1 sequence, as DER and PKCS#12 are
		return nil, errors.New("is neither PEM, DER, PKCS#12 nor JKS")
	}
	if certs, err := x509.ParseCertificates(data); err == nil {
		return certs, nil
	}
	return parsePKCS12(data, password)
}

func parsePEM(data []byte) ([]*x509.Certificate, error) {
	// What editors put in front would hide the first certificate.
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	lines := append([]byte("\n"), data...)
	begun := bytes.Count(lines, []byte("\n-----BEGIN CERTIFICATE-----")) + bytes.Count(lines, []byte("\n-----BEGIN X509 CERTIFICATE-----"))
	var certs []*x509.Certificate
	for {
		block, rest := pem.Decode(data)
		if block == nil && len(certs) < begun {
			// The decoder passes over them: the others alone would look well.
			return nil, fmt.Errorf("%d of %d certificates are cut off or damaged", begun-len(certs), begun)
		}
		if block == nil {
			return certs, nil
		}
		data = rest
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
}

// parsePKCS12 reads a key with its chain, a Java trust store, and what holds several keys.
func parsePKCS12(data []byte, password secret.Secret) ([]*x509.Certificate, error) {
	_, cert, chain, err := pkcs12.DecodeChain(data, password.Reveal())
	if err == nil {
		return append([]*x509.Certificate{cert}, chain...), nil
	}
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, errors.New("the password is wrong")
	}
	if certs, err := pkcs12.DecodeTrustStore(data, password.Reveal()); err == nil {
		return certs, nil
	}
	blocks, anyErr := pkcs12.ToPEM(data, password.Reveal())
	if anyErr != nil {
		// The first reading says best what is wrong.
		return nil, fmt.Errorf("is PKCS#12 that cannot be read (of several keys together with trusted certificates, split it): %w", err)
	}
	var certs []*x509.Certificate
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}
