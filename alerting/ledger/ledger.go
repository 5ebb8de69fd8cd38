// Package ledger knows what receivers were told: Alertmanager's notification log, which is on disk before a message goes out.
package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/atomicfile"
	"gatewatch/internal/quietlog"
)

const (
	// retention is how long what was told is remembered; openRetention that of incidents that go on, which nobody would know
	// to tell the end of. It is told again and again while they do, so that only a clock that is set on comes near it.
	retention     = 5 * 24 * time.Hour
	openRetention = 60 * 24 * time.Hour
	// maintenance is how often the rest is forgotten.
	maintenance = 15 * time.Minute
)

// Ledger is Alertmanager's log of what was told to whom, made to survive a crash: it is on disk before a message
// leaves the outbox, so that a restart does not tell the same again.
type Ledger struct {
	entries *nflog.Log
	file    string
	log     *slog.Logger

	// saving orders the writing of the file: an older state must not replace a newer one.
	saving sync.Mutex
}

// Open reads the ledger. One that cannot be read is worth less than the agent's start: it is left behind.
func Open(file string, log *slog.Logger) (*Ledger, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := newLog(text, log)
	if err != nil {
		log.Warn("notification log is damaged, messages may be repeated", "file", file, "err", err)
		l, err = newLog(nil, log)
	}
	if err != nil {
		return nil, fmt.Errorf("open notification log: %w", err)
	}
	return &Ledger{entries: l, file: file, log: log}, nil
}

func newLog(snapshot []byte, log *slog.Logger) (*nflog.Log, error) {
	return nflog.New(nflog.Options{
		SnapshotReader: bytes.NewReader(snapshot), Retention: retention, Logger: quietlog.Warnings(log),
		Metrics: prometheus.NewRegistry(),
	})
}

// Told records that a group's state was told, on disk when possible.
func (l *Ledger) Told(t receivers.Told) {
	if err := l.Log(Receiver(t.Receiver), t.GroupKey, t.Firing, t.Resolved, nil, time.Until(t.Expires)); err != nil {
		l.log.Error("recording what was told", "err", err)
		return
	}
	l.save()
}

// State returns the hashes of the alerts of a group that the receiver knows to fire, and of those that it was told last to
// be over.
func (l *Ledger) State(receiver, group string) (firing, over []uint64) {
	if entry := l.entry(Receiver(receiver), group); entry != nil {
		return entry.FiringAlerts, entry.ResolvedAlerts
	}
	return nil, nil
}

// Firing returns the first of what state does.
func (l *Ledger) Firing(receiver, group string) []uint64 {
	firing, _ := l.State(receiver, group)
	return firing
}

// Note takes down that the receiver knows the firing alerts of a group, without writing it to disk.
func (l *Ledger) Note(receiver, group string, firing []uint64) {
	if err := l.Log(Receiver(receiver), group, firing, nil, nil, 0); err != nil {
		l.log.Error("recording what was told", "err", err)
	}
}

func (l *Ledger) save() {
	l.saving.Lock()
	defer l.saving.Unlock()
	var b bytes.Buffer
	_, err := l.entries.Snapshot(&b)
	if err == nil {
		err = atomicfile.Write(l.file, b.Bytes(), 0o640)
	}
	if err != nil {
		l.log.Warn("writing notification log, messages may be repeated after a crash", "err", err)
	}
}

// Maintain forgets old entries now and then until stop is closed.
func (l *Ledger) Maintain(stop <-chan struct{}) {
	l.entries.Maintenance(maintenance, l.file, stop, func() (int64, error) {
		_, err := l.entries.GC()
		l.save()
		return 0, err
	})
}

// Knows tells whether the receiver was told of all that t tells of.
func (l *Ledger) Knows(t receivers.Told) bool {
	firing, over := l.State(t.Receiver, t.GroupKey)
	return subset(t.Firing, firing) && subset(t.Resolved, over)
}

func subset(some, all []uint64) bool {
	return !slices.ContainsFunc(some, func(one uint64) bool { return !slices.Contains(all, one) })
}
