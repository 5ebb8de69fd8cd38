package patterns

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"gatewatch/internal/atomicfile"
)

// savedTracker is the state on disk.
type savedTracker struct {
	Began     time.Time       `json:"began"`
	Deploys   []Deploy        `json:"deploys"`
	Templates []savedTemplate `json:"templates"` // the one not seen for longest first
}

type savedTemplate struct {
	Text      string    `json:"text"`
	Merged    bool      `json:"merged,omitempty"`
	Level     uint8     `json:"level"`
	Count     uint64    `json:"count"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Sample    string    `json:"sample"`
	Providers []string  `json:"providers,omitempty"`
	Codes     []string  `json:"codes,omitempty"`
	Latest    int64     `json:"latest"`
	Minutes   []uint32  `json:"minutes"` // up to latest
}

// maxState bounds the file that is read.
const maxState = 256 << 20

// load takes up the state on disk, if there is one.
func (t *Tracker) load() {
	if t.path == "" {
		return
	}
	saved, err := read(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		t.log.Error("error templates are learned anew", "err", err)
		return
	}
	if !saved.Began.IsZero() {
		t.began = saved.Began
	}
	t.deploys = saved.Deploys[:min(len(saved.Deploys), maxDeploys)]
	for _, s := range saved.Templates {
		if s.Text == "" || len(s.Text) > maxText || len(t.templates) == t.cfg.MaxTemplates {
			continue
		}
		one := newTemplate(xxhash.Sum64String(s.Text), s.Text)
		one.merged, one.level, one.count = s.Merged, min(s.Level, levelFatal), s.Count
		one.first, one.last, one.sample = s.First, s.Last, s.Sample
		one.providers, one.codes = s.Providers[:min(len(s.Providers), maxNames)], s.Codes[:min(len(s.Codes), maxNames)]
		for i, n := range s.Minutes {
			one.minutes.add(time.Unix((s.Latest-int64(len(s.Minutes)-1-i))*60, 0), n)
		}
		if t.templates[one.hash] == nil {
			t.insert(one)
		}
	}
}

func read(path string) (saved savedTracker, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return saved, err
	}
	if info.Size() > maxState {
		return saved, fmt.Errorf("read %s: longer than %d bytes", path, int64(maxState))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return saved, err
	}
	if err := json.Unmarshal(data, &saved); err != nil {
		return saved, fmt.Errorf("read %s: %w", path, err)
	}
	return saved, nil
}

// save writes the state to disk when something changed.
func (t *Tracker) save() error {
	if t.path == "" {
		return nil
	}
	t.mu.Lock()
	changed := t.changed
	t.changed = false
	saved := t.state()
	t.mu.Unlock()
	if !changed {
		return nil
	}
	data, err := json.Marshal(saved)
	if err == nil {
		err = atomicfile.Write(t.path, data, 0o600)
	}
	if err != nil {
		t.mu.Lock()
		t.changed = true
		t.mu.Unlock()
		return fmt.Errorf("save error templates: %w", err)
	}
	return nil
}

// state copies what is to be saved.
func (t *Tracker) state() savedTracker {
	saved := savedTracker{Began: t.began, Deploys: slices.Clone(t.deploys), Templates: make([]savedTemplate, 0, len(t.templates))}
	for e := t.used.Back(); e != nil; e = e.Prev() {
		o := e.Value.(*template)
		s := savedTemplate{
			Text: o.text, Merged: o.merged, Level: o.level, Count: o.count, First: o.first, Last: o.last, Sample: o.sample,
			Providers: slices.Clone(o.providers), Codes: slices.Clone(o.codes), Latest: o.minutes.latest,
		}
		for m := o.minutes.latest - kept + 1; m <= o.minutes.latest; m++ {
			if n := o.minutes.at(m); n > 0 || len(s.Minutes) > 0 {
				s.Minutes = append(s.Minutes, n)
			}
		}
		saved.Templates = append(saved.Templates, s)
	}
	return saved
}
