// Package kept holds files in which collectors keep what they have to know after a restart.
package kept

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"gatewatch/collectors/collect"
	"gatewatch/internal/atomicfile"
)

const (
	// MaxSize is the most bytes of a file; what is kept of a thousand watched files has half a megabyte.
	MaxSize = 16 << 20
	// version is what this program writes, and the highest that it reads.
	version = 1
)

// File is a file in which one collector keeps a T. Without a path nothing is kept.
type File[T any] struct{ Path string }

// content is what stands in it, as JSON.
type content[T any] struct {
	Version int `json:"version"`
	Data    T   `json:"data"`
}

// At returns the file called name in a folder of the agent's data.
func At[T any](e collect.Env, folder, name string) File[T] {
	if e.DataDir == "" {
		return File[T]{}
	}
	return File[T]{filepath.Join(e.DataDir, folder, name+".json")}
}

// ErrDamaged is what Load says of a file with something else in it than what Save writes.
var ErrDamaged = errors.New("was damaged, and is set aside")

// Load returns what was saved last, and the zero T when nothing was. With ErrDamaged the file is set aside with .damaged at
// its end, and something new may be saved. Any other error says that the file cannot be read now: saving would lose what is in it.
func (k File[T]) Load() (data T, err error) {
	if k.Path == "" {
		return data, nil
	}
	text, err := k.read()
	if errors.Is(err, fs.ErrNotExist) {
		return data, nil
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return data, fmt.Errorf("what is kept cannot be read, and is left as it is: let the agent's user read it, or remove it to begin anew: %w", err)
	}
	var file content[T]
	if err == nil {
		if wrong := json.Unmarshal(text, &file); wrong != nil {
			err = fmt.Errorf("%w: %w", ErrDamaged, wrong)
		} else if file.Version > version {
			err = fmt.Errorf("%w: is of version %d, at most %d is known", ErrDamaged, file.Version, version)
		}
	}
	if err == nil {
		return file.Data, nil
	}
	if failed := os.Rename(k.Path, k.Path+".damaged"); failed != nil {
		return data, failed
	}
	return data, fmt.Errorf("%s %w", k.Path, err)
}

// read returns what is in the file; ErrDamaged when that is more than Save writes.
func (k File[T]) read() ([]byte, error) {
	file, err := os.Open(k.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err == nil && len(text) > MaxSize {
		err = fmt.Errorf("%w: has more than %d bytes", ErrDamaged, MaxSize)
	}
	return text, err
}

// Save replaces what is kept. What could not be read again is not written.
func (k File[T]) Save(data T) error {
	if k.Path == "" {
		return nil
	}
	text, err := json.Marshal(content[T]{version, data})
	if err != nil {
		return fmt.Errorf("write %s: %w", k.Path, err)
	}
	if len(text) > MaxSize {
		return fmt.Errorf("write %s: it would have %d bytes, at most %d are read again", k.Path, len(text), MaxSize)
	}
	if err := os.MkdirAll(filepath.Dir(k.Path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(k.Path, text, 0o600)
}
