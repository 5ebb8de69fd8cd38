package tail

import (
	"os"
	"path/filepath"
	"regexp"
)

var digits = regexp.MustCompile(`[0-9]+`)

// likeness returns the glob of the files beside path whose names differ from its in numbers.
func likeness(path string) string {
	dir, name := filepath.Split(path)
	return escapeGlob(dir) + digits.ReplaceAllString(escapeGlob(name), "[0-9]*")
}

// missed adds the files that the link of m led to and left again while nobody looked: like the one that it led to before,
// and created after that was read last and before the one that it leads to now.
func (l *lister) missed(m *mark) {
	if m.Real == "" || m.Origin == m.Real {
		return
	}
	now, err := filepath.EvalSymlinks(m.Origin)
	like := likeness(m.Real)
	if err != nil || now == m.Real || likeness(now) != like {
		return
	}
	until := bornAt(now)
	paths, _ := filepath.Glob(like) // made of a path
	for _, path := range paths {
		if at := bornAt(path); path != now && likeness(path) == like && at > uint64(m.Seen) && at < until {
			l.addTarget(path, m.Origin)
		}
	}
}

// bornAt returns the time at which the file was created, or 0 when that is not known.
func bornAt(path string) uint64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	return born(file)
}
