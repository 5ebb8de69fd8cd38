package posture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/kept"
	"gatewatch/collectors/tool"
)

// updates tells which security updates wait, since when, and which software is older than it may be.
type updates struct {
	cfg  UpdatesConfig
	root string
	log  *slog.Logger

	kept  kept.File[updatesState]
	state updatesState
	// loaded is whether state was read; asked when the package managers were last asked by this process.
	loaded bool
	asked  time.Time
	// notBefore is when they may be asked first.
	notBefore time.Time
	// failed is what went wrong then; it stays wrong until they are asked again.
	failed error
	// found is what they said; packages are those that were installed then.
	found map[string][]pendingPackage
	// knows is whether a manager knows which updates are for security.
	knows    map[string]bool
	holes    map[string]int
	packages map[string]installedPackage
	versions map[string]string

	pending, known, since, apt, held, lists, below, version, debsecan collect.Metric
}

// updatesState is what is kept.
type updatesState struct {
	// Since is by manager and package when a security update was first seen to wait.
	Since map[string]map[string]time.Time `json:"since"`
}

const (
	managerApt = "apt"
	managerDnf = "dnf"
	// updatesLook is how often it is looked whether packages changed, updatesRest how soon the managers are asked again.
	updatesLook = time.Minute
	updatesRest = 15 * time.Minute
	// updatesFirst is how long after its start the agent asks them for the first time at the soonest, updatesSpread how much later
	// at most: the hosts of a fleet that start together do not ask their mirror together.
	updatesFirst  = 2 * time.Minute
	updatesSpread = 8 * time.Minute
)

// newUpdates returns the collector of updates, which asks for the first time after a while: an agent that is started
// again and again does not ask each time.
func newUpdates(cfg UpdatesConfig, e collect.Env, first time.Duration) collect.Collector {
	var all collect.Metrics
	u := &updates{
		cfg: cfg, root: e.Host.Root, log: e.Log, notBefore: time.Now().Add(first), kept: kept.At[updatesState](e, "posture", "updates"),
		pending:  all.Gauge("posture_security_updates_pending", "Number of packages with a security update that is not installed, held ones included.", "manager"),
		known:    all.Gauge("posture_security_updates_known", "Whether the package manager knows which updates are for security; 0: its repositories do not say, or it has none of them.", "manager"),
		since:    all.Gauge("posture_security_updates_pending_since_timestamp_seconds", "Since when the one waits that waits longest, as far as the agent saw.", "manager"),
		apt:      all.Gauge("apt_upgrades_pending", "Apt packages pending updates by origin.", "origin", "arch"),
		held:     all.Gauge("apt_upgrades_held", "Apt packages pending updates but held back.", "origin", "arch"),
		lists:    all.Gauge("apt_package_cache_timestamp_seconds", "Apt update last run time."),
		below:    all.Gauge("posture_version_below_minimum", "Whether software is older than updates.minimum allows.", "software", "version"),
		version:  all.Gauge("posture_version_found", "Whether the version of software in updates.minimum is known; 0: it is not installed, or does not tell.", "software"),
		debsecan: all.Gauge("debsecan_vulnerabilities", "Holes that debsecan knows in installed packages; fixed is yes when an update closes them.", "urgency", "fixed"),
	}
	return collect.Collector{Name: "posture_updates", Metrics: all, Interval: updatesLook, Timeout: time.Duration(cfg.Timeout), MadeOf: []any{cfg, e.Host}, Collect: u.collect}
}

func (u *updates) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	if err := u.load(); err != nil {
		return err
	}
	if u.due(now) {
		u.asked = now
		u.failed = u.ask(ctx, now)
	}
	u.report(out)
	return u.failed
}

// load reads what is kept, once. An error means that it cannot be read now, and must not be replaced.
func (u *updates) load() (err error) {
	if u.loaded {
		return nil
	}
	if u.state, err = u.kept.Load(); errors.Is(err, kept.ErrDamaged) {
		u.log.Error("since when updates wait is not known: it counts from now", "err", err)
		err = nil
	}
	u.loaded = err == nil
	return err
}

// due tells whether to ask again: after the interval, or when what is installed or known changed.
func (u *updates) due(now time.Time) bool {
	if u.asked.IsZero() {
		return !now.Before(u.notBefore)
	}
	if now.Sub(u.asked) >= time.Duration(u.cfg.Interval) {
		return true
	}
	if u.failed != nil {
		return now.Sub(u.asked) >= updatesRest
	}
	changed := listsRenewed(u.root)
	for _, file := range []string{"var/lib/dpkg/status", "var/lib/rpm/rpmdb.sqlite"} {
		if info, err := os.Stat(filepath.Join(u.root, file)); err == nil && info.ModTime().After(changed) {
			changed = info.ModTime()
		}
	}
	return changed.After(u.asked) && now.Sub(u.asked) >= updatesRest
}

// ask asks each package manager that there is. What one does not answer is kept as it was.
func (u *updates) ask(ctx context.Context, now time.Time) error {
	var err error
	u.packages = nil
	if packages, e := readDpkg(u.root); e == nil {
		u.packages = packages
	}
	if u.found == nil {
		u.found, u.knows = map[string][]pendingPackage{}, map[string]bool{}
	}
	for manager, one := range u.managers() {
		found, known, e := one.ask(ctx)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		u.knows[manager], u.found[manager] = known, found
		if !known {
			u.log.Warn("the package manager has no archive or advisories for security: whether updates wait is not known", "manager", manager)
		}
	}
	if u.cfg.Debsecan {
		holes, e := askDebsecan(ctx, u.root)
		if err = errors.Join(err, e); e == nil {
			u.holes = holes
		}
	}
	u.versions = map[string]string{}
	for _, m := range u.cfg.Minimum {
		if v, e := u.versionOf(ctx, m); e != nil {
			err = errors.Join(err, e)
		} else {
			u.versions[m.Software] = v
		}
	}
	if u.note(now) {
		err = errors.Join(err, u.kept.Save(u.state))
	}
	return err
}

// note remembers since when security updates wait, and tells whether that changed.
func (u *updates) note(now time.Time) (changed bool) {
	if u.state.Since == nil {
		u.state.Since = map[string]map[string]time.Time{}
	}
	for manager, all := range u.found {
		if known, asked := u.knows[manager]; asked && !known {
			continue // what waited may wait still
		}
		before := u.state.Since[manager]
		waiting := map[string]time.Time{}
		for _, p := range all {
			key := p.name + " " + p.arch
			switch first, ok := before[key]; {
			case p.security && ok && !first.After(now): // not from when the clock was wrong
				waiting[key] = first
			case p.security:
				waiting[key] = now.UTC()
			}
		}
		changed = changed || !maps.Equal(before, waiting)
		u.state.Since[manager] = waiting
	}
	return changed
}

func (u *updates) report(out *collect.Samples) {
	for _, manager := range slices.Sorted(maps.Keys(u.found)) {
		out.Add(u.known, collect.Bool(u.knows[manager]), manager)
		if !u.knows[manager] {
			continue
		}
		waiting := u.state.Since[manager]
		out.Add(u.pending, float64(len(waiting)), manager)
		if len(waiting) > 0 {
			out.Add(u.since, collect.UnixSeconds(slices.MinFunc(slices.Collect(maps.Values(waiting)), time.Time.Compare)), manager)
		}
	}
	if all, ok := u.found[managerApt]; ok {
		u.reportApt(all, out)
	}
	for _, m := range u.cfg.Minimum {
		v, asked := u.versions[m.Software]
		if !asked {
			continue
		}
		out.Add(u.version, collect.Bool(v != ""), m.Software)
		if v != "" {
			out.Add(u.below, collect.Bool(compareVersions(v, m.Version) < 0), m.Software, v)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(u.holes)) {
		urgency, fixed, _ := strings.Cut(key, " ")
		out.Add(u.debsecan, float64(u.holes[key]), urgency, fixed)
	}
}

// reportApt gives what the scripts of node_exporter's textfiles give.
func (u *updates) reportApt(all []pendingPackage, out *collect.Samples) {
	type place struct{ origin, arch string }
	pending, held := map[place]int{}, map[place]int{}
	for _, p := range all {
		at := place{p.origin, p.arch}
		pending[at]++
		if u.packages[p.name].held {
			held[at]++
		}
	}
	for m, by := range map[*collect.Metric]map[place]int{&u.apt: pending, &u.held: held} {
		if len(by) == 0 {
			out.Add(*m, 0, "", "")
		}
		for at, n := range by {
			out.Add(*m, float64(n), at.origin, at.arch)
		}
	}
	if renewed := listsRenewed(u.root); !renewed.IsZero() {
		out.Add(u.lists, collect.UnixSeconds(renewed))
	}
}

// versionOf returns the version of software; "" when it is not installed.
func (u *updates) versionOf(ctx context.Context, m MinimumConfig) (string, error) {
	if len(m.Command) > 0 {
		text, err := runToolMerged(ctx, m.Command[0], m.Command[1:])
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return versionIn(string(text)), nil
	}
	if len(u.packages) > 0 {
		return u.packages[m.Software].version, nil
	}
	program, err := exec.LookPath("rpm")
	if err != nil || u.root != "/" {
		return "", nil
	}
	text, err := tool.Run(ctx, program, []string{"--query", "--queryformat", "%{VERSION}-%{RELEASE}\n", "--", m.Software}, nil)
	if ended := new(exec.ExitError); errors.As(err, &ended) {
		return "", nil // it is not installed
	}
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", m.Software, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return first, nil
}
