package processes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// maxProcesses is how many processes of a host are looked at.
const maxProcesses = 20000

// processTimeout is how long looking at all processes, or asking systemd, may take.
const processTimeout = 10 * time.Second

// processTable lists what watches the programs of the host.
func processTable(cfg Config, h collect.Paths) ([]collect.Collector, error) {
	groups, err := newProcessGroups(cfg, h)
	if err != nil {
		return nil, err
	}
	all := []collect.Collector{groups, collectSystemd(cfg)}
	for i := range all {
		all[i].Interval, all[i].Timeout = time.Duration(cfg.Interval), processTimeout
	}
	return all, nil
}

// processWatch remembers the processes of the last collection: what has ended keeps counting in its group.
type processWatch struct {
	h       collect.Paths
	matches []groupMatch
	groups  map[string]*groupTotals
	known   map[processKey]*knownProcess
	began   bool

	metrics processMetrics
}

// processKey tells a process from a later one with the same number.
type processKey struct {
	pid   int
	start uint64
}

// knownProcess is what was last seen of a process that was looked at before.
type knownProcess struct {
	comm  string // a process that becomes another program is matched again
	group string // "" for those of no group
	last  counted
	seen  bool
}

// counted are the numbers of a process that only grow.
type counted struct {
	user, system                       float64
	minor, major, voluntary, unwilling uint64
	read, written                      uint64
}

// groupTotals are sums over the processes of a group, also those that have ended.
type groupTotals struct {
	counted
	starts int
	now    groupState
}

// groupState is what is true of a group's living processes.
type groupState struct {
	number, threads, descriptors int
	resident, virtual, swapped   float64
	worstDescriptors             float64
	oldest                       float64
	states                       map[string]int
	hasDescriptors               bool
	cgroups                      map[string]cgroup
}

func newProcessGroups(cfg Config, h collect.Paths) (collect.Collector, error) {
	var all collect.Metrics
	w := &processWatch{h: h, groups: map[string]*groupTotals{}, known: map[processKey]*knownProcess{}, metrics: newProcessMetrics(&all)}
	for _, g := range cfg.Groups {
		m, err := newGroupMatch(g)
		if err != nil {
			return collect.Collector{}, err
		}
		w.matches = append(w.matches, m)
		w.groups[g.Name] = &groupTotals{}
	}
	return collect.Collector{Name: "processes_groups", Metrics: all, MadeOf: []any{cfg.Groups, h}, Collect: w.collect}, nil
}

func (w *processWatch) collect(ctx context.Context, out *collect.Samples) error {
	proc, err := procfs.NewFS(w.h.Proc)
	if err != nil {
		return err
	}
	stat, err := proc.Stat()
	if err != nil {
		return err
	}
	all, err := proc.AllProcs()
	if err != nil {
		return err
	}
	for _, g := range w.groups {
		g.now = groupState{states: map[string]int{}, cgroups: map[string]cgroup{}}
	}
	hidden := collect.HiddenProcesses(w.h.Proc)
	for i, p := range all {
		if i == maxProcesses {
			err = fmt.Errorf("there are %d processes, and %d are looked at", len(all), maxProcesses)
			break
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("looked at %d of %d processes in %v: the host is too busy, or the groups have too many of them", i, len(all), processTimeout)
			break
		}
		w.observe(p, float64(stat.BootTime))
	}
	w.forget(all, err != nil)
	w.began = w.began || err == nil
	w.write(out, hidden != nil || err != nil)
	return errors.Join(hidden, err)
}

// forget gives up the processes that were not seen. When not all were looked at, only those that are not there any more: one that
// is looked at later must not count as new.
func (w *processWatch) forget(all procfs.Procs, partly bool) {
	there := map[int]bool{}
	for _, p := range all {
		there[p.PID] = partly
	}
	for key, k := range w.known {
		if !k.seen && !there[key.pid] {
			delete(w.known, key)
		}
		k.seen = false
	}
}

// observe adds one process to its group.
func (w *processWatch) observe(p procfs.Proc, boot float64) {
	stat, err := p.Stat()
	if err != nil {
		return // it has ended meanwhile
	}
	key := processKey{p.PID, stat.Starttime}
	k := w.known[key]
	fresh := k == nil
	if fresh {
		k = &knownProcess{}
		w.known[key] = k
	}
	k.seen = true
	if fresh || k.comm != stat.Comm {
		before := k.group
		k.comm, k.group = stat.Comm, w.groupOf(p, stat.Comm)
		if g := w.groups[k.group]; g != nil && k.group != before && w.began {
			g.starts++
		}
	}
	g := w.groups[k.group]
	if g == nil {
		return
	}
	status, err := p.NewStatus()
	if err != nil {
		return // it has ended meanwhile
	}
	now := readCounted(p, stat, status, k.last)
	g.add(now, k.last)
	k.last = now
	g.now.observe(p, stat, status, filepath.Join(w.h.Proc, strconv.Itoa(p.PID)), boot)
}
