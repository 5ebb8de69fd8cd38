package backups

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/globs"
)

const (
	// settled is how long a file has to be left alone to be taken for complete.
	settled = time.Minute
	// maxBackupFiles bounds the files of an entry, of which the newest are taken, and those in a folder that is a backup.
	maxBackupFiles = 10000
	// maxListedNames bounds the names that are looked at to find these.
	maxListedNames  = 1 << 20
	checksumSuffix  = ".sha256"
	longestLastLine = 4 << 10
)

// listFiles returns a backup for each file, but for those that are still written and checksums.
func listFiles(ctx context.Context, cfg Config, now time.Time) ([]backup, error) {
	files, err := settledFiles(ctx, cfg.Paths, now)
	if err != nil {
		return nil, err
	}
	var all []backup
	for _, f := range files {
		failed := false
		if cfg.EndsWith != "" {
			end, err := lastBytes(f.Path, f.Size)
			if errors.Is(err, fs.ErrNotExist) {
				continue // old ones are deleted at any time
			}
			if err != nil {
				return nil, err
			}
			failed = !bytes.Contains(end, []byte(cfg.EndsWith))
		}
		all = append(all, backup{ended: f.Changed, size: f.Size, full: true, failed: failed})
	}
	return all, nil
}

// settledFiles returns the files that are complete, the newest of them when there are too many.
func settledFiles(ctx context.Context, patterns []string, now time.Time) ([]globs.Version, error) {
	found := map[string]globs.Version{}
	for _, pattern := range patterns {
		all, err := globs.Expand(ctx, pattern, maxListedNames)
		if err == nil && len(all.Closed) > 0 {
			err = fmt.Errorf("%s cannot be read, and what %s names may be in it", all.Closed[0], pattern)
		}
		if err != nil {
			return nil, err
		}
		for _, path := range all.Paths {
			info, err := os.Stat(path)
			written := err == nil && now.Sub(info.ModTime()) < settled && info.ModTime().Sub(now) < clockSlack
			if err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, checksumSuffix) && !written {
				found[path] = globs.Version{Path: path, Size: info.Size(), Changed: info.ModTime()}
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	files := slices.SortedFunc(maps.Values(found), func(a, b globs.Version) int { return b.Changed.Compare(a.Changed) })
	return files[:min(len(files), maxBackupFiles)], nil
}

func lastBytes(path string, size int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	from := max(0, size-longestLastLine)
	return io.ReadAll(io.NewSectionReader(file, from, size-from))
}

// listXtrabackup returns a backup for each folder that xtrabackup or mariabackup wrote to. What it says of the backup
// is the last thing it writes: a folder with data and without that is a failed backup, or one that runs.
func listXtrabackup(ctx context.Context, patterns []string) ([]backup, error) {
	folders, _ := globs.Find(patterns, maxBackupFiles)
	var all []backup
	for _, f := range folders {
		info, err := os.Stat(f.Path)
		if err != nil || !info.IsDir() {
			continue
		}
		said, err := readFirst(f.Path, "xtrabackup_info", "mariadb_backup_info")
		if errors.Is(err, fs.ErrNotExist) {
			// Only what is in the folder changes while a large table is copied.
			_, changed, err := measure(ctx, f.Path)
			if err != nil {
				return nil, err
			}
			if !changed.IsZero() && time.Since(changed) > time.Hour {
				all = append(all, backup{ended: changed, full: true, failed: true})
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		// Times are those of the host, without a zone.
		ended, err := time.ParseInLocation(time.DateTime, said["end_time"], time.Local)
		size, changed, sizeErr := measure(ctx, f.Path)
		if sizeErr != nil {
			return nil, sizeErr
		}
		if changed.IsZero() {
			continue // it was deleted meanwhile
		}
		all = append(all, backup{ended: ended, size: size, full: said["incremental"] != "Y", failed: err != nil || said["partial"] == "Y"})
	}
	return all, nil
}

// readFirst reads "name = value" lines from the first of the files that is there.
func readFirst(folder string, names ...string) (map[string]string, error) {
	var file *os.File
	var err error
	for _, name := range names {
		if file, err = os.Open(filepath.Join(folder, name)); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	said := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(file, 1<<20))
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			said[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return said, lines.Err()
}

// measure adds up the files in a folder, and tells when it or one of them was changed last; of more than maxBackupFiles, the
// first ones. What is deleted meanwhile is left out, and changed is zero when that is the folder.
func measure(ctx context.Context, folder string) (size int64, changed time.Time, err error) {
	files := 0
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if files++; files > maxBackupFiles {
			return fs.SkipAll
		}
		if err != nil {
			return ctx.Err()
		}
		if info, err := d.Info(); err == nil {
			if info.ModTime().After(changed) {
				changed = info.ModTime()
			}
			if info.Mode().IsRegular() {
				size += info.Size()
			}
		}
		return ctx.Err()
	})
	return size, changed, err
}
