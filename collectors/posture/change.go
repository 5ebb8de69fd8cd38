package posture

import (
	"fmt"
	"time"

	"gatewatch/event"
)

// toldChange is a change of a watched file as people are told of it.
type toldChange struct {
	kind, path, what, by, owner string
	who                         actor
	before, now                 fileprint
}

// attributes are for the agent's log.
func (c *toldChange) attributes() []any {
	all := []any{"kind", c.kind, "path", c.path, "change", c.what}
	add := func(name, value string) {
		if value != "" {
			all = append(all, name, value)
		}
	}
	add("sha256_before", c.before.Hash)
	add("sha256", c.now.Hash)
	if c.what != "removed" {
		all = append(all, "owner", c.owner, "mode", c.now.Mode.String(), "modified", c.now.Modified)
		add("link", c.now.Link)
	}
	add("by", c.by)
	add("program", c.who.Program)
	return all
}

// note is the document that is searched for. Its names are Elastic's where there are some.
func (c *toldChange) note(now time.Time) event.Note {
	n := event.Note{Dataset: "posture", Time: now, Level: "warn", Message: fmt.Sprintf("watched file changed (%s): %s", c.what, c.path)}
	add := func(name, value string) {
		if value != "" {
			n.Fields = append(n.Fields, event.NoteText(name, value))
		}
	}
	add("event.action", "file-"+c.what)
	add("posture.kind", c.kind)
	add("file.path", c.path)
	add("posture.sha256_before", c.before.Hash)
	add("file.hash.sha256", c.now.Hash)
	if c.what != "removed" {
		add("file.uid", fmt.Sprint(c.now.UID))
		add("file.gid", fmt.Sprint(c.now.GID))
		add("file.owner", c.owner)
		add("file.mode", fmt.Sprintf("%04o", c.now.Mode.Perm()))
		add("file.target_path", c.now.Link)
		add("file.mtime", c.now.Modified.Format(time.RFC3339Nano))
		if !c.now.Changed.IsZero() {
			add("file.ctime", c.now.Changed.Format(time.RFC3339Nano))
		}
		n.Fields = append(n.Fields, event.NoteNumber("file.size", float64(c.now.Size)))
	}
	add("user.name", c.by)
	add("user.audit.id", c.who.Login)
	add("process.executable", c.who.Program)
	return n
}
