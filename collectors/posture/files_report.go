package posture

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
)

// shown returns the path as the host has it.
func (w *watchedFiles) shown(path string) string {
	if w.root == "/" {
		return path
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(path, filepath.Clean(w.root)), "/")
}

// report tells the numbers first, so that they are told however many files there are.
func (w *watchedFiles) report(out *collect.Samples) {
	w.reportNumbers(out)
	for _, path := range slices.Sorted(maps.Keys(w.state.Files)) {
		f := w.state.Files[path]
		out.Add(w.changes, float64(f.Changes), f.Kind, w.shown(path))
		for _, change := range []*fileChange{f.Last, f.Grave} {
			if change != nil {
				out.Add(w.changed, collect.UnixSeconds(change.At), f.Kind, w.shown(path), change.What, change.By)
			}
		}
	}
}

func (w *watchedFiles) reportNumbers(out *collect.Samples) {
	all, unreadable := map[string]int{}, map[string]int{}
	for _, entry := range w.entries {
		all[entry.Kind] += 0
	}
	for path, f := range w.state.Files {
		if !f.Gone.IsZero() || !w.looked[path] {
			continue
		}
		all[f.Kind]++
		if f.Seen.Hash == "" && !f.Seen.onlyLink() {
			unreadable[f.Kind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		out.Add(w.files, float64(all[kind]), kind)
		out.Add(w.unreadable, float64(unreadable[kind]), kind)
		out.Add(w.foldersUnreadable, float64(len(w.closed[kind])), kind)
	}
	for _, p := range w.left {
		out.Add(w.notWatched, float64(p.left), p.kind, p.pattern)
	}
	if len(w.state.Since) > 0 {
		out.Add(w.since, collect.UnixSeconds(slices.MinFunc(slices.Collect(maps.Values(w.state.Since)), time.Time.Compare)))
	}
}
