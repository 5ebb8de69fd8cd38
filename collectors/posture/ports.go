package posture

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/kept"
)

// listener is a TCP socket that is open on all addresses of the host.
type listener struct {
	address string
	port    int
	inode   uint64
}

// ports tells which ports are open on all addresses and should not be.
type ports struct {
	proc    string
	allowed []int
	log     *slog.Logger

	kept   kept.File[portState]
	state  portState
	loaded bool
	// unsaved is whether what is kept is older than the state: a disk that is full is tried again.
	unsaved bool
	// owners are the programs behind sockets, so that processes are looked through for new ones only.
	owners map[uint64]string

	unexpected collect.Metric
}

// portState is what is kept.
type portState struct {
	// Since is when ports were first looked at.
	Since time.Time `json:"since"`
	// Usual are the ports that were open in the first hour.
	Usual []int `json:"usual"`
}

const (
	// learnPorts is for how long ports that are open are taken for those that should be.
	learnPorts = time.Hour
	// maxListeners is how many sockets are told of.
	maxListeners = 500
)

func newPorts(cfg Config, e collect.Env) collect.Collector {
	var all collect.Metrics
	p := &ports{
		proc: e.Host.Proc, allowed: cfg.AllowedPorts, log: e.Log, kept: kept.At[portState](e, "posture", "ports"), owners: map[uint64]string{},
		unexpected: all.Gauge("posture_listening_unexpected", "Each TCP port that is open on all addresses; 1 when it is not allowed, or was not open in the first hour.", "address", "port", "process"),
	}
	return collect.Collector{Name: "posture_ports", Metrics: all, Timeout: postureTimeout, MadeOf: []any{cfg.AllowedPorts, e.Host}, Collect: p.collect}
}

func (p *ports) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	if err := p.load(); err != nil {
		return err
	}
	found, err := listeners(p.proc)
	if err != nil {
		return err
	}
	if len(found) > maxListeners {
		out.Dropped += len(found) - maxListeners
		found = found[:maxListeners]
	}
	err = errors.Join(p.learn(found, now), p.name(ctx, found))
	type shown struct {
		address, process string
		port             int
	}
	seen := map[shown]bool{}
	for _, l := range found {
		one := shown{l.address, p.owners[l.inode], l.port}
		if !seen[one] { // several sockets of one port are usual: SO_REUSEPORT
			out.Add(p.unexpected, collect.Bool(!p.expected(l.port)), one.address, strconv.Itoa(one.port), one.process)
		}
		seen[one] = true
	}
	return err
}

// load reads what is kept, once. An error means that it cannot be read now, and must not be replaced.
func (p *ports) load() (err error) {
	if p.loaded {
		return nil
	}
	if p.state, err = p.kept.Load(); errors.Is(err, kept.ErrDamaged) {
		p.log.Error("which ports are usually open is not known: it is learnt anew", "err", err)
		err = nil
	}
	p.loaded = err == nil
	return err
}

// expected tells whether a port may be open.
func (p *ports) expected(port int) bool {
	if len(p.allowed) > 0 {
		return slices.Contains(p.allowed, port)
	}
	return slices.Contains(p.state.Usual, port)
}

// learn adds ports to the usual ones in the first hour.
func (p *ports) learn(found []listener, now time.Time) error {
	if p.state.Since.IsZero() || p.state.Since.After(now) { // the clock was wrong: the hour must end
		p.state.Since, p.unsaved = now.UTC(), true
	}
	if now.Sub(p.state.Since) < learnPorts {
		for _, l := range found {
			if !slices.Contains(p.state.Usual, l.port) {
				p.state.Usual, p.unsaved = append(p.state.Usual, l.port), true
			}
		}
	}
	if !p.unsaved {
		return nil
	}
	err := p.kept.Save(p.state)
	p.unsaved = err != nil
	return err
}

// name finds the programs of sockets that are new, and forgets those of sockets that are closed.
func (p *ports) name(ctx context.Context, found []listener) error {
	before := p.owners
	p.owners = map[uint64]string{}
	var strange []uint64
	for _, l := range found {
		if owner, ok := before[l.inode]; ok {
			p.owners[l.inode] = owner
		} else {
			strange = append(strange, l.inode)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	owners, err := socketOwners(ctx, p.proc, strange)
	for _, inode := range strange {
		if owners[inode] == "" && err != nil {
			continue // looked for again
		}
		p.owners[inode] = owners[inode] // "" when it is not known: others' sockets are not shown to everybody
	}
	return err
}
