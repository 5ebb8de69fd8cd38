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
	// checksumDue is how long after a backup its checksum may come, while there is an older one.
	checksumDue = time.Hour
)

// checksum compares the newest file of an entry with its checksum, once.
type checksum struct {
	cfg Config
	ok  collect.Metric

	// reading is the file that is read, at offset.
	reading globs.Version
	offset  int64
	sum     hash.Hash
	// judged is the file that was compared last, and judgedSum what it holds.
	judged    globs.Version
	judgedSum string
	matches   bool
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
	newest, found := globs.Newest(c.cfg.Paths, func(f globs.Version) bool {
		return strings.HasSuffix(f.Path, checksumSuffix) || now.Sub(f.Changed) < settled
	})
	if !found {
		return nil
	}
	want, written, err := wantedSum(newest.Path)
	if err != nil {
		return err
	}
	sum, known := c.judgedSum, newest == c.judged
	if !known {
		if newest != c.reading {
			c.reading, c.offset, c.sum = newest, 0, sha256.New()
		}
		done, err := c.read(ctx, now.Add(checksumSlice))
		if err != nil || !done {
			return err
		}
		if info, err := os.Stat(newest.Path); err != nil || info.Size() != newest.Size || !info.ModTime().Equal(newest.Changed) {
			return nil // it is written anew
		}
		sum = hex.EncodeToString(c.sum.Sum(nil))
	}
	if sum != want && written.Before(newest.Changed) && now.Sub(newest.Changed) < checksumDue {
		return nil // the checksum is that of the backup before, under the same name
	}
	c.judged, c.judgedSum, c.matches = newest, sum, sum == want
	if !c.matches && !known {
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

// wantedSum reads the checksum beside a file and when it was written: hexadecimal digits and the file's name, or the name and the
// digits after an equals sign (sha256sum --tag, OpenSSL).
func wantedSum(path string) (sum string, written time.Time, err error) {
	file, err := os.Open(path + checksumSuffix)
	if err != nil {
		return "", written, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", written, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 4<<10))
	if err != nil {
		return "", written, err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")), "\n")
	if at := strings.LastIndex(line, "= "); at >= 0 {
		line = line[at+1:]
	}
	words := append(strings.Fields(line), "")
	sum = strings.ToLower(strings.TrimPrefix(words[0], `\`))
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		return "", written, errors.New(path + checksumSuffix + " holds no SHA-256 checksum")
	}
	return sum, info.ModTime(), nil
}
