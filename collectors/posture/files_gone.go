package posture

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// missing looks after the files that were seen before and were not found now.
func (w *watchedFiles) missing(now time.Time) {
	for _, path := range slices.Sorted(maps.Keys(w.state.Files)) {
		f := w.state.Files[path]
		f.notAfter(now)
		if w.looked[path] && f.Gone.IsZero() {
			continue
		}
		if !w.covered(path) || !f.Gone.IsZero() && now.Sub(f.Gone) > goneFor {
			delete(w.state.Files, path)
			delete(w.read, path)
			continue
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			w.gone(path, f, now)
		}
	}
}

// notAfter takes what is noted for a time to come as of now: the clock was wrong, and what people are told must end.
func (f *watchedFile) notAfter(now time.Time) {
	for _, change := range []*fileChange{f.Last, f.Grave} {
		if change != nil && change.At.After(now) {
			change.At = now.UTC()
		}
	}
	if f.Gone.After(now) {
		f.Gone = now.UTC()
	}
}

// forget bounds what is remembered of files that are not watched: those for which there is no room go first, then those
// that were removed longest ago.
func (w *watchedFiles) forget() {
	unwatched := slices.DeleteFunc(slices.Sorted(maps.Keys(w.state.Files)), func(path string) bool {
		return w.looked[path] && w.state.Files[path].Gone.IsZero()
	})
	slices.SortStableFunc(unwatched, func(a, b string) int { return w.state.Files[a].Gone.Compare(w.state.Files[b].Gone) })
	for _, path := range unwatched[:max(0, len(unwatched)-maxUnwatched)] {
		delete(w.state.Files, path)
		delete(w.read, path)
	}
}

// covered tells whether the configuration still names the file.
func (w *watchedFiles) covered(path string) bool {
	return slices.ContainsFunc(w.entries, func(e WatchedFilesConfig) bool {
		return slices.ContainsFunc(e.Paths, func(pattern string) bool {
			ok, _ := filepath.Match(filepath.Join(w.root, pattern), path)
			return ok
		})
	})
}

// gone notes that a file that was there is not any more.
func (w *watchedFiles) gone(path string, f *watchedFile, now time.Time) {
	if f == nil || !f.Gone.IsZero() {
		return
	}
	f.Gone = now.UTC()
	w.tell(path, f, "removed", f.Seen, now)
}
