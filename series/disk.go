package series

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/compression"

	"gatewatch/internal/quietlog"
)

const (
	// blockRange is the time that a block on disk covers; the samples of one and a half block ranges are in memory.
	blockRange = 30 * time.Minute
	// maxBlockRange is the time that the biggest compacted block covers.
	maxBlockRange = 5 * time.Hour
	// walSegment is the size of a file of the write-ahead log, a multiple of its 32 KiB pages.
	walSegment = 8 << 20
	// seriesStripes suits thousands of series; Prometheus' own 16,384 suits millions and costs megabytes.
	seriesStripes = 256
	// maxClockStep is how far the clock may go back before the samples from the future are given up. Until the clock
	// has caught up with the newest sample nothing can be stored, so more than this would leave alerts blind.
	maxClockStep = 2 * time.Minute
	// lowSpace is where samples move to memory. The engine ends the process when it cannot write a chunk, so it must
	// never find the disk full.
	lowSpace = 32 * units.MiB
	// memoryRetention bounds what is kept in memory while the disk is full.
	memoryRetention = 2 * time.Hour
	memoryRoot      = "/dev/shm"
)

// openDisk opens the store in s.dir, or in memory when the disk is full.
func (s *Store) openDisk() error {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return err
	}
	if s.diskFull() {
		return s.openMemory()
	}
	db, err := tsdb.Open(s.dir, quietlog.Warnings(s.log), nil, s.diskOptions(), nil)
	if err == nil && !fromFuture(db) {
		s.useDB(db, "")
		return nil
	}
	why := "samples are newer than the clock"
	if err != nil {
		// What another process holds and what we may not write would not be better under another name.
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, fs.ErrPermission) {
			return err
		}
		if errors.Is(err, syscall.ENOSPC) {
			return s.openMemory()
		}
		why = err.Error()
	} else if err := db.Close(); err != nil {
		return err
	}
	return s.startOver(why)
}

// startOver sets the folder of the store aside and opens an empty one. Only the last folder set aside is kept.
func (s *Store) startOver(why string) error {
	aside := s.dir + ".damaged"
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(s.dir, aside); err != nil {
		return err
	}
	s.log.Error("metrics store set aside, starting with an empty one", "why", why, "kept_in", aside)
	s.metrics.setAside.Inc()
	db, err := tsdb.Open(s.dir, quietlog.Warnings(s.log), nil, s.diskOptions(), nil)
	if err != nil {
		return err
	}
	s.useDB(db, "")
	return nil
}

// openMemory opens an empty store on a memory file system.
func (s *Store) openMemory() error {
	abs, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	h := fnv.New64a()
	h.Write([]byte(abs))
	dir := filepath.Join(memoryRoot, fmt.Sprintf("gatewatch-%d-%x", os.Getuid(), h.Sum64()))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	// Mkdir, not MkdirAll: a folder that someone else put there must not be used.
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("the disk is full and there is no memory file system: %w", err)
	}
	opts := s.diskOptions()
	opts.WALSegmentSize = -1
	opts.RetentionDuration = min(opts.RetentionDuration, memoryRetention.Milliseconds())
	opts.MaxBytes = min(opts.MaxBytes, int64(minSize))
	db, err := tsdb.Open(dir, quietlog.Warnings(s.log), nil, opts, nil)
	if err != nil {
		os.RemoveAll(dir)
		return err
	}
	s.log.Error("disk is full, metrics are kept in memory until there is space", "dir", s.dir)
	s.useDB(db, dir)
	return nil
}

func (s *Store) diskOptions() *tsdb.Options {
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = time.Duration(s.cfg.Retention).Milliseconds()
	opts.MaxBytes = int64(s.cfg.MaxSize)
	opts.MinBlockDuration = blockRange.Milliseconds()
	opts.MaxBlockDuration = maxBlockRange.Milliseconds()
	opts.WALSegmentSize = walSegment
	opts.WALCompression = compression.Snappy
	opts.StripeSize = seriesStripes
	opts.HeadChunksWriteBufferSize = chunks.MinWriteBufferSize
	return opts
}

// useDB makes db the one that is read and written. The caller holds mu or is the only one to know s.
func (s *Store) useDB(db *tsdb.DB, memory string) {
	s.db, s.memory = db, memory
	s.sampler.reset()
	s.metrics.inMemory.Set(0)
	if memory != "" {
		s.metrics.inMemory.Set(1)
	}
}

// exchange closes the current database and opens another with open.
func (s *Store) exchange(open func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.db.Close(); err != nil {
		s.log.Warn("closing metrics store", "err", err)
	}
	s.leaveMemory()
	return open()
}

func (s *Store) leaveMemory() {
	if s.memory == "" {
		return
	}
	if err := os.RemoveAll(s.memory); err != nil {
		s.log.Warn("removing metrics from memory", "err", err)
	}
	s.memory = ""
}

// diskFull tells whether the file system of the store has no room for it. What cannot be asked counts as room.
func (s *Store) diskFull() bool {
	free, err := freeSpace(s.dir)
	return err == nil && free < uint64(lowSpace)
}

func freeSpace(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// fromFuture tells whether db has samples so new that the present cannot be stored.
func fromFuture(db *tsdb.DB) bool {
	newest := db.Head().MaxTime()
	for _, b := range db.Blocks() {
		newest = max(newest, b.MaxTime())
	}
	return newest > time.Now().Add(maxClockStep).UnixMilli()
}
