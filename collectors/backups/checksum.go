package backups

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

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
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
	cfg Config
	ok  collect.Metric

	// reading is the file that is read, at offset.
	reading globs.Version
	offset  int64
	sum     hash.Hash
	// judged is the file that was compared last.
	judged  globs.Version
	matches bool
}

func newChecksum(cfg Config) collect.Collector {
	var all collect.Metrics
	c := &checksum{cfg: cfg, ok: all.Gauge("backup_last_verify_success", "Whether the newest backup that was read matches its checksum.", "name", "kind")}
	return collect.Collector{Name: "backup_" + cfg.Name + "_checksum", Metrics: all, Interval: checksumEvery, Timeout: 2 * checksumSlice,
		MadeOf: []any{cfg.Kind, cfg.Paths}, Collect: c.collect}
}

// collect reads on in the newest file. A file without a checksum is an error: nothing is known of it.
func (c *checksum) collect(ctx context.Context, out *collect.Samples) error {
	err := c.step(ctx, time.Now())
	if c.judged.Path != "" {
		out.Add(c.ok, collect.Bool(c.matches), c.cfg.Name, c.cfg.Kind)
	}
	return err
}

func (c *checksum) step(ctx context.Context, now time.Time) error {
	newest, found := globs.Newest(c.cfg.Paths, maxBackupFiles, func(f globs.Version) bool {
		return strings.HasSuffix(f.Path, checksumSuffix) || now.Sub(f.Changed) < settled
	})
	if !found || newest == c.judged {
		return nil
	}
	if newest != c.reading {
		c.reading, c.offset, c.sum = newest, 0, sha256.New()
	}
	want, err := wantedSum(newest.Path)
	if err != nil {
		return err
	}
	done, err := c.read(ctx, now.Add(checksumSlice))
	if err != nil || !done {
		return err
	}
	c.judged, c.matches = newest, hex.EncodeToString(c.sum.Sum(nil)) == want
	if !c.matches {
		return fmt.Errorf("%s does not match %s", newest.Path, newest.Path+checksumSuffix)
	}
	return nil
}

// read goes on until the end of the file, which is done, or until the time is over.
func (c *checksum) read(ctx context.Context, until time.Time) (done bool, err error) {
	file, err := os.Open(c.reading.Path)
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
