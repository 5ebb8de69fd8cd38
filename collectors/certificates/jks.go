package certificates

import (
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// The first four bytes of a Java key store, and of its JCEKS sibling.
const (
	magicJKS   = 0xFEEDFEED
	magicJCEKS = 0xCECECECE
)

// The kinds of entries in a Java key store.
const (
	jksPrivateKey  = 1
	jksCertificate = 2
	jksSecretKey   = 3
)

// parseJKS returns the certificates of a Java key store (JKS or JCEKS). They are not encrypted in it, so that no password
// is needed, and none is checked. A JCEKS store ends for it at the first secret key, whose length is not written down.
func parseJKS(data []byte) ([]*x509.Certificate, error) {
	in := cryptobyte.String(data)
	var magic, version, entries uint32
	if !in.ReadUint32(&magic) || !in.ReadUint32(&version) || !in.ReadUint32(&entries) || (magic != magicJKS && magic != magicJCEKS) {
		return nil, errors.New("is no Java key store")
	}
	if version != 1 && version != 2 {
		return nil, fmt.Errorf("is a Java key store of version %d, only 1 and 2 can be read", version)
	}
	var certs []*x509.Certificate
	for range entries {
		found, more, err := readJKSEntry(&in, version)
		if err != nil {
			return nil, err
		}
		certs = append(certs, found...)
		if !more {
			break
		}
	}
	return certs, nil
}

var errJKSCut = errors.New("is a Java key store that ends in the middle")

// readJKSEntry returns the certificates of the next entry, and whether what follows can be read.
func readJKSEntry(in *cryptobyte.String, version uint32) (certs []*x509.Certificate, more bool, err error) {
	var kind uint32
	var alias cryptobyte.String
	var created uint64
	if !in.ReadUint32(&kind) || !in.ReadUint16LengthPrefixed(&alias) || !in.ReadUint64(&created) {
		return nil, false, errJKSCut
	}
	count := uint32(1)
	switch kind {
	case jksPrivateKey:
		if _, ok := readBlock(in); !ok || !in.ReadUint32(&count) {
			return nil, false, errJKSCut
		}
	case jksCertificate:
	case jksSecretKey:
		return nil, false, nil
	default:
		return nil, false, fmt.Errorf("is a Java key store with an entry of unknown kind %d", kind)
	}
	for range count {
		var format cryptobyte.String
		if version == 2 && !in.ReadUint16LengthPrefixed(&format) {
			return nil, false, errJKSCut
		}
		der, ok := readBlock(in)
		if !ok {
			return nil, false, errJKSCut
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, false, fmt.Errorf("entry %q: %w", alias, err)
		}
		certs = append(certs, cert)
	}
	return certs, true, nil
}

// readBlock reads a block that is preceded by its length. It allocates nothing: a broken length cannot ask for memory.
func readBlock(in *cryptobyte.String) (block []byte, ok bool) {
	var n uint32
	if !in.ReadUint32(&n) || uint64(n) > uint64(len(*in)) || !in.ReadBytes(&block, int(n)) {
		return nil, false
	}
	return block, true
}
