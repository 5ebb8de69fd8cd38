package parse

import (
	"fmt"
	"slices"
	"strings"
)

// patterned are the formats that take a pattern, and what makes their parsers.
var patterned = []struct {
	name string
	make func(pattern string) (Parser, error)
}{
	{"nginx", newNginx},
	{"apache", newApache},
	{"logback", newLogback},
	{"log4j2", newLog4j2},
	{"regex", newRegex},
	{"grok", newGrok},
	{"jtl", newJTL},
	{"postgres", newPostgres},
}

// NewPattern returns a Parser for the format that reads records as pattern says, which is written as the
// configuration of the program that logs has it, or as a regular or grok expression. Without a pattern it is New. The error says what is wrong with the pattern, and where.
func NewPattern(format, pattern string) (Parser, error) {
	if strings.TrimSpace(pattern) == "" {
		return New(format)
	}
	for _, f := range patterned {
		if f.name == format {
			return f.make(pattern)
		}
	}
	if !slices.Contains(Formats(), format) {
		return New(format)
	}
	return nil, fmt.Errorf("format %s takes no pattern (those that do: %s)", format, strings.Join(Patterned(), ", "))
}

// Patterned returns the names of the formats that take a pattern.
func Patterned() []string {
	names := make([]string, len(patterned))
	for i, f := range patterned {
		names[i] = f.name
	}
	return names
}
