package posture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatewatch/collectors/collect"
	"gatewatch/internal/atomicfile"
)

const (
	// maxKept bounds a file of kept things; a thousand watched files are half a megabyte.
	maxKept = 16 << 20
	// keptVersion is what this program writes, and the highest that it reads.
	keptVersion = 1
)

// kept is a file in which one collector keeps what it has to know after a restart. Nothing is kept without a path.
type kept[T any] struct{ path string }

// keptFile is what stands in it, as JSON.
type keptFile[T any] struct {
	Version int `json:"version"`
	Data    T   `json:"data"`
}

// keptAt returns the file called name, below the agent's data.
func keptAt[T any](e collect.Env, name string) kept[T] {
	if e.DataDir == "" {
		return kept[T]{}
	}
	return kept[T]{filepath.Join(e.DataDir, "posture", name+".json")}
}

// load returns what was saved last, and the zero T when nothing was. A file that cannot be read is an error, and set
// aside with .damaged at its end.
func (k kept[T]) load() (data T, err error) {
	if k.path == "" {
		return data, nil
	}
	info, err := os.Stat(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return data, nil
	}
	if err == nil && info.Size() > maxKept {
		err = fmt.Errorf("has %d bytes, at most %d are read", info.Size(), maxKept)
	}
	var file keptFile[T]
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(k.path); err == nil {
			err = json.Unmarshal(text, &file)
		}
	}
	if err == nil && file.Version > keptVersion {
		err = fmt.Errorf("is of version %d, at most %d is known", file.Version, keptVersion)
	}
	if err != nil {
		return data, errors.Join(fmt.Errorf("read %s: %w", k.path, err), os.Rename(k.path, k.path+".damaged"))
	}
	return file.Data, nil
}

func (k kept[T]) save(data T) error {
	if k.path == "" {
		return nil
	}
	text, err := json.Marshal(keptFile[T]{keptVersion, data})
	if err != nil {
		return fmt.Errorf("write %s: %w", k.path, err)
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(k.path, text, 0o600)
}
