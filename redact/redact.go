// Package redact takes card data and secrets out of log records, before anything else sees them.
package redact

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	minKey = 3
	maxKey = 48
)

// Redactor takes card data and secrets out of records. Safe for concurrent use.
type Redactor struct{}

// New returns a Redactor that counts what it takes out in gatewatch_redacted_total{kind}.
func New(cfg Config, reg prometheus.Registerer) *Redactor { return &Redactor{} }

// Redact returns the record without card data or secrets. It returns record itself when it holds none; otherwise the
// clean text, appended to dst[:0]. Valid JSON stays valid JSON.
func (r *Redactor) Redact(dst, record []byte) []byte { return record }

func normalise(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
}
