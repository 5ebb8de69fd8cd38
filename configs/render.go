package configs

import (
	"bytes"
	"fmt"
	"net/url"

	"go.yaml.in/yaml/v3"
)

// Render returns cfg as YAML, as it is in effect: defaults filled in, secrets and passwords in addresses masked.
func Render(cfg *Config) ([]byte, error) {
	var tree yaml.Node
	if err := tree.Encode(cfg); err != nil {
		return nil, fmt.Errorf("render configuration: %w", err)
	}
	maskPasswords(&tree)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&tree); err != nil {
		return nil, fmt.Errorf("render configuration: %w", err)
	}
	return out.Bytes(), enc.Close()
}

// maskPasswords masks passwords in all addresses below n: an address is not a secret, but people put one into it.
func maskPasswords(n *yaml.Node) {
	for _, below := range n.Content {
		maskPasswords(below)
	}
	if n.Kind != yaml.ScalarNode {
		return
	}
	u, err := url.Parse(n.Value)
	if err != nil || u.User == nil {
		return
	}
	if _, has := u.User.Password(); has {
		n.Value = u.Redacted()
	}
}
