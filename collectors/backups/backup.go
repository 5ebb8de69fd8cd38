// Package backups lists backups, as their tools or files tell of them, and says when the last good one was made.
package backups

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"gatewatch/collectors/collect"
)

// usualBackups is how many backups before the last one say what size is usual.
const usualBackups = 10

// clockSlack is how much later than ours the clock may be by which a backup is dated.
const clockSlack = 5 * time.Minute

// backup is one backup, as its tool or the file system tells of it.
type backup struct {
	// ended is when it was complete.
	ended time.Time
	// size is in bytes; 0 when it is not known.
	size int64
	// full is false for what needs an earlier backup to be restored.
	full bool
	// failed is true when it cannot be relied on.
	failed bool
}

// backups lists the backups of one entry of the configuration.
type backups struct {
	cfg Config

	lastSuccess, lastFull, lastRun, size, usual, ratio, count collect.Metric
	maxAge, restoreTest, restoreTestMaxAge                    collect.Metric
	// known are the backups found last: that they were made stays true while they cannot be listed.
	known []backup
	found bool
}

// newBackups returns the collector of one entry.
func newBackups(cfg Config) collect.Collector {
	var all collect.Metrics
	of := func(name, help string) collect.Metric { return all.Gauge("backup_"+name, help, "name", "kind") }
	b := &backups{
		cfg:               cfg,
		lastSuccess:       of("last_success_timestamp_seconds", "When the last good backup was complete; 0 when there is none."),
		lastFull:          of("last_full_timestamp_seconds", "When the last good backup that needs no other was complete."),
		lastRun:           of("last_run_success", "Whether the newest backup is good."),
		size:              of("last_size_bytes", "Size of the last good backup."),
		usual:             of("usual_size_bytes", "Median of the sizes of the ten good backups before the last one of its kind, full or not."),
		ratio:             of("size_ratio", "Size of the last good backup, as a share of the usual one."),
		count:             of("kept", "Number of good backups that are there."),
		maxAge:            of("max_age_seconds", "How old the last good backup may become, as configured."),
		restoreTest:       of("last_restore_test_timestamp_seconds", "When a backup was last restored to try it; 0: never."),
		restoreTestMaxAge: of("restore_test_max_age_seconds", "How long ago that may be, as configured."),
	}
	return collect.Collector{Name: "backup_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout), Collect: b.collect}
}

// collect lists the backups. What was found before is told again when they cannot be listed, which is an error, as is what is
// wrong beside a list.
func (b *backups) collect(ctx context.Context, out *collect.Samples) error {
	all, err := b.list(ctx)
	if err == nil || len(all) > 0 {
		b.known, b.found = all, true
	}
	add := func(m collect.Metric, value float64) { out.Add(m, value, b.cfg.Name, b.cfg.Kind) }
	add(b.maxAge, time.Duration(b.cfg.MaxAge).Seconds())
	if b.found {
		b.report(add)
	}
	if b.cfg.RestoreTestFile != "" {
		add(b.restoreTestMaxAge, time.Duration(b.cfg.RestoreTestMaxAge).Seconds())
		info, statErr := os.Stat(b.cfg.RestoreTestFile)
		switch {
		case statErr == nil:
			add(b.restoreTest, collect.UnixSeconds(info.ModTime()))
		case os.IsNotExist(statErr):
			add(b.restoreTest, 0)
		case err == nil:
			err = statErr
		}
	}
	return err
}

func (b *backups) list(ctx context.Context) ([]backup, error) {
	var all []backup
	var err error
	switch b.cfg.Kind {
	case kindFiles:
		all, err = listFiles(ctx, b.cfg, time.Now())
	case kindXtrabackup:
		all, err = listXtrabackup(ctx, b.cfg.Paths)
	default:
		all, err = listWithTool(ctx, b.cfg)
	}
	for i := range all {
		// Tools that do not tell sizes give 0.
		small := all[i].size > 0 && all[i].size < int64(b.cfg.MinSize) || b.cfg.Kind == kindFiles && all[i].size == 0
		all[i].failed = all[i].failed || small
	}
	slices.SortFunc(all, func(a, b backup) int { return a.ended.Compare(b.ended) })
	all, fromFuture := withoutFuture(all, time.Now())
	return all, errors.Join(err, fromFuture)
}

// withoutFuture leaves out what is dated later than now, unless nothing else is there: its age is not known, and an alert on it
// would never come. That is an error.
func withoutFuture(all []backup, now time.Time) ([]backup, error) {
	first, _ := slices.BinarySearchFunc(all, now.Add(clockSlack), func(b backup, at time.Time) int { return b.ended.Compare(at) })
	if first == len(all) {
		return all, nil
	}
	err := fmt.Errorf("the newest backup is dated %s, in the future: is the clock right, and the time zone", all[len(all)-1].ended.UTC().Format(time.RFC3339))
	if first == 0 {
		return all, err
	}
	return all[:first], err
}

// report adds what the known backups say.
func (b *backups) report(add func(collect.Metric, float64)) {
	var good []backup
	for _, one := range b.known {
		if !one.failed {
			good = append(good, one)
		}
	}
	add(b.count, float64(len(good)))
	if len(b.known) > 0 {
		add(b.lastRun, collect.Bool(!b.known[len(b.known)-1].failed))
	}
	if len(good) == 0 {
		add(b.lastSuccess, 0)
		return
	}
	last := good[len(good)-1]
	add(b.lastSuccess, collect.UnixSeconds(last.ended))
	for _, one := range slices.Backward(good) {
		if one.full {
			add(b.lastFull, collect.UnixSeconds(one.ended))
			break
		}
	}
	if last.size == 0 {
		return
	}
	add(b.size, float64(last.size))
	if usual := usualSize(good[:len(good)-1], last.full); usual > 0 {
		add(b.usual, usual)
		add(b.ratio, float64(last.size)/usual)
	}
}

// usualSize returns the median size of the last few backups that are full, or not, like the one compared; 0 when there is
// none.
func usualSize(before []backup, full bool) float64 {
	var sizes []int64
	for _, one := range slices.Backward(before) {
		if one.full == full && one.size > 0 && len(sizes) < usualBackups {
			sizes = append(sizes, one.size)
		}
	}
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	half := len(sizes) / 2
	if len(sizes)%2 == 1 {
		return float64(sizes[half])
	}
	return float64(sizes[half-1]+sizes[half]) / 2
}
