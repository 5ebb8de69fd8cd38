package configs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxSecretFile is the largest file that ${file:…} puts in, in bytes.
const maxSecretFile = 64 << 10

// envName is what may stand in ${…} as the name of an environment variable.
var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME}, ${NAME:-default} and ${file:/path} in text; $${ stands for a plain ${. It works on one
// value after YAML was parsed, so that what it puts in is never read as YAML. The error says what would be right and
// holds nothing of what was put in.
func expand(text string, env Lookup) (string, error) {
	var out strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			out.WriteString(text)
			return out.String(), nil
		}
		if at > 0 && text[at-1] == '$' {
			out.WriteString(text[:at-1] + "${")
			text = text[at+2:]
			continue
		}
		out.WriteString(text[:at])
		name, rest, closed := strings.Cut(text[at+2:], "}")
		if !closed {
			return "", fmt.Errorf("has ${ without }; write $${ for a plain ${")
		}
		value, err := reference(name, env)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		text = rest
	}
}

// reference returns what ${name} stands for.
func reference(name string, env Lookup) (string, error) {
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		return secretFile(path)
	}
	name, fallback, hasFallback := strings.Cut(name, ":-")
	if !envName.MatchString(name) {
		return "", fmt.Errorf("has ${%s}, which is neither ${NAME} nor ${file:/path}; write $${ for a plain ${", name)
	}
	if strings.Contains(fallback, "${") {
		return "", fmt.Errorf("has a ${…} inside a ${…}, which is not supported")
	}
	value, set := env(name)
	if value == "" && hasFallback {
		return fallback, nil
	}
	if !set {
		return "", fmt.Errorf("needs the environment variable %s, which is not set", name)
	}
	return value, nil
}

// secretFile returns the content of the file at path without its final line break.
func secretFile(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("has ${file:%s}: the path must be absolute, as in ${file:/run/secrets/token}", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("needs the file %s, which cannot be read: %w", path, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", fmt.Errorf("needs the file %s, which cannot be read: %w", path, reason(err))
	}
	if len(data) > maxSecretFile {
		return "", fmt.Errorf("needs the file %s, which is larger than %d KiB", path, maxSecretFile>>10)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}
