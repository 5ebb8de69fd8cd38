package collect

// SetDefault sets what is left out, which is the zero value, to value.
func SetDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
