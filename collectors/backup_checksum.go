package collectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"
)

// A file is read for its checksum in slices: for some seconds of every minute, and no faster than a slow disk can bear
// beside its work.
const (
	checksumEvery = time.Minute
	checksumSlice = 20 * time.Second
	checksumRate  = 32 << 20 // bytes a second
	checksumPiece = 1 << 20
)

// checksum compares the newest file of an entry with its checksum, once.
type checksum struct {
	cfg BackupConfig
	ok  metric

	// reading is the file that is read, at offset.
	reading fileVersion
	offset  int64
	sum     hash.Hash
	// judged is the file that was compared last.
	judged  fileVersion
	matches bool
}

// fileVersion is a file as it was at a time.
type fileVersion struct {
	path    string
	size    int64
	changed time.Time
}

func newChecksum(cfg BackupConfig) collector {
	var all metrics
	c := &checksum{cfg: cfg, ok: all.gauge("backup_last_verify_success", "Whether the newest backup that was read matches its checksum.", "name", "kind")}
	return collector{name: "backup_" + cfg.Name + "_checksum", metrics: all, interval: checksumEvery, timeout: 2 * checksumSlice, collect: c.collect}
}

// collect reads on in the newest file. A file without a checksum is an error: nothing is known of it.
func (c *checksum) collect(ctx context.Context, out *samples) error {
	err := c.step(ctx, time.Now())
	if c.judged.path != "" {
		out.add(c.ok, boolValue(c.matches), c.cfg.Name, c.cfg.Kind)
	}
	return err
}

func (c *checksum) step(ctx context.Context, now time.Time) error {
	newest, found := newestFile(c.cfg.Paths, now)
	if !found || newest == c.judged {
		return nil
	}
	if newest != c.reading {
		c.reading, c.offset, c.sum = newest, 0, sha256.New()
	}
	want, err := wantedSum(newest.path)
	if err != nil {
		return err
	}
	done, err := c.read(ctx, now.Add(checksumSlice))
	if err != nil || !done {
		return err
	}
	c.judged, c.matches = newest, hex.EncodeToString(c.sum.Sum(nil)) == want
	if !c.matches {
		return fmt.Errorf("%s does not match %s", newest.path, newest.path+checksumSuffix)
	}
	return nil
}

// read goes on until the end of the file, which is done, or until the time is over.
func (c *checksum) read(ctx context.Context, until time.Time) (done bool, err error) {
	file, err := os.Open(c.reading.path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	pace := time.NewTicker(time.Second * checksumPiece / checksumRate)
	defer pace.Stop()
	for time.Now().Before(until) {
		n, err := io.Copy(c.sum, io.NewSectionReader(file, c.offset, checksumPiece))
		c.offset += n
		if err != nil {
			return false, err
		}
		if n < checksumPiece {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-pace.C:
		}
	}
	return false, nil
}

func newestFile(patterns []string, now time.Time) (newest fileVersion, found bool) {
	files, _ := findFiles(patterns, maxBackupFiles)
	for _, f := range files {
		info, err := os.Stat(f.path)
		if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(f.path, checksumSuffix) || now.Sub(info.ModTime()) < settled {
			continue
		}
		if !found || info.ModTime().After(newest.changed) {
			newest, found = fileVersion{f.path, info.Size(), info.ModTime()}, true
		}
	}
	return newest, found
}

// wantedSum reads the checksum beside a file: hexadecimal digits, which sha256sum follows with the file's name.
func wantedSum(path string) (string, error) {
	file, err := os.Open(path + checksumSuffix)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 4<<10))
	if err != nil {
		return "", err
	}
	word, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if raw, err := hex.DecodeString(strings.TrimPrefix(word, `\`)); err != nil || len(raw) != sha256.Size {
		return "", errors.New(path + checksumSuffix + " holds no SHA-256 checksum")
	}
	return strings.ToLower(strings.TrimPrefix(word, `\`)), nil
}
