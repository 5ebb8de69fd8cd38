package posture

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
	// maxKept bounds a file of kept things; of a thousand watched files it has half a megabyte.
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

// errDamaged is what load says of a file with something else in it than what save writes.
var errDamaged = errors.New("was damaged, and is set aside")

// load returns what was saved last, and the zero T when nothing was. With errDamaged the file is set aside with .damaged at
// its end, and something new may be saved. Any other error says that the file cannot be read now: saving would lose what is in it.
func (k kept[T]) load() (data T, err error) {
	if k.path == "" {
		return data, nil
	}
	text, err := k.read()
	if errors.Is(err, fs.ErrNotExist) {
		return data, nil
	}
	if err != nil && !errors.Is(err, errDamaged) {
		return data, fmt.Errorf("what is kept cannot be read, and is left as it is: let the agent's user read it, or remove it to begin anew: %w", err)
	}
	var file keptFile[T]
	if err == nil {
		if wrong := json.Unmarshal(text, &file); wrong != nil {
			err = fmt.Errorf("%w: %w", errDamaged, wrong)
		} else if file.Version > keptVersion {
			err = fmt.Errorf("%w: is of version %d, at most %d is known", errDamaged, file.Version, keptVersion)
		}
	}
	if err == nil {
		return file.Data, nil
	}
	if failed := os.Rename(k.path, k.path+".damaged"); failed != nil {
		return data, failed
	}
	return data, fmt.Errorf("%s %w", k.path, err)
}

// read returns what is in the file; errDamaged when that is more than save writes.
func (k kept[T]) read() ([]byte, error) {
	file, err := os.Open(k.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxKept+1))
	if err == nil && len(text) > maxKept {
		err = fmt.Errorf("%w: has more than %d bytes", errDamaged, maxKept)
	}
	return text, err
}

// save replaces what is kept. What could not be read again is not written.
func (k kept[T]) save(data T) error {
	if k.path == "" {
		return nil
	}
	text, err := json.Marshal(keptFile[T]{keptVersion, data})
	if err != nil {
		return fmt.Errorf("write %s: %w", k.path, err)
	}
	if len(text) > maxKept {
		return fmt.Errorf("write %s: it would have %d bytes, at most %d are read again", k.path, len(text), maxKept)
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(k.path, text, 0o600)
}
