package ledger

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"

	"gatewatch/internal/atomicfile"
)

// Groups are the hashes of the alerts of groups, by the groups' keys.
type Groups map[string][]uint64

// Keys knows under which key a receiver was told of a group. Alertmanager calls a group by its route: when routes
// change while an incident goes on, the same alerts are a group with another key, and receivers, which know the incident
// by the old one, would begin another. So the group keeps the key that was told until it is over.
type Keys struct {
	file   string
	ledger *Ledger
	log    *slog.Logger

	mu sync.Mutex
	// told is the key that was told, by the receiver and the group's present key; only where they differ.
	told map[string]map[string]string
}

// OpenKeys reads the keys of an earlier process.
func OpenKeys(file string, l *Ledger, log *slog.Logger) *Keys {
	k := &Keys{file: file, ledger: l, log: log, told: map[string]map[string]string{}}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &k.told)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("reading the keys of incidents, some may be told again", "file", file, "err", err)
	}
	if k.told == nil { // "null"
		k.told = map[string]map[string]string{}
	}
	k.forget()
	return k
}

// Of returns the key under which receiver is told of the group.
func (k *Keys) Of(receiver, group string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lookUp(receiver, group)
}

func (k *Keys) lookUp(receiver, group string) string {
	all := k.told[receiver]
	if told, ok := all[group]; ok {
		return told
	}
	if !slices.Contains(slices.Collect(maps.Values(all)), group) {
		return group
	}
	// Another group goes on under this one's key.
	all[group] = group + "~"
	k.save()
	return all[group]
}

// Open returns the groups of the incidents that receivers know to go on, by the groups' present keys.
func (k *Keys) Open() (map[string]Groups, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all, err := k.ledger.open()
	for receiver, keys := range k.told {
		groups := Groups{}
		for present, told := range keys {
			if alerts, ok := all[receiver][told]; ok {
				groups[present] = alerts
				delete(all[receiver], told)
			}
		}
		maps.Copy(groups, all[receiver])
		if len(groups) > 0 {
			all[receiver] = groups
		}
	}
	return all, err
}

// HandOver lets groups that have a new key after a change of routes go on as the incidents that they were. before and
// after are the groups of each receiver.
func (k *Keys) HandOver(before, after map[string]Groups) {
	k.mu.Lock()
	defer k.mu.Unlock()
	changed := k.forget()
	for receiver, groups := range after {
		taken := map[string]bool{}
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			if _, same := before[receiver][key]; same {
				continue
			}
			changed = true
			k.follow(receiver, key, groups[key], gone(before[receiver], groups), taken)
		}
	}
	if changed {
		k.save()
		k.ledger.save()
	}
}

// gone returns the groups that are no more.
func gone(before, after Groups) Groups {
	left := Groups{}
	for key, alerts := range before {
		if _, stays := after[key]; !stays {
			left[key] = alerts
		}
	}
	return left
}

// follow lets the group with the key, which is new, take over from groups that are gone.
func (k *Keys) follow(receiver, key string, alerts []uint64, gone Groups, taken map[string]bool) {
	var firing []uint64
	followed := false
	for _, old := range slices.Sorted(maps.Keys(gone)) {
		var shared []uint64
		for _, a := range gone[old] {
			if slices.Contains(alerts, a) {
				shared = append(shared, a)
			}
		}
		told := k.lookUp(receiver, old)
		for _, a := range k.ledger.Firing(receiver, told) {
			if slices.Contains(shared, a) {
				firing = append(firing, a)
			}
		}
		if len(shared) > 0 && !taken[told] && !followed {
			taken[told], followed = true, true
			delete(k.told[receiver], old)
			k.set(receiver, key, told)
		}
	}
	if len(firing) > 0 {
		// What was told by whichever group is not told again by this one.
		told := k.lookUp(receiver, key)
		for _, a := range k.ledger.Firing(receiver, told) {
			if !slices.Contains(firing, a) {
				firing = append(firing, a)
			}
		}
		k.ledger.Note(receiver, told, firing)
	}
}

func (k *Keys) set(receiver, key, told string) {
	if key == told {
		delete(k.told[receiver], key)
		return
	}
	if k.told[receiver] == nil {
		k.told[receiver] = map[string]string{}
	}
	k.told[receiver][key] = told
}

// forget drops the keys of incidents that are over, and tells whether there were any.
func (k *Keys) forget() (some bool) {
	for receiver, all := range k.told {
		maps.DeleteFunc(all, func(_, told string) bool {
			over := len(k.ledger.Firing(receiver, told)) == 0
			some = some || over
			return over
		})
		if len(all) == 0 {
			delete(k.told, receiver)
		}
	}
	return some
}

func (k *Keys) save() {
	text, err := json.Marshal(k.told)
	if err == nil {
		err = atomicfile.Write(k.file, text, 0o640)
	}
	if err != nil {
		k.log.Warn("keeping the keys of incidents, a restart may tell them again", "err", err)
	}
}
