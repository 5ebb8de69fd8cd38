package redact

// Finding is a value that must not stand in a log.
type Finding struct {
	// Kind is what it is: pan, cvv, track, pin, secret, identity or phone.
	Kind string
	// At is where it begins in the record; of a value in encoded text, where that text does. Behind a private key it is
	// where the value begins without the key.
	At int
	// Masked is what may be shown of it: a number's first six and last four digits with stars between, or stars.
	Masked string
}

// Find returns what Redact would take out of the record, in order.
func (r *Redactor) Find(record []byte) []Finding {
	var found []Finding
	s := scan{r: r, in: record, found: &found}
	s.clean()
	return found
}

func allStars() string { return string(stars) }

// masked returns what may be shown of a number.
func (c *number) masked() string {
	shown := make([]byte, c.n)
	for i, digit := range c.digits[:c.n] {
		if shown[i] = '*'; i < c.head || i >= c.n-4 {
			shown[i] = '0' + digit
		}
	}
	return string(shown)
}
