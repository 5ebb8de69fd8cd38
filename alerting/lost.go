package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gatewatch/alerting/relay"
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

// savedAlert is what is kept of a firing alert beside the rule that found it, also in the file that a restart reads.
type savedAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Since       time.Time         `json:"since"`
	Ended       time.Time         `json:"-"`
	// Relayed: Alertmanagers were told that it fires.
	Relayed bool `json:"relayed,omitempty"`
}

func saved(a Alert) savedAlert {
	return savedAlert{Labels: a.Labels, Annotations: a.Annotations, Since: a.Since}
}

func (s *savedAlert) relayed() relay.Alert {
	return relay.Alert{Labels: s.Labels, Annotations: s.Annotations, Since: s.Since, Ended: s.Ended}
}

func asSaved(a relay.Alert) savedAlert {
	return savedAlert{Labels: a.Labels, Annotations: a.Annotations, Since: a.Since, Ended: a.Ended}
}

// key identifies the alert as Alert's does.
func (s *savedAlert) key() string {
	a := Alert{Labels: s.Labels}
	return a.key()
}

// endRepeat is for how long the end of an alert is handed on again and again: Alertmanager takes alerts in with several
// goroutines, and one that says "fires" may overtake one that says "over".
const endRepeat = 30 * time.Second

// endings are the alerts whose end no rule repeats.
type endings struct{ alerts []savedAlert }

// repeat calls put for each of them that is recent and does not fire again, and forgets the others.
func (e *endings) repeat(active []Alert, now time.Time, put func(savedAlert)) {
	fires := firingByKey(active)
	e.alerts = slices.DeleteFunc(e.alerts, func(a savedAlert) bool {
		_, again := fires[a.key()]
		return again || now.Sub(a.Ended) > endRepeat
	})
	for _, a := range e.alerts {
		put(a)
	}
}

func (e *Engine) lostFile() string { return filepath.Join(e.dir, "firing.json") }

func loadLost(file string, log *slog.Logger) lostAlerts {
	l := lostAlerts{alerts: map[string]savedAlert{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return l
	}
	var before []savedAlert
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil {
		log.Warn("reading the alerts of before the restart", "file", file, "err", err)
	}
	for _, s := range before {
		l.alerts[s.key()] = s
		l.saved = append(l.saved, s.mark())
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

// mark is what has to change about an alert for it to be written down again.
func (s *savedAlert) mark() string { return fmt.Sprint(s.Relayed, s.key()) }

// save writes which alerts fire, when that changed. relayed tells of which of them Alertmanagers were told.
func (l *lostAlerts) save(file string, active []Alert, relayed func(savedAlert) bool, log *slog.Logger) {
	var marks []string
	var all []savedAlert
	add := func(s savedAlert) {
		s.Relayed = relayed(s)
		marks = append(marks, s.mark())
		all = append(all, s)
	}
	for _, s := range l.alerts {
		add(s)
	}
	for _, a := range active {
		if a.State == stateFiring {
			add(saved(a))
		}
	}
	slices.Sort(marks)
	if slices.Equal(marks, l.saved) {
		return
	}
	text, err := json.Marshal(all)
	if err == nil {
		err = atomicfile.Write(file, text, 0o640)
	}
	if err != nil {
		log.Warn("keeping which alerts fire", "err", err)
		return
	}
	l.saved = marks
}
