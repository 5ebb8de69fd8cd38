package payment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// customerBytes is how much of the hash is kept: with a million customers, two share a key in one case of 37 million.
const customerBytes = 8

// Customers turns customers' ids into keys: the same id gives the same key, and nobody without the secret can tell whose
// it is or try ids out. Not safe for concurrent use.
type Customers struct {
	mac  hash.Hash
	sum  [sha256.Size]byte
	text [2 * customerBytes]byte
}

// NewCustomers returns Customers with a secret of any length. Hosts with the same secret give the same keys.
func NewCustomers(secret []byte) *Customers {
	return &Customers{mac: hmac.New(sha256.New, secret)}
}

// Key returns the key of id: the first 16 hexadecimal digits of its HMAC-SHA-256. It is valid until the next call.
func (c *Customers) Key(id []byte) []byte {
	c.mac.Reset()
	c.mac.Write(id) // never fails
	hex.Encode(c.text[:], c.mac.Sum(c.sum[:0])[:customerBytes])
	return c.text[:]
}
