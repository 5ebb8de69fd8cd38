package posture

import (
	"context"
	"path/filepath"

	"gatewatch/collectors/globs"
)

// maxFolder is how many names of one folder are held, so that those that were watched before are found among many new ones.
const maxFolder = 10 * maxWatched

// watchedPattern is a pattern of the configuration and what it names now.
type watchedPattern struct {
	kind, pattern string
	// paths are those that are looked at; left is how many more there are.
	paths []string
	left  int
}

// key is the name under which it is kept since when the pattern is looked for.
func (p *watchedPattern) key() string { return p.kind + " " + p.pattern }

// watchlist finds what all patterns name, each path once, and no more than maxWatched of them: shared fairly between patterns, and
// then between folders, so that nobody who fills his folder keeps other files from being watched.
func (w *watchedFiles) watchlist(ctx context.Context) ([]watchedPattern, error) {
	var all []watchedPattern
	var wanted []int
	seen := map[string]bool{}
	w.closed = map[string]map[string]bool{}
	for _, entry := range w.entries {
		if w.closed[entry.Kind] == nil {
			w.closed[entry.Kind] = map[string]bool{}
		}
		for _, pattern := range entry.Paths {
			found, err := globs.Expand(ctx, filepath.Join(w.root, pattern), maxFolder)
			if err != nil {
				return nil, err
			}
			for _, folder := range found.Closed {
				w.closed[entry.Kind][folder] = true
			}
			one := watchedPattern{kind: entry.Kind, pattern: pattern, left: found.Left}
			for _, path := range found.Paths {
				if !seen[path] {
					seen[path] = true
					one.paths = append(one.paths, path)
				}
			}
			all, wanted = append(all, one), append(wanted, len(one.paths))
		}
	}
	for i, share := range fairShare(wanted, maxWatched) {
		one := &all[i]
		one.left += len(one.paths) - share
		one.paths = fairChoice(one.paths, share, w.isWatched)
	}
	return all, nil
}

// isWatched tells whether the file at path is known and was there when it was last looked at.
func (w *watchedFiles) isWatched(path string) bool {
	f := w.state.Files[path]
	return f != nil && f.Gone.IsZero()
}
