package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"gatewatch/alerting/routing"
)

// Query returns entries; it is what Alertmanager's pipeline asks.
func (l *Ledger) Query(params ...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	return l.entries.Query(params...)
}

// Log takes down what a group was told, for as long as expiry or, when that is not positive, for long; it is what
// Alertmanager's pipeline calls. Alertmanager's own would do nothing where the entry before is of a time to come, as it is
// when the clock was set back: what begins then would count as told, and what ended as going on.
func (l *Ledger) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, _ *nflog.Store, expiry time.Duration) error {
	now := time.Now()
	at := now
	if before := l.entry(r, group); before != nil && !before.Timestamp.AsTime().Before(now) {
		at = before.Timestamp.AsTime().Add(time.Nanosecond)
	}
	switch {
	case len(firing) > 0:
		expiry = openRetention
	case expiry <= 0 || expiry > retention:
		expiry = retention
	}
	return l.put(&nflogpb.Entry{
		Receiver: r, GroupKey: []byte(group), Timestamp: timestamppb.New(at), FiringAlerts: firing, ResolvedAlerts: resolved,
	}, now.Add(expiry))
}

// Hold keeps the ledger from forgetting what fires of a group that is told nothing for now, because it is muted: nobody
// would know then that its end has to be told. When it was told does not change.
func (l *Ledger) Hold(receiver, group string) {
	entry := l.entry(Receiver(receiver), group)
	if entry == nil || len(entry.FiringAlerts) == 0 {
		return
	}
	entry.Timestamp = timestamppb.New(entry.Timestamp.AsTime().Add(time.Nanosecond))
	if err := l.put(entry, time.Now().Add(openRetention)); err != nil {
		l.log.Error("keeping what was told", "err", err)
	}
}

// entry returns a copy of what a group was told last, nil when it was told nothing.
func (l *Ledger) entry(r *nflogpb.Receiver, group string) *nflogpb.Entry {
	found, err := l.entries.Query(nflog.QGroupKey(group), nflog.QReceiver(r))
	if err != nil || len(found) != 1 {
		return nil
	}
	e := found[0]
	return &nflogpb.Entry{Receiver: r, GroupKey: e.GroupKey, Timestamp: e.Timestamp, FiringAlerts: e.FiringAlerts, ResolvedAlerts: e.ResolvedAlerts}
}

func (l *Ledger) put(e *nflogpb.Entry, expires time.Time) error {
	var b bytes.Buffer
	if _, err := protodelim.MarshalTo(&b, &nflogpb.MeshEntry{Entry: e, ExpiresAt: timestamppb.New(expires)}); err != nil {
		return err
	}
	return l.entries.Merge(b.Bytes())
}

// open returns the alerts that receivers know to fire, by the groups' keys in the ledger.
func (l *Ledger) open() (map[string]Groups, error) {
	var b bytes.Buffer
	if _, err := l.entries.Snapshot(&b); err != nil {
		return nil, err
	}
	all, r := map[string]Groups{}, bufio.NewReader(&b)
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
			all[receiver] = Groups{}
		}
		all[receiver][string(e.Entry.GroupKey)] = e.Entry.FiringAlerts
	}
}

// anyRoute stands where Alertmanager has the name of the route's receiver.
const anyRoute = routing.DefaultReceiver

// Receiver is a receiver's name in the ledger. It does not depend on routes: what was told by one is not told again
// by another.
func Receiver(name string) *nflogpb.Receiver {
	return &nflogpb.Receiver{GroupName: anyRoute, Integration: name}
}

// Hash is what an alert with these labels is called in the ledger.
func Hash(labels model.LabelSet) uint64 {
	names := make(model.LabelNames, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var b []byte
	for _, name := range names {
		b = append(append(b, name...), 0xff)
		b = append(append(b, labels[name]...), 0xff)
	}
	return xxhash.Sum64(b)
}
