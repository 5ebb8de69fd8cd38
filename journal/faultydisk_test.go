package journal

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
)

// faultyDisk is a disk that fails where a test says so, and that forgets at a crash what was not synced.
type faultyDisk struct {
	// fault is asked before each change with its name. An error makes it fail; a write then puts only short bytes on
	// the disk.
	fault func(op string) (short int, err error)
	// slow makes Sync real. Without it a sync takes no time.
	slow bool

	mu    sync.Mutex
	files map[string]*faultyFile
	// replaced is what stood, on the disk for certain, under names that were given to other files since.
	replaced map[string][]byte
}

func (d *faultyDisk) ask(op string) (int, error) {
	if d.fault == nil {
		return 0, nil
	}
	return d.fault(op)
}

func (d *faultyDisk) open(path string, create bool) (file, error) {
	op := "open"
	if create {
		op = "create"
	}
	if _, err := d.ask(op); err != nil {
		return nil, err
	}
	f, err := realDisk{}.open(path, create)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files == nil {
		d.files = map[string]*faultyFile{}
	}
	data, err := os.ReadFile(path)
	d.files[path] = &faultyFile{File: f.(*os.File), d: d, synced: data}
	return d.files[path], err
}

func (d *faultyDisk) remove(path string) error {
	if _, err := d.ask("remove"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
	return os.Remove(path)
}

func (d *faultyDisk) rename(from, to string) error {
	if _, err := d.ask("rename"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	if f := d.files[to]; f != nil {
		old = f.synced
	}
	if d.replaced == nil {
		d.replaced = map[string][]byte{}
	}
	d.replaced[to] = old
	d.files[to] = d.files[from]
	delete(d.files, from)
	return os.Rename(from, to)
}

func (d *faultyDisk) syncDir(string) error {
	_, err := d.ask("syncdir")
	if err == nil {
		d.mu.Lock()
		clear(d.replaced)
		d.mu.Unlock()
	}
	return err
}

// crash puts onto the disk what a machine may have there after it lost its power: of what was not synced, any pages.
func (d *faultyDisk) crash(t testing.TB, r *rand.Rand) {
	const page = 64 // small, so that few records span many
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, old := range d.replaced {
		if r.IntN(2) == 0 {
			if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			delete(d.files, path)
		}
	}
	clear(d.replaced)
	for path, f := range d.files {
		now, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		size := len(now)
		if size > len(f.synced) {
			size = len(f.synced) + r.IntN(size-len(f.synced)+1)
		}
		now = now[:size]
		for at := 0; at < size; at += page {
			end := min(at+page, size)
			if end > len(f.synced) && r.IntN(3) == 0 {
				from := max(at, len(f.synced))
				clear(now[from:end])
			}
		}
		if err := os.WriteFile(path, now, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.files = nil
}

type faultyFile struct {
	*os.File
	d      *faultyDisk
	synced []byte // content at the last sync
}

func (f *faultyFile) WriteAt(b []byte, off int64) (int, error) {
	short, err := f.d.ask("write")
	if err == nil {
		return f.File.WriteAt(b, off)
	}
	n, _ := f.File.WriteAt(b[:min(short, len(b))], off)
	return n, err
}

func (f *faultyFile) Truncate(size int64) error {
	if _, err := f.d.ask("truncate"); err != nil {
		return err
	}
	f.d.mu.Lock()
	f.synced = f.synced[:min(int64(len(f.synced)), size)]
	f.d.mu.Unlock()
	return f.File.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if _, err := f.d.ask("sync"); err != nil {
		return err
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	f.d.mu.Lock()
	f.synced = data
	f.d.mu.Unlock()
	if f.d.slow {
		return f.File.Sync()
	}
	return nil
}
