package posture

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
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
	// auditTail is how much of the audit log is searched, from its end, when a file changed.
	auditTail = 4 << 20
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

// changedBy returns who changed the file at path at a time, or removed it when that is zero. Only what a rule of auditd
// watches is in its log.
func changedBy(log, path string, at, now time.Time) actor {
	file, err := os.Open(log)
	if log == "" || err != nil {
		return actor{}
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > auditTail {
		if _, err := file.Seek(-auditTail, io.SeekEnd); err != nil {
			return actor{}
		}
	}
	var who actor
	for _, e := range readAuditEvents(file) {
		near := e.at.Sub(at).Abs() <= auditNear
		if at.IsZero() {
			near = now.Sub(e.at) <= auditLate
		}
		if near && !e.failed && e.about(path) {
			who = e.who
		}
	}
	return who
}

// about tells whether the event names the file.
func (e *auditEvent) about(path string) bool {
	for _, name := range e.names {
		if !filepath.IsAbs(name) {
			name = filepath.Join(e.folder, name)
		}
		if filepath.Clean(name) == path {
			return true
		}
	}
	return false
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
