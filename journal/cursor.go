package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gatewatch/internal/atomicfile"
)

// cursorDir is the folder, in the journal's, with one file for each consumer.
const cursorDir = "cursors"

var consumerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (j *Journal) cursorPath(name string) string { return filepath.Join(j.dir, cursorDir, name) }

// loadCursor returns where the consumer was. One that is new, or whose file is damaged, begins before everything.
func (j *Journal) loadCursor(name string) (Position, error) {
	text, err := os.ReadFile(j.cursorPath(name))
	if os.IsNotExist(err) {
		return Position{}, nil
	}
	if err != nil {
		return Position{}, fmt.Errorf("read cursor: %w", err)
	}
	p, err := ParsePosition(strings.TrimSpace(string(text)))
	if err != nil {
		j.log.Error("journal cursor is damaged; the consumer starts over", "consumer", name, "err", err)
	}
	return p, nil
}

// lastCursor returns the furthest position of all cursors, and removes what a crash left of writing them.
func (j *Journal) lastCursor() (Position, error) {
	entries, err := os.ReadDir(filepath.Join(j.dir, cursorDir))
	if err != nil {
		return Position{}, err
	}
	var last Position
	for _, e := range entries {
		if !consumerName.MatchString(e.Name()) {
			if strings.HasPrefix(e.Name(), ".") {
				os.Remove(j.cursorPath(e.Name()))
			}
			continue
		}
		p, err := j.loadCursor(e.Name())
		if err != nil {
			return Position{}, err
		}
		if p.Compare(last) > 0 {
			last = p
		}
	}
	return last, nil
}

// saveCursors writes the cursors that moved.
func (j *Journal) saveCursors() error {
	j.mu.Lock()
	all := make([]*Consumer, 0, len(j.consumers))
	for _, c := range j.consumers {
		all = append(all, c)
	}
	j.mu.Unlock()
	var first error
	for _, c := range all {
		first = firstError(first, c.save())
	}
	return first
}

// save writes the cursor when it moved.
func (c *Consumer) save() error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.j.mu.Lock()
	p := c.acked
	c.j.mu.Unlock()
	if p == c.saved {
		return nil
	}
	if err := atomicfile.Write(c.j.cursorPath(c.name), []byte(p.String()+"\n"), 0o600); err != nil {
		return err
	}
	c.saved = p
	return nil
}
