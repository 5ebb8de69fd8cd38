// Package facts decides by their names which fields of a record are facts that Gatewatch knows: the provider, the amount,
// the latency, the level. The names that gateways use, English and Chinese, are the table in dictionary.go; which value may
// be which fact is in accept.go. It knows no format: a record comes with its fields.
package facts
