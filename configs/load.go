package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"
)

// MaxFileSize is the largest configuration file that is read, in bytes.
const MaxFileSize = 1 << 20

// Lookup returns the value of an environment variable, and whether it is set. os.LookupEnv is one.
type Lookup func(name string) (string, bool)

// Load reads the configuration file at path over the defaults. What is wrong with it, from a missing file to a bad
// value, comes back as Mistakes, all at once.
func Load(path string, env Lookup) (*Config, error) {
	data, err := read(path)
	if err != nil {
		return nil, Mistakes{{File: path, Text: err.Error()}}
	}
	return Parse(data, path, env)
}

// Parse is Load for a configuration that is already in memory. name stands for the file in messages.
func Parse(data []byte, name string, env Lookup) (*Config, error) {
	root, mistake := parseDocument(data)
	if mistake != nil {
		mistake.File = name
		return nil, Mistakes{*mistake}
	}
	cfg := Default()
	d := decoder{file: name, env: env, lines: map[string]int{"": root.Line}}
	d.decode(root, cfg)
	cfg.SetDefaults()
	d.addInvalid(cfg.Validate())
	if err := d.mistakes.sorted(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// read returns the content of the file at path, if it can be a configuration.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", reason(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("is a directory: name the YAML file in it")
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", reason(err))
	}
	return data, nil
}

// checkText tells what keeps data from being YAML text, with the line it is on.
func checkText(data []byte) *Mistake {
	if len(data) > MaxFileSize {
		return &Mistake{Text: fmt.Sprintf("is larger than %d KiB: this is not a Gatewatch configuration", MaxFileSize>>10)}
	}
	if utf8.Valid(data) {
		return nil
	}
	good := 0
	for good < len(data) {
		r, n := utf8.DecodeRune(data[good:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		good += n
	}
	return &Mistake{Line: 1 + bytes.Count(data[:good], []byte("\n")), Text: "is not UTF-8 text: save the file as UTF-8"}
}

// reason strips what the message says already (the operation and the path) off a file error.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
