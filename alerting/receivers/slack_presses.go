package receivers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"gatewatch/internal/atomicfile"
)

const (
	// maxPresses bounds the presses that wait; more are dropped, and people press again.
	maxPresses = 200
	// maxSeen is how many presses are remembered so that what Slack delivers twice is done once.
	maxSeen = 500
	// pressAge is how long it is tried to tell of a press.
	pressAge = time.Hour
)

// pressed is a button that somebody pressed, on disk until all is done.
type pressed struct {
	// ID is the same when Slack delivers the press twice.
	ID     string `json:"id"`
	Place  place  `json:"-"`
	Block  string `json:"block"`
	Deed   Deed   `json:"deed"`
	Choice string `json:"choice,omitempty"`
	// Answer is the address for words to who pressed.
	Answer string `json:"answer,omitempty"`
	// Acted: it is done, and Words is what the thread has to hear; "" for nothing.
	Acted bool   `json:"acted,omitempty"`
	Words string `json:"words,omitempty"`
	// Stand is how the incident stands since.
	Stand Handling `json:"stand"`
}

// readPresses returns the buttons of ours that an interaction presses.
func readPresses(in *slack.InteractionCallback, now time.Time) []*pressed {
	var all []*pressed
	for _, a := range in.ActionCallback.BlockActions {
		where, ok := readPlace(a.BlockID)
		kind, ours := strings.CutPrefix(a.ActionID, pressPrefix)
		if !ok || !ours || in.Type != slack.InteractionTypeBlockActions {
			continue
		}
		p := &pressed{
			Place: where, Block: a.BlockID, Choice: a.SelectedOption.Value, Answer: in.ResponseURL,
			Deed: Deed{Kind: kind, By: Person{ID: in.User.ID, Name: in.User.Name}, At: actionTime(a.ActionTs, now)},
		}
		sum := sha256.Sum256([]byte(strings.Join([]string{in.User.ID, a.ActionTs, a.BlockID, a.ActionID, p.Choice}, "\x00")))
		p.ID = hex.EncodeToString(sum[:12])
		all = append(all, p)
	}
	return all
}

// actionTime reads Slack's time of a press.
func actionTime(ts string, now time.Time) time.Time {
	seconds, err := strconv.ParseFloat(ts, 64)
	if at := time.UnixMicro(int64(seconds * 1e6)).UTC(); err == nil && now.Sub(at).Abs() < 24*time.Hour {
		return at
	}
	return now.UTC()
}

// presses are the presses that are not done yet, a file each.
type presses struct {
	dir  string
	log  *slog.Logger
	wake chan struct{}

	mu      sync.Mutex
	waiting []*pressed // oldest first
	seen    []string   // oldest first
}

// openPresses reads what the process before did not finish.
func openPresses(dir string, log *slog.Logger) (*presses, error) {
	p := &presses{dir: dir, log: log, wake: make(chan struct{}, 1)}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		one := &pressed{}
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, one)
		}
		var ok bool
		if one.Place, ok = readPlace(one.Block); err != nil || !ok || one.ID+".json" != filepath.Base(file) {
			log.Warn("setting an unreadable press of a button aside", "file", file, "err", err)
			if err := os.Rename(file, file+".damaged"); err != nil {
				return nil, err
			}
			continue
		}
		p.waiting, p.seen = append(p.waiting, one), append(p.seen, one.ID)
	}
	slices.SortFunc(p.waiting, func(a, b *pressed) int { return a.Deed.At.Compare(b.Deed.At) })
	return p, nil
}

// add takes a press, once. It is on disk when add returns, if the disk takes it.
func (p *presses) add(one *pressed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.seen, one.ID) {
		return
	}
	if len(p.waiting) >= maxPresses {
		p.log.Error("too many buttons pressed at once, one is dropped", "user_id", one.Deed.By.ID)
		return
	}
	p.seen = append(p.seen, one.ID)
	if extra := len(p.seen) - maxSeen; extra > 0 {
		p.seen = slices.Delete(p.seen, 0, extra)
	}
	p.waiting = append(p.waiting, one)
	p.save(one)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// all returns what waits, the oldest first.
func (p *presses) all() []*pressed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.waiting)
}

// save writes a press down. A full disk must not keep it from being done.
func (p *presses) save(one *pressed) {
	text, err := json.Marshal(one)
	if err == nil {
		err = atomicfile.Write(p.path(one), text, 0o640)
	}
	if err != nil {
		p.log.Warn("keeping a press of a button on disk, a restart would lose it", "err", err)
	}
}

// done forgets a press that needs nothing more.
func (p *presses) done(one *pressed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(o *pressed) bool { return o.ID == one.ID })
	if err := os.Remove(p.path(one)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.log.Warn("removing a press of a button that is done", "err", err)
	}
}

func (p *presses) path(one *pressed) string { return filepath.Join(p.dir, one.ID+".json") }
