package tail

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// siblings is what is appended to a glob to find the rotated files beside those it matches.
const siblings = "?*"

// dateDigits is how many digits a name must have where a date is expected: pay-20261122.log is a rotated pay.log,
// pay-2.log is not.
const dateDigits = 6

// found is a file in a followed folder.
type found struct {
	path    string
	at      inode
	size    int64
	changed time.Time // when its content was
	// followed says that the path itself matches a glob; otherwise it is a rotated sibling of one that does.
	followed bool
	// packed says that the name is one of a compressed file.
	packed bool
	// link is the followed path that led here, when it leads elsewhere by now and the file was never seen before.
	link string
}

// siblingsOf returns the globs of the rotated files beside those that glob matches.
func siblingsOf(glob string) []string {
	all := []string{glob + siblings}
	if dated := datedGlob(glob); dated != "" {
		all = append(all, dated, dated+siblings)
	}
	return all
}

// datedGlob returns the glob of names with something before the extension: pay-*.log for pay.log.
func datedGlob(glob string) string {
	ext := filepath.Ext(glob)
	stem := strings.TrimSuffix(glob, ext)
	if ext == "" || stem == "" || strings.HasSuffix(stem, "*") || strings.HasSuffix(stem, "/") {
		return "" // matched by the glob itself
	}
	return stem + `[._\-][0-9]*` + ext
}

func dated(path string) bool {
	digits := 0
	for _, c := range filepath.Base(path) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return digits >= dateDigits
}

// list returns the regular files that match the globs, and their siblings, each once.
func (g *Group) list() []found {
	l := lister{g: g, seen: map[inode]bool{}}
	for _, glob := range g.cfg.Globs {
		l.glob(glob, true, false)
	}
	for _, glob := range g.cfg.Globs {
		for i, sibling := range siblingsOf(glob) {
			l.glob(sibling, false, i > 0)
		}
	}
	for _, f := range g.files {
		l.target(f.real, f.at)
	}
	for _, m := range g.ledger.marks {
		l.target(m.Real, m.inode)
		if !g.looked.Load() {
			l.missed(m)
		}
	}
	return l.all
}

// lister collects files, each inode once.
type lister struct {
	g     *Group
	seen  map[inode]bool
	reals map[string]bool
	all   []found
}

func (l *lister) glob(glob string, followed, byDate bool) {
	paths, _ := filepath.Glob(glob) // checked by New
	for _, path := range paths {
		if !byDate || dated(path) {
			l.add(path, followed)
		}
	}
}

// target adds the file that a symbolic link led to, when it leads elsewhere by now, and the rotated files beside it.
func (l *lister) target(real string, at inode) {
	if real == "" {
		return
	}
	if !l.seen[at] {
		if info, err := os.Stat(real); err == nil && inodeOf(info) == at {
			l.add(real, false)
		}
	}
	if l.reals == nil {
		l.reals = map[string]bool{}
	}
	if !l.reals[real] {
		l.reals[real] = true
		l.glob(escapeGlob(real)+siblings, false, false)
	}
}

// addTarget adds a file that the link led to.
func (l *lister) addTarget(path, link string) {
	had := len(l.all)
	l.add(path, false)
	if len(l.all) > had {
		l.all[had].link = link
	}
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (l *lister) add(path string, followed bool) {
	info, err := os.Stat(path)
	if err != nil {
		if followed && !errors.Is(err, fs.ErrNotExist) {
			l.g.note(path, err)
		}
		return
	}
	at := inodeOf(info)
	packed, ok := l.g.readable(path, info, followed)
	if l.seen[at] || !ok {
		return
	}
	l.seen[at] = true
	l.all = append(l.all, found{
		path: path, at: at, size: info.Size(), changed: info.ModTime(),
		followed: followed && !packed, packed: packed,
	})
}

var errNotRegular = errors.New("is not a regular file, only those can be followed")

// readable tells whether the file can be read, and whether it is compressed.
func (g *Group) readable(path string, info fs.FileInfo, followed bool) (packed, ok bool) {
	if !info.Mode().IsRegular() {
		if followed {
			g.note(path, errNotRegular)
		}
		return false, false
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz", ".zst", ".bz2":
		return true, true
	case ".xz", ".lz4", ".zip", ".lzma", ".br":
		g.passOver(path, info)
		return false, false
	case ".tmp", ".swp": // what compressors and editors write beside a log
		return false, followed
	}
	return false, true
}

// passOver says once of a compressed file that it is of a kind that is not read, unless it is from before our time.
func (g *Group) passOver(path string, info fs.FileInfo) {
	at := inodeOf(info)
	if g.passed[at] {
		return
	}
	if len(g.passed) >= maxNoted {
		clear(g.passed)
	}
	g.passed[at] = true
	if g.ledger.first || touched(info).Before(g.ledger.since) {
		return
	}
	g.metrics.passedOver.Inc()
	g.log.Warn("compressed log file is of a kind that is not read; what was not read before it was compressed is missing",
		"path", path, "kinds_read", ".gz .zst .bz2")
}
