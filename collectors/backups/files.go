package backups

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatewatch/collectors/globs"
)

const (
	// settled is how long a file has to be left alone to be taken for complete.
	settled = time.Minute
	// maxBackupFiles bounds the files of an entry, and those in a folder that is a backup.
	maxBackupFiles  = 10000
	checksumSuffix  = ".sha256"
	longestLastLine = 4 << 10
)

// listFiles returns a backup for each file, but for those that are still written and checksums.
func listFiles(cfg Config, now time.Time) ([]backup, error) {
	files, _ := globs.Find(cfg.Paths, maxBackupFiles)
	var all []backup
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(f.Path, checksumSuffix) || now.Sub(info.ModTime()) < settled {
			continue
		}
		failed := false
		if cfg.EndsWith != "" {
			end, err := lastBytes(f.Path, info.Size())
			if err != nil {
				return nil, err
			}
			failed = !bytes.Contains(end, []byte(cfg.EndsWith))
		}
		all = append(all, backup{ended: info.ModTime(), size: info.Size(), full: true, failed: failed})
	}
	return all, nil
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
			if time.Since(info.ModTime()) > time.Hour {
				all = append(all, backup{ended: info.ModTime(), full: true, failed: true})
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		// Times are those of the host, without a zone.
		ended, err := time.ParseInLocation(time.DateTime, said["end_time"], time.Local)
		size, sizeErr := folderSize(ctx, f.Path)
		if sizeErr != nil {
			return nil, sizeErr
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

// folderSize adds up the files in a folder; of more than maxBackupFiles, the first ones.
func folderSize(ctx context.Context, folder string) (size int64, err error) {
	files := 0
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if files++; files > maxBackupFiles {
			return fs.SkipAll
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return ctx.Err()
	})
	return size, err
}
