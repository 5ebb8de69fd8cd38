// Package secret keeps configured secrets out of everything that prints.
package secret

import (
	"log/slog"
)

const redacted = "<redacted>"

// Secret is a configured value that prints as "<redacted>" through fmt, slog, JSON, YAML and text encoders. Only
// Reveal gives it out. An empty Secret prints as "".
type Secret string

// Reveal returns the value itself, to be handed to the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns "<redacted>", or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps the value out of %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue keeps the value out of log lines.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the value out of JSON and other encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML keeps the value out of YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
