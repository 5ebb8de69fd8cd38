package posture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/kept"
)

// watchedFiles tells of every change of the files that matter. What it saw last is kept over restarts, so that a change
// while the agent was down is told, too.
type watchedFiles struct {
	entries  []WatchedFilesConfig
	root     string
	auditLog string
	notes    collect.Notes
	log      *slog.Logger

	kept   kept.File[watchState]
	state  watchState
	loaded bool
	// unsaved is whether what is kept is older than the state: a disk that is full is tried again.
	unsaved bool
	// read are the files whose content was compared since the start: after that only those that look other are read.
	read map[string]bool
	// closed are the folders of each kind that might not be read at the last look.
	closed map[string]map[string]bool
	// looked are the paths that were looked at then, left how many were not, by pattern.
	looked map[string]bool
	left   []watchedPattern
	// audit and names are read once in a look, for whatever changed.
	audit auditLog
	names map[string]string

	changes, changed, files, unreadable, foldersUnreadable, notWatched, since collect.Metric
}

// watchState is what is kept.
type watchState struct {
	// Since tells of each pattern when it was first looked for: what is there then is no change.
	Since map[string]time.Time `json:"since"`
	// Files are those seen, by path.
	Files map[string]*watchedFile `json:"files"`
	// Links is whether links that lead to no file are among them.
	Links bool `json:"links"`
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
	// settledAfter is longer than a tick of any file system's clock.
	settledAfter = 2 * time.Second
	// maxWatched is how many files are watched in all.
	maxWatched = 1000
	// maxUnwatched is how many are remembered beside them: removed ones, and those for which there is no room any more.
	maxUnwatched = 500
	// goneFor is how long a file that was removed is told of.
	goneFor = 24 * time.Hour
)

func newWatchedFiles(cfg Config, e collect.Env) collect.Collector {
	var all collect.Metrics
	w := &watchedFiles{
		entries: cfg.Files, root: e.Host.Root, auditLog: cfg.AuditLog, notes: e.Notes, log: e.Log,
		kept: kept.At[watchState](e, "posture", "files"), read: map[string]bool{},
		changes:           all.Counter("posture_file_changes_total", "Changes of a watched file since it is watched: content, owner, mode, created, removed.", "kind", "path"),
		changed:           all.Gauge("posture_file_changed_timestamp_seconds", "When the last change of a watched file was noticed; beside one of system accounts also the last other one.", "kind", "path", "change", "by"),
		files:             all.Gauge("posture_files", "Number of files watched.", "kind"),
		unreadable:        all.Gauge("posture_files_unreadable", "Number of watched files whose content may not be read: only size, time, owner and mode are compared.", "kind"),
		foldersUnreadable: all.Gauge("posture_folders_unreadable", "Number of folders that may not be read, so that watched files in them are not seen.", "kind"),
		notWatched:        all.Gauge("posture_files_not_watched", "Number of files that a pattern names beyond its share of those that are watched.", "kind", "pattern"),
		since:             all.Gauge("posture_files_watched_since_timestamp_seconds", "Since when changes are told of the pattern that is watched longest. It moves when what was kept is lost."),
	}
	return collect.Collector{Name: "posture_files", Metrics: all, Timeout: watchedTimeout, MadeOf: []any{cfg.Files, cfg.AuditLog, e.Host}, Collect: w.collect}
}

func (w *watchedFiles) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	if err := w.load(); err != nil {
		return err
	}
	before := w.state.summary()
	err := w.look(ctx, out, now)
	if after := w.state.summary(); w.unsaved || !maps.Equal(before, after) {
		failed := w.kept.Save(w.state)
		w.unsaved = failed != nil
		err = errors.Join(err, failed)
	}
	w.report(out)
	return err
}

// load reads what is kept, once. An error means that it cannot be read now, and must not be replaced.
func (w *watchedFiles) load() (err error) {
	if w.loaded {
		return nil
	}
	if w.state, err = w.kept.Load(); errors.Is(err, kept.ErrDamaged) {
		w.log.Error("what watched files were like is not known: all of them are taken as they are now", "err", err)
		err = nil
	}
	if err != nil {
		return err
	}
	w.loaded = true
	if w.state.Since == nil {
		w.state.Since = map[string]time.Time{}
	}
	if w.state.Files == nil {
		w.state.Files = map[string]*watchedFile{}
	}
	maps.DeleteFunc(w.state.Files, func(_ string, f *watchedFile) bool { return f == nil })
	return nil
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
	if s.Links {
		all["\x00"] = watchedFile{}
	}
	return all
}

// look compares all files with what is known of them.
func (w *watchedFiles) look(ctx context.Context, out *collect.Samples, now time.Time) error {
	var failed error
	budget := int64(maxHashedBytes)
	w.looked, w.audit, w.names = map[string]bool{}, auditLog{path: w.auditLog}, nil
	patterns, err := w.watchlist(ctx)
	if err != nil {
		return err
	}
	w.left = patterns
	keys := map[string]bool{}
	for _, p := range patterns {
		_, known := w.state.Since[p.key()]
		out.Dropped += p.left
		for _, path := range p.paths {
			w.looked[path] = true
			err := w.file(ctx, p.kind, path, known, now, &budget)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotRegular) && !errors.Is(err, errUnsettled) {
				failed = errors.Join(failed, err)
			}
		}
		keys[p.key()] = true
		if !known {
			w.state.Since[p.key()] = now.UTC()
		}
	}
	w.state.Links = true
	maps.DeleteFunc(w.state.Since, func(key string, _ time.Time) bool { return !keys[key] })
	w.missing(now)
	w.forget()
	return failed
}

// file compares one file. known is whether its pattern was looked for before, so that a file never seen is new.
func (w *watchedFiles) file(ctx context.Context, kind, path string, known bool, now time.Time, budget *int64) error {
	f := w.state.Files[path]
	seen, err := look(w.root, path)
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
	if f == nil && (!known || seen.onlyLink() && !w.state.Links) {
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
	if seen, err = seen.hashed(w.root, path, systemLines(kind, path), ctx.Err); err != nil {
		return err
	}
	// Another change in the same tick of the file system's clock would not show from outside: what has just changed is read
	// again at the next look.
	w.read[path] = now.Sub(seen.Changed) > settledAfter
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

// tell counts a change, writes it to the log, and makes a document of it.
func (w *watchedFiles) tell(path string, f *watchedFile, what string, before fileprint, now time.Time) {
	seen := f.Seen
	if what == "removed" {
		seen = fileprint{}
	}
	if w.names == nil {
		w.names = userNames(w.root)
	}
	who := w.audit.changedBy(w.shown(path), seen.Changed, now)
	by := nameOr(w.names, who.Login)
	f.Changes++
	if what != systemAccounts {
		f.Grave = nil
	} else if f.Last != nil && f.Last.What != systemAccounts {
		f.Grave = f.Last // what lets nobody log in must not hide it
	}
	f.Last = &fileChange{At: now.UTC(), What: what, By: by}
	change := toldChange{kind: f.Kind, path: w.shown(path), what: what, by: by, who: who, before: before, now: seen,
		owner: nameOr(w.names, fmt.Sprint(seen.UID))}
	w.log.Warn("watched file changed", change.attributes()...)
	if w.notes != nil {
		w.notes.Add(change.note(now))
	}
}
