// Package rules finds and reads rule files: the shipped packs, which are the files beside it, those of the configuration, and
// the rules that are made for objectives.
package rules

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.yml
var shipped embed.FS

// packPrefix marks the name of a shipped rule file where others have their path.
const packPrefix = "pack:"

// IsPack tells whether the name of a rule file is that of a shipped pack, such as pack:payments.
func IsPack(file string) bool { return strings.HasPrefix(file, packPrefix) }

// PackOf returns the name of the pack in the name of a rule file, or the same.
func PackOf(file string) string { return strings.TrimPrefix(file, packPrefix) }

// PackNames returns the names of the shipped rule packs.
func PackNames() []string {
	return []string{"payments", "orders", "fraud", "errors", "anomalies", "host", "nginx", "runtime", "databases", "backups", "tls", "providers", "security", "agent"}
}

// Pack returns the text of a shipped rule pack, a Prometheus rule file.
func Pack(name string) ([]byte, error) {
	text, err := shipped.ReadFile(name + ".yml")
	if err != nil {
		return nil, fmt.Errorf("no rule pack named %q", name)
	}
	return text, nil
}
