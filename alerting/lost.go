package alerting

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gatewatch/internal/atomicfile"
)

// lostGrace is how long an alert of the process before may be missing before it counts as ended. A rule that keeps
// firing for a while after its condition does not know that from before the restart.
const lostGrace = time.Minute

// lostAlerts knows which alerts fired when the process before ended. Rules only speak of alerts they have seen, so
// nobody else would tell the people on Slack that such an alert is over.
type lostAlerts struct {
	alerts map[string]savedAlert
	since  time.Time
	saved  []string
}

// savedAlert is a firing alert in the file that a restart reads.
type savedAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Since       time.Time         `json:"since"`
}

func (e *Engine) lostFile() string { return filepath.Join(e.dir, "firing.json") }

func loadLost(file string, log *slog.Logger) lostAlerts {
	l := lostAlerts{alerts: map[string]savedAlert{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return l
	}
	var saved []savedAlert
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil {
		log.Warn("reading the alerts of before the restart", "file", file, "err", err)
	}
	for _, s := range saved {
		a := Alert{Labels: s.Labels}
		l.alerts[a.key()] = s
		l.saved = append(l.saved, a.key())
	}
	slices.Sort(l.saved)
	return l
}

// update returns the alerts that have ended, and forgets them and those that fire again.
func (l *lostAlerts) update(active []Alert, now time.Time) []savedAlert {
	if len(l.alerts) == 0 {
		return nil
	}
	if l.since.IsZero() {
		l.since = now
	}
	for _, a := range active {
		if a.State == stateFiring {
			delete(l.alerts, a.key())
		}
	}
	if now.Sub(l.since) < lostGrace {
		return nil
	}
	var ended []savedAlert
	for _, s := range l.alerts {
		ended = append(ended, s)
	}
	l.alerts = nil
	return ended
}

// save writes which alerts fire, when that changed.
func (l *lostAlerts) save(file string, active []Alert, log *slog.Logger) {
	var keys []string
	var saved []savedAlert
	for key, s := range l.alerts {
		keys = append(keys, key)
		saved = append(saved, s)
	}
	for _, a := range active {
		if a.State == stateFiring {
			keys = append(keys, a.key())
			saved = append(saved, savedAlert{Labels: a.Labels, Annotations: a.Annotations, Since: a.Since})
		}
	}
	slices.Sort(keys)
	if slices.Equal(keys, l.saved) {
		return
	}
	text, err := json.Marshal(saved)
	if err == nil {
		err = atomicfile.Write(file, text, 0o640)
	}
	if err != nil {
		log.Warn("keeping which alerts fire", "err", err)
		return
	}
	l.saved = keys
}
