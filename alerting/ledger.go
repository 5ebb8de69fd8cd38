package alerting

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/atomicfile"
	"gatewatch/internal/quietlog"
)

// ledger is Alertmanager's log of what was told to whom, made to survive a crash: it is on disk before a message
// leaves the outbox, so that a restart does not tell the same again.
type ledger struct {
	entries *nflog.Log
	file    string
	log     *slog.Logger
}

// openLedger reads the ledger. One that cannot be read is worth less than the agent's start: it is left behind.
func openLedger(file string, log *slog.Logger) (*ledger, error) {
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
	return &ledger{entries: l, file: file, log: log}, nil
}

func newLog(snapshot []byte, log *slog.Logger) (*nflog.Log, error) {
	return nflog.New(nflog.Options{
		SnapshotReader: bytes.NewReader(snapshot), Retention: stateRetention, Logger: quietlog.Warnings(log),
		Metrics: prometheus.NewRegistry(),
	})
}

// told records that a group's state was told, on disk when possible.
func (l *ledger) told(t receivers.Told) {
	if err := l.Log(ledgerReceiver(t.Receiver), t.GroupKey, t.Firing, t.Resolved, nil, time.Until(t.Expires)); err != nil {
		l.log.Error("recording what was told", "err", err)
		return
	}
	l.save()
}

// state returns the hashes of the alerts of a group that the receiver knows to fire, and of those that it was told last to
// be over.
func (l *ledger) state(receiver, group string) (firing, over []uint64) {
	if entry := l.entry(ledgerReceiver(receiver), group); entry != nil {
		return entry.FiringAlerts, entry.ResolvedAlerts
	}
	return nil, nil
}

// firing returns the first of what state does.
func (l *ledger) firing(receiver, group string) []uint64 {
	firing, _ := l.state(receiver, group)
	return firing
}

// note takes down that the receiver knows the firing alerts of a group, without writing it to disk.
func (l *ledger) note(receiver, group string, firing []uint64) {
	if err := l.Log(ledgerReceiver(receiver), group, firing, nil, nil, 0); err != nil {
		l.log.Error("recording what was told", "err", err)
	}
}

func (l *ledger) save() {
	var b bytes.Buffer
	_, err := l.entries.Snapshot(&b)
	if err == nil {
		err = atomicfile.Write(l.file, b.Bytes(), 0o640)
	}
	if err != nil {
		l.log.Warn("writing notification log, messages may be repeated after a crash", "err", err)
	}
}

// maintain forgets old entries now and then until stop is closed.
func (l *ledger) maintain(stop <-chan struct{}) {
	l.entries.Maintenance(stateMaintenance, l.file, stop, func() (int64, error) {
		_, err := l.entries.GC()
		l.save()
		return 0, err
	})
}

// knows tells whether the receiver was told of all that t tells of.
func (l *ledger) knows(t receivers.Told) bool {
	firing, over := l.state(t.Receiver, t.GroupKey)
	return subset(t.Firing, firing) && subset(t.Resolved, over)
}

func subset(some, all []uint64) bool {
	return !slices.ContainsFunc(some, func(one uint64) bool { return !slices.Contains(all, one) })
}
