package receivers

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatewatch/internal/atomicfile"
)

const (
	// threadRetention is how long the message of an incident that is over is remembered.
	threadRetention = 24 * time.Hour
	// maxThreads bounds the incidents that are remembered; the one that was told of longest ago goes first.
	maxThreads = 2000
)

// thread is what is known of the message that tells of one group of alerts.
type thread struct {
	// Key is the group's.
	Key string `json:"key"`
	// Wanted is the channel as configured, Channel its id as Slack gave it.
	Wanted  string `json:"wanted"`
	Channel string `json:"channel,omitempty"`
	// TS names the head message in the channel; "" when there is none yet.
	TS string `json:"ts,omitempty"`
	// Rank is the severity that the head tells of.
	Rank int `json:"rank"`
	// Gone: the head was deleted, or may be changed no more.
	Gone bool `json:"gone,omitempty"`
	// Closed: the end was told.
	Closed bool `json:"closed,omitempty"`
	// Head and Reply are the versions of the notices that the head and the thread have told.
	Head  string `json:"head,omitempty"`
	Reply string `json:"reply,omitempty"`
	// Open is a message on its way, of which it is not known whether it arrived.
	Open *intent `json:"open,omitempty"`
	// Replaced is the head from before the severity rose, until it says so.
	Replaced string `json:"replaced,omitempty"`
	// Told is the notice that was told last.
	Told Notice `json:"told"`
	// Said are the presses of buttons that the thread was told of, the last maxSaid.
	Said []string `json:"said,omitempty"`
	// Touched is when something was told.
	Touched time.Time `json:"touched"`

	// shown is what the message shows since it was brought up to date; nil when that is Told.
	shown *Notice
}

// intent is a message that is about to be posted. It is written down before the call, so that a process that dies
// between Slack's answer and its own file leaves behind what to look for.
type intent struct {
	// ID is in the message's metadata.
	ID string `json:"id"`
	// Version is the notice's. Notice is what the message tells.
	Version string `json:"version"`
	Notice  Notice `json:"notice"`
	// Reply: the message is in the thread, not its head.
	Reply bool `json:"reply,omitempty"`
	// Said: it tells what somebody did, and not of a notice.
	Said bool      `json:"said,omitempty"`
	At   time.Time `json:"at"`
}

// threads are the incidents of one receiver, a file each.
type threads struct {
	dir string
	// id is the folder's own: buttons carry it, to be known again.
	id  string
	log *slog.Logger
	all map[string]*thread
}

// openThreads reads the folder of an earlier process. What cannot be read is set aside: the incident gets a new message.
func openThreads(dir string, log *slog.Logger) (*threads, error) {
	t := &threads{dir: dir, log: log, all: map[string]*thread{}}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	if err := t.readID(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if !strings.HasSuffix(path, ".json") {
			continue
		}
		one, err := readThread(path)
		if err != nil {
			log.Warn("setting unreadable incident aside", "file", path, "err", err)
			if err := os.Rename(path, path+".damaged"); err != nil {
				return nil, err
			}
			continue
		}
		t.all[one.Key] = one
	}
	return t, nil
}

// readID reads the folder's id, and gives it one the first time.
func (t *threads) readID() error {
	path := filepath.Join(t.dir, "id")
	text, err := os.ReadFile(path)
	if t.id = strings.TrimSpace(string(text)); err == nil && validID.MatchString(t.id) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.id = fmt.Sprintf("%08x", rand.Uint32())
	if err := atomicfile.Write(path, []byte(t.id), 0o640); err != nil {
		t.log.Warn("keeping the id of the messages, a restart would not know their buttons", "err", err)
	}
	return nil
}

var validID = regexp.MustCompile(`^[0-9a-f]{8}$`)

func readThread(path string) (*thread, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var one thread
	if err := json.Unmarshal(text, &one); err != nil {
		return nil, err
	}
	if one.Key == "" {
		return nil, errors.New("no key in it")
	}
	return &one, nil
}

// of returns the thread of a group in the channel that is wanted now.
func (t *threads) of(key, wanted string) *thread {
	one := t.all[key]
	if one == nil || one.Wanted != wanted {
		one = &thread{Key: key, Wanted: wanted}
		t.all[key] = one
	}
	return one
}

// channel returns the id of the channel that is configured by name, or "" when no message told it yet.
func (t *threads) channel(wanted string) string {
	for _, one := range t.all {
		if one.Wanted == wanted && one.Channel != "" {
			return one.Channel
		}
	}
	return ""
}

// save writes the thread. A full disk must not keep a message from its receiver.
func (t *threads) save(one *thread) {
	one.Touched = time.Now()
	text, err := json.Marshal(one)
	if err == nil {
		err = atomicfile.Write(t.path(one.Key), text, 0o640)
	}
	if err != nil {
		t.log.Warn("keeping which message tells of an incident, a restart would post it again", "err", err)
	}
}

func (t *threads) path(key string) string { return filepath.Join(t.dir, threadName(key)+".json") }

// threadName is a short name for a group of alerts.
func threadName(key string) string {
	h := fnv.New64a()
	h.Write([]byte(key))
	return fmt.Sprintf("%016x", h.Sum64())
}

// named returns the thread with the name, or nil.
func (t *threads) named(name string) *thread {
	for key, one := range t.all {
		if threadName(key) == name {
			return one
		}
	}
	return nil
}

// forget drops incidents that are long over, and the oldest when there are too many.
func (t *threads) forget(now time.Time) {
	oldest := slices.SortedFunc(maps.Values(t.all), func(a, b *thread) int { return a.Touched.Compare(b.Touched) })
	for i, one := range oldest {
		over := one.Closed && one.Open == nil && now.Sub(one.Touched) > threadRetention
		if !over && len(oldest)-i <= maxThreads {
			continue
		}
		delete(t.all, one.Key)
		if err := os.Remove(t.path(one.Key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.log.Warn("forgetting an incident", "err", err)
		}
	}
}
