package redact

import (
	"fmt"
	"slices"

	"gatewatch/internal/invalid"
)

// Config says what is redacted beyond what always is: card numbers, card verification values, track data, PINs and
// secrets (redact: in the configuration).
type Config struct {
	// Further names whose values are secrets, e.g. id_card. Case, _ and - do not matter.
	Keys []string `yaml:"keys"`
	// Also redact identity numbers: Chinese ones (18 digits with a valid date and check digit), and the values of names
	// such as id_card and cert_no.
	IdentityNumbers bool `yaml:"identity_numbers"`
	// Also redact phone numbers: Chinese mobile numbers, and the values of names such as mobile and phone.
	PhoneNumbers bool `yaml:"phone_numbers"`
	// Also redact e-mail addresses, up to their domain, and the values of names such as email.
	EmailAddresses bool `yaml:"email_addresses"`
	// Also take the Maestro ranges for card numbers. They overlap with other ids of 16 digits.
	Maestro bool `yaml:"maestro"`
}

// DefaultConfig returns the configuration without optional kinds.
func DefaultConfig() Config { return Config{} }

// Hides tells whether Keys has the name.
func (c *Config) Hides(name string) bool {
	return slices.ContainsFunc(c.Keys, func(key string) bool { return normalise(key) == normalise(name) })
}

// Validate reports every key that cannot be matched.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	for i, key := range c.Keys {
		switch n := len(normalise(key)); {
		case n < minKey:
			m.Add(fmt.Sprintf("keys[%d]", i), "%q has fewer than %d letters or digits", key, minKey)
		case len(key) > maxKey:
			m.Add(fmt.Sprintf("keys[%d]", i), "%q is longer than %d bytes", key, maxKey)
		}
	}
	return m.Err()
}
