package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/event"
	"gatewatch/pipeline"
	"gatewatch/scan"
)

const (
	// strayJump is how far ahead of the record before it the time of a record may be. After a longer gap a few records
	// must agree: one with a wrong date must not move the clock by years.
	strayJump = 24 * time.Hour
	strayMost = 3
	// offClock is how far from the clock a record may be before it is reported.
	offClock = time.Minute
)

// oldLog is a log file that is replayed. Files are opened when the clock comes to their first record, so that a year of
// archives takes no more memory than a day.
type oldLog struct {
	path    string
	group   pipeline.GroupConfig
	written time.Time // when the file was written to last
	first   time.Time // of its first record that has one

	next   func() (*oldRecord, error, bool)
	stop   func()
	record *oldRecord // at hand
	at     time.Time  // its time on the clock
	strays int        // records in a row that are far ahead
}

// oldRecord is a record and the card data in it. The event is valid until the next record of the file is read.
type oldRecord struct {
	*event.Event
	timeless bool // its time is that of the file
	cardData int
}

// open begins to read the file.
func (l *oldLog) open(ctx context.Context, parts pipeline.Parts) {
	l.next, l.stop = iter.Pull2(l.records(ctx, parts))
}

// records reads the file through the pipeline. The file's own time is that of records without one.
func (l *oldLog) records(ctx context.Context, parts pipeline.Parts) iter.Seq2[*oldRecord, error] {
	return func(yield func(*oldRecord, error) bool) {
		file, err := os.Open(l.path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		text, err := scan.Unpacked(file)
		if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", l.path, err))
			return
		}
		defer text.Close()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var one oldRecord
		parts.Now = func() time.Time { return l.written }
		parts.CardData = func(_ string, _ []byte, values int) { one.cardData = values }
		_, err = pipeline.ReadAll(ctx, text, l.path, l.group, parts, func(ev *event.Event) {
			one.Event, one.timeless = ev, ev.Time.Equal(l.written)
			if ctx.Err() == nil && !yield(&one, nil) {
				cancel()
			}
			one.cardData = 0
		})
		if err != nil && ctx.Err() == nil {
			yield(nil, err)
		}
	}
}

// advance reads the next record, and returns false at the end of the file. Within a file the order of the lines is
// right, whatever their times: so the agent would have read them.
func (l *oldLog) advance() (bool, error) {
	record, err, ok := l.next()
	if !ok || err != nil {
		l.stop()
		return false, err
	}
	l.record = record
	switch ahead := record.Time.Sub(l.at); {
	case l.at.IsZero():
		l.at = l.first
	case record.timeless || ahead <= 0:
		l.strays = 0
	case ahead > strayJump && l.strays < strayMost:
		l.strays++
	default:
		l.at, l.strays = record.Time, 0
	}
	return true, nil
}

// oldLogs reads several logs as one, by the times of their records.
type oldLogs struct {
	parts   pipeline.Parts
	waiting []*oldLog // that begin later, the first of them last
	open    []*oldLog
	last    *oldLog // whose record was handed out
}

// openLogs prepares the files. Those without a record are left out.
func openLogs(ctx context.Context, paths []string, groups []pipeline.GroupConfig, parts pipeline.Parts) (*oldLogs, error) {
	all := &oldLogs{parts: parts}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		l := &oldLog{path: path, group: groupForOld(path, groups), written: info.ModTime()}
		for record, err := range l.records(ctx, parts) {
			if err != nil {
				return nil, err
			}
			if l.first = record.Time; !record.timeless {
				break
			}
		}
		if !l.first.IsZero() {
			all.waiting = append(all.waiting, l)
		}
	}
	slices.SortStableFunc(all.waiting, func(a, b *oldLog) int { return b.first.Compare(a.first) })
	return all, ctx.Err()
}

// next returns the oldest record of all files and its time on the clock, or nil at the end.
func (a *oldLogs) next(ctx context.Context) (*oldRecord, time.Time, error) {
	if l := a.last; l != nil {
		a.last = nil
		more, err := l.advance()
		if err != nil {
			return nil, time.Time{}, err
		}
		if !more {
			a.open = slices.DeleteFunc(a.open, func(one *oldLog) bool { return one == l })
		}
	}
	for n := len(a.waiting); n > 0 && (len(a.open) == 0 || !a.waiting[n-1].first.After(a.oldest().at)); n-- {
		l := a.waiting[n-1]
		a.waiting = a.waiting[:n-1]
		l.open(ctx, a.parts)
		more, err := l.advance()
		if err != nil {
			return nil, time.Time{}, err
		}
		if more {
			a.open = append(a.open, l)
		}
	}
	if len(a.open) == 0 {
		return nil, time.Time{}, nil
	}
	a.last = a.oldest()
	return a.last.record, a.last.at, nil
}

// oldest returns the open log whose record comes first.
func (a *oldLogs) oldest() *oldLog {
	return slices.MinFunc(a.open, func(a, b *oldLog) int { return a.at.Compare(b.at) })
}

// close stops the reading of files that are open.
func (a *oldLogs) close() {
	for _, l := range a.open {
		l.stop()
	}
}

// replayFiles returns the files that the arguments stand for.
func replayFiles(args []string) ([]string, error) {
	targets, err := scan.Targets(args)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, errors.New("there are no files in what is named")
	}
	paths := make([]string, len(targets))
	for i, t := range targets {
		paths[i] = t.Path
	}
	return paths, nil
}

// groupForOld is groupFor for files that were rotated, compressed or copied elsewhere: what counts then is the name
// without its last extensions (pay.log.2.gz), in any folder.
func groupForOld(path string, groups []pipeline.GroupConfig) pipeline.GroupConfig {
	for name := path; ; {
		for _, g := range groups {
			for _, glob := range g.Paths {
				abs, _ := filepath.Abs(name)
				full, _ := filepath.Match(glob, abs)
				base, _ := filepath.Match(filepath.Base(glob), filepath.Base(name))
				if full || base && filepath.Base(glob) != "*" {
					return g
				}
			}
		}
		ext := filepath.Ext(name)
		if ext == "" || strings.ContainsRune(ext, filepath.Separator) {
			return groupFor(path, groups)
		}
		name = strings.TrimSuffix(name, ext)
	}
}
