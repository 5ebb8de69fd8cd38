package posture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
)

// watchedFiles tells of every change of the files that matter. What it saw last is kept over restarts, so that a change
// while the agent was down is told, too.
type watchedFiles struct {
	entries  []WatchedFilesConfig
	root     string
	auditLog string
	notes    collect.Notes
	log      *slog.Logger

	kept   kept[watchState]
	state  watchState
	loaded bool
	// unsaved is whether what is kept is older than the state: a disk that is full is tried again.
	unsaved bool
	// read are the files whose content was compared since the start: after that only those that look other are read.
	read map[string]bool
	// closed are the folders of each kind that might not be read at the last look.
	closed map[string]map[string]bool

	changes, changed, files, unreadable, foldersUnreadable collect.Metric
}

// watchState is what is kept.
type watchState struct {
	// Since tells of each pattern when it was first looked for: what is there then is no change.
	Since map[string]time.Time `json:"since"`
	// Files are those seen, by path.
	Files map[string]*watchedFile `json:"files"`
}

// watchedFile is one of them.
type watchedFile struct {
	Kind string    `json:"kind"`
	Seen fileprint `json:"seen"`
	// Changes counts since the file is watched.
	Changes int `json:"changes"`
	// Last is the last change; nil for none.
	Last *fileChange `json:"last,omitempty"`
	// Grave is the last change that was not one of system accounts, while Last is one; nil for none.
	Grave *fileChange `json:"grave,omitempty"`
	// Gone is since when it is not there; zero when it is.
	Gone time.Time `json:"gone,omitzero"`
}

// fileChange is one change of a file.
type fileChange struct {
	// At is when it was noticed.
	At time.Time `json:"at"`
	// What is created, removed, content, system_accounts, owner or mode.
	What string `json:"what"`
	// By is who had logged in to do it; "" when auditd does not tell.
	By string `json:"by"`
}

const (
	watchedTimeout = 30 * time.Second
	// maxWatched is how many files are watched in all.
	maxWatched = 1000
	// goneFor is how long a file that was removed is told of.
	goneFor = 24 * time.Hour
)

func newWatchedFiles(cfg Config, e collect.Env) collect.Collector {
	var all collect.Metrics
	w := &watchedFiles{
		entries: cfg.Files, root: e.Host.Root, auditLog: cfg.AuditLog, notes: e.Notes, log: e.Log,
		kept: keptAt[watchState](e, "files"), read: map[string]bool{},
		changes:           all.Counter("posture_file_changes_total", "Changes of a watched file since it is watched: content, owner, mode, created, removed.", "kind", "path"),
		changed:           all.Gauge("posture_file_changed_timestamp_seconds", "When the last change of a watched file was noticed; beside one of system accounts also the last other one.", "kind", "path", "change", "by"),
		files:             all.Gauge("posture_files", "Number of files watched.", "kind"),
		unreadable:        all.Gauge("posture_files_unreadable", "Number of watched files whose content may not be read: only size, time, owner and mode are compared.", "kind"),
		foldersUnreadable: all.Gauge("posture_folders_unreadable", "Number of folders that may not be read, so that watched files in them are not seen.", "kind"),
	}
	return collect.Collector{Name: "posture_files", Metrics: all, Timeout: watchedTimeout, MadeOf: []any{cfg.Files, cfg.AuditLog, e.Host}, Collect: w.collect}
}

func (w *watchedFiles) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	if err := w.load(); err != nil {
		w.log.Error("what watched files were like is not known: all of them are taken as they are now", "err", err)
	}
	before := w.state.summary()
	err := w.look(ctx, out, now)
	if after := w.state.summary(); w.unsaved || !maps.Equal(before, after) {
		failed := w.kept.save(w.state)
		w.unsaved = failed != nil
		err = errors.Join(err, failed)
	}
	w.report(out)
	return err
}

func (w *watchedFiles) load() (err error) {
	if w.loaded {
		return nil
	}
	w.loaded = true
	w.state, err = w.kept.load()
	if w.state.Since == nil {
		w.state.Since = map[string]time.Time{}
	}
	if w.state.Files == nil {
		w.state.Files = map[string]*watchedFile{}
	}
	maps.DeleteFunc(w.state.Files, func(_ string, f *watchedFile) bool { return f == nil })
	return err
}

// summary is what of the state is worth saving when it changed.
func (s *watchState) summary() map[string]watchedFile {
	all := map[string]watchedFile{}
	for path, f := range s.Files {
		all[path] = *f
	}
	for pattern := range s.Since {
		all["\x00"+pattern] = watchedFile{}
	}
	return all
}

// look compares all files with what is known of them.
func (w *watchedFiles) look(ctx context.Context, out *collect.Samples, now time.Time) error {
	var failed error
	room, budget := maxWatched, int64(maxHashedBytes)
	seen, patterns := map[string]bool{}, map[string]bool{}
	w.closed = map[string]map[string]bool{}
	for _, entry := range w.entries {
		for _, pattern := range entry.Paths {
			key := entry.Kind + " " + pattern
			_, known := w.state.Since[key]
			w.noteClosed(entry.Kind, filepath.Join(w.root, pattern))
			files, left := globs.Find([]string{filepath.Join(w.root, pattern)}, room)
			out.Dropped += left
			for _, f := range files {
				if seen[f.Path] {
					continue
				}
				seen[f.Path] = true
				err := w.file(ctx, entry.Kind, f.Path, known, now, &budget)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotRegular) && !errors.Is(err, errUnsettled) {
					failed = errors.Join(failed, err)
				}
				room--
			}
			patterns[key] = true
			if !known {
				w.state.Since[key] = now.UTC()
			}
		}
	}
	maps.DeleteFunc(w.state.Since, func(key string, _ time.Time) bool { return !patterns[key] })
	w.missing(seen, now)
	return failed
}

// noteClosed notes the folders in which what the pattern names cannot be found.
func (w *watchedFiles) noteClosed(kind, pattern string) {
	if w.closed[kind] == nil {
		w.closed[kind] = map[string]bool{}
	}
	for _, folder := range globs.Closed(pattern) {
		w.closed[kind][folder] = true
	}
}

// file compares one file. known is whether its pattern was looked for before, so that a file never seen is new.
func (w *watchedFiles) file(ctx context.Context, kind, path string, known bool, now time.Time, budget *int64) error {
	f := w.state.Files[path]
	seen, err := look(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotRegular) {
		w.gone(path, f, now)
	}
	if err != nil {
		return err
	}
	if f != nil && f.Gone.IsZero() && w.read[path] && f.Seen.sameOutside(seen) {
		f.Kind = kind
		return nil
	}
	if f == nil && !known {
		// Whatever comes between, a file of the first look is not told as a new one later.
		f = &watchedFile{Kind: kind, Seen: seen}
		w.state.Files[path] = f
	}
	if seen.Size > smallFile && seen.Size <= maxHashedFile {
		if *budget <= 0 {
			return nil // its turn comes
		}
		*budget -= seen.Size
	}
	if seen, err = seen.hashed(path, systemLines(kind, path), ctx.Err); err != nil {
		return err
	}
	w.read[path] = true
	if f == nil {
		f = &watchedFile{Kind: kind, Seen: seen}
		w.state.Files[path] = f
		w.tell(path, f, "created", fileprint{}, now)
		return nil
	}
	before := f.Seen
	what := before.difference(seen)
	if !f.Gone.IsZero() {
		what, f.Gone = "created", time.Time{}
	}
	f.Kind, f.Seen = kind, seen
	if what != "" {
		w.tell(path, f, what, before, now)
	}
	return nil
}

// missing looks after the files that were seen before and were not found now.
func (w *watchedFiles) missing(seen map[string]bool, now time.Time) {
	for _, path := range slices.Sorted(maps.Keys(w.state.Files)) {
		f := w.state.Files[path]
		if seen[path] && f.Gone.IsZero() {
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

// tell counts a change, writes it to the log, and makes a document of it.
func (w *watchedFiles) tell(path string, f *watchedFile, what string, before fileprint, now time.Time) {
	seen := f.Seen
	if what == "removed" {
		seen = fileprint{}
	}
	who := changedBy(w.auditLog, w.shown(path), seen.Changed, now)
	names := userNames(w.root)
	by := nameOr(names, who.Login)
	f.Changes++
	if what != systemAccounts {
		f.Grave = nil
	} else if f.Last != nil && f.Last.What != systemAccounts {
		f.Grave = f.Last // what lets nobody log in must not hide it
	}
	f.Last = &fileChange{At: now.UTC(), What: what, By: by}
	change := toldChange{kind: f.Kind, path: w.shown(path), what: what, by: by, who: who, before: before, now: seen,
		owner: nameOr(names, fmt.Sprint(seen.UID))}
	w.log.Warn("watched file changed", change.attributes()...)
	if w.notes != nil {
		w.notes.Add(change.note(now))
	}
}

// shown returns the path as the host has it.
func (w *watchedFiles) shown(path string) string {
	if w.root == "/" {
		return path
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(path, filepath.Clean(w.root)), "/")
}

func (w *watchedFiles) report(out *collect.Samples) {
	all, unreadable := map[string]int{}, map[string]int{}
	for _, entry := range w.entries {
		all[entry.Kind] += 0
	}
	for _, path := range slices.Sorted(maps.Keys(w.state.Files)) {
		f := w.state.Files[path]
		out.Add(w.changes, float64(f.Changes), f.Kind, w.shown(path))
		for _, change := range []*fileChange{f.Last, f.Grave} {
			if change != nil {
				out.Add(w.changed, collect.UnixSeconds(change.At), f.Kind, w.shown(path), change.What, change.By)
			}
		}
		if f.Gone.IsZero() {
			all[f.Kind]++
			if f.Seen.Hash == "" {
				unreadable[f.Kind]++
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		out.Add(w.files, float64(all[kind]), kind)
		out.Add(w.unreadable, float64(unreadable[kind]), kind)
		out.Add(w.foldersUnreadable, float64(len(w.closed[kind])), kind)
	}
}
