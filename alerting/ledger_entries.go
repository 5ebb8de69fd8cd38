package alerting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Query returns entries; it is what Alertmanager's pipeline asks.
func (l *ledger) Query(params ...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	return l.entries.Query(params...)
}

// Log takes down what a group was told, for as long as expiry or, when that is not positive, for long; it is what
// Alertmanager's pipeline calls. Alertmanager's own would do nothing where the entry before is of a time to come, as it is
// when the clock was set back: what begins then would count as told, and what ended as going on.
func (l *ledger) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, _ *nflog.Store, expiry time.Duration) error {
	now := time.Now()
	at := now
	if before := l.entry(r, group); before != nil && !before.Timestamp.AsTime().Before(now) {
		at = before.Timestamp.AsTime().Add(time.Nanosecond)
	}
	if expiry <= 0 || expiry > stateRetention {
		expiry = stateRetention
	}
	return l.put(&nflogpb.Entry{
		Receiver: r, GroupKey: []byte(group), Timestamp: timestamppb.New(at), FiringAlerts: firing, ResolvedAlerts: resolved,
	}, now.Add(expiry))
}

// hold keeps the ledger from forgetting what fires of a group that is told nothing for now, because it is muted: nobody
// would know then that its end has to be told. When it was told does not change.
func (l *ledger) hold(receiver, group string) {
	entry := l.entry(ledgerReceiver(receiver), group)
	if entry == nil || len(entry.FiringAlerts) == 0 {
		return
	}
	entry.Timestamp = timestamppb.New(entry.Timestamp.AsTime().Add(time.Nanosecond))
	if err := l.put(entry, time.Now().Add(stateRetention)); err != nil {
		l.log.Error("keeping what was told", "err", err)
	}
}

// entry returns a copy of what a group was told last, nil when it was told nothing.
func (l *ledger) entry(r *nflogpb.Receiver, group string) *nflogpb.Entry {
	found, err := l.entries.Query(nflog.QGroupKey(group), nflog.QReceiver(r))
	if err != nil || len(found) != 1 {
		return nil
	}
	e := found[0]
	return &nflogpb.Entry{Receiver: r, GroupKey: e.GroupKey, Timestamp: e.Timestamp, FiringAlerts: e.FiringAlerts, ResolvedAlerts: e.ResolvedAlerts}
}

func (l *ledger) put(e *nflogpb.Entry, expires time.Time) error {
	var b bytes.Buffer
	if _, err := protodelim.MarshalTo(&b, &nflogpb.MeshEntry{Entry: e, ExpiresAt: timestamppb.New(expires)}); err != nil {
		return err
	}
	return l.entries.Merge(b.Bytes())
}

// open returns the alerts that receivers know to fire, by the groups' keys in the ledger.
func (l *ledger) open() (map[string]groupedAlerts, error) {
	var b bytes.Buffer
	if _, err := l.entries.Snapshot(&b); err != nil {
		return nil, err
	}
	all, r := map[string]groupedAlerts{}, bufio.NewReader(&b)
	for {
		var e nflogpb.MeshEntry
		if err := protodelim.UnmarshalFrom(r, &e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read notification log: %w", err)
		}
		if len(e.Entry.FiringAlerts) == 0 {
			continue
		}
		receiver := e.Entry.Receiver.Integration
		if all[receiver] == nil {
			all[receiver] = groupedAlerts{}
		}
		all[receiver][string(e.Entry.GroupKey)] = e.Entry.FiringAlerts
	}
}
