package posture

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// actor is who changed a file, as auditd tells.
type actor struct {
	// Login is the id of the user who logged in, whoever the process ran as; "" when it is not known.
	Login string
	// Program is the executable.
	Program string
}

const (
	// auditTail is how much of the audit log is read, from its end, when files changed.
	auditTail = 8 << 20
	// auditNear is how far the time of an event may be from that of the change.
	auditNear = 5 * time.Second
	// auditLate is how long ago a file may have been removed, of which no time is left.
	auditLate    = 24 * time.Hour
	maxAuditLine = 64 << 10
	// noLogin is the id of processes that nobody started who logged in.
	noLogin = "4294967295"
)

// auditEvent is what the lines of one event say.
type auditEvent struct {
	at     time.Time
	who    actor
	failed bool
	folder string
	names  []string
}

// auditLog is auditd's log as it is when it is first asked. It is read once, however many files changed.
type auditLog struct {
	path string
	// byPath are the events that succeeded, in their order; nil before the log was read.
	byPath map[string][]*auditEvent
}

// changedBy returns who changed the file at path at a time, or removed it when that is zero. Only what a rule of auditd
// watches is in its log.
func (l *auditLog) changedBy(path string, at, now time.Time) actor {
	if l.byPath == nil {
		l.read()
	}
	var who actor
	for _, e := range l.byPath[path] {
		near := e.at.Sub(at).Abs() <= auditNear
		if at.IsZero() {
			near = now.Sub(e.at) <= auditLate
		}
		if near {
			who = e.who
		}
	}
	return who
}

// read reads the end of the log, and that of the one before it when the log has just been rotated.
func (l *auditLog) read() {
	l.byPath = map[string][]*auditEvent{}
	if l.path == "" {
		return
	}
	last, size := auditEnd(l.path, auditTail)
	defer last.Close()
	before, _ := auditEnd(l.path+".1", auditTail-size)
	defer before.Close()
	for _, e := range readAuditEvents(io.MultiReader(before, last)) {
		if e.failed {
			continue
		}
		for _, path := range e.paths() {
			l.byPath[path] = append(l.byPath[path], e)
		}
	}
}

// auditEnd returns the last bytes of a log, at most so many, and how many they are. What cannot be read is empty.
func auditEnd(path string, most int64) (end io.ReadCloser, size int64) {
	empty := io.NopCloser(strings.NewReader(""))
	file, err := os.Open(path)
	if err != nil {
		return empty, 0
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		size = min(info.Size(), most)
		_, err = file.Seek(info.Size()-size, io.SeekStart)
	}
	if err != nil || size <= 0 {
		file.Close()
		return empty, 0
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(file, size), file}, size
}

// paths returns the files that the event names, each once.
func (e *auditEvent) paths() (all []string) {
	for _, name := range e.names {
		if !filepath.IsAbs(name) {
			name = filepath.Join(e.folder, name)
		}
		if name = filepath.Clean(name); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// readAuditEvents returns the events in the order of their first lines. A line longer than any of auditd ends them.
func readAuditEvents(r io.Reader) []*auditEvent {
	var all []*auditEvent
	bySerial := map[string]*auditEvent{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxAuditLine)
	for lines.Scan() {
		kind, rest, ok := bytes.Cut(lines.Bytes(), []byte(" msg=audit("))
		stamp, rest, ok2 := bytes.Cut(rest, []byte("): "))
		if !ok || !ok2 {
			continue
		}
		// "node=NAME " stands before the type where auditd is told to name its host.
		node, kind, ok := bytes.Cut(kind, []byte("type="))
		if !ok {
			continue
		}
		serial := string(node) + string(stamp)
		e := bySerial[serial]
		if e == nil {
			e = &auditEvent{at: auditTime(stamp)}
			bySerial[serial] = e
			all = append(all, e)
		}
		e.add(string(kind), string(rest))
	}
	return all
}

// auditTime reads "1764000000.123:456".
func auditTime(stamp []byte) time.Time {
	seconds, _, _ := bytes.Cut(stamp, []byte{':'})
	n, err := strconv.ParseFloat(string(seconds), 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(n * 1000))
}

// add takes what a line of the event says.
func (e *auditEvent) add(kind, text string) {
	switch kind {
	case "SYSCALL":
		e.failed = auditValue(text, "success") == "no"
		if login := auditValue(text, "auid"); login != noLogin && login != "-1" {
			e.who.Login = login
		}
		e.who.Program = auditValue(text, "exe")
	case "CWD":
		e.folder = auditValue(text, "cwd")
	case "PATH":
		// Others are the folder of a file, and what a new link leads to.
		if as := auditValue(text, "nametype"); as == "NORMAL" || as == "CREATE" || as == "DELETE" {
			e.names = append(e.names, auditValue(text, "name"))
		}
	}
}

// auditValue returns the value of a name: "in quotes", or in hexadecimal digits when it has spaces or quotes, or plain.
func auditValue(text, name string) string {
	_, value, ok := strings.Cut(" "+text, " "+name+"=")
	if !ok {
		return ""
	}
	if quoted, ok := strings.CutPrefix(value, `"`); ok {
		value, _, _ = strings.Cut(quoted, `"`)
		return value
	}
	value, _, _ = strings.Cut(value, " ")
	if name == "name" || name == "cwd" || name == "exe" {
		if decoded, err := hex.DecodeString(value); err == nil {
			return string(decoded)
		}
	}
	return value
}
