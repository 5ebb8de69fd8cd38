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

// masked returns what may be shown of a number, or of any other value when it has no digits.
func masked(number []byte) string {
	if len(number) == 0 {
		return string(stars)
	}
	shown := make([]byte, len(number))
	for i, digit := range number {
		if shown[i] = '*'; i < 6 || i >= len(number)-4 {
			shown[i] = '0' + digit
		}
	}
	return string(shown)
}
