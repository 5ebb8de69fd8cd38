package certificates

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
)

// tlsFiles watches certificates in files.
type tlsFiles struct {
	entries []FilesConfig
	files   certificateFiles
	changes changes
	log     *slog.Logger
	// changed and failed remember by entry and path how often another certificate came, and that a file could not be read.
	changed map[place]int
	failed  map[place]bool

	certs                  certificateMetrics
	fileError, found, news collect.Metric
}

// tlsFilesTimeout is how long looking at all files may take: they are read when they changed only.
const tlsFilesTimeout = 30 * time.Second

func newTLSFiles(cfg Config, log *slog.Logger) collect.Collector {
	var all collect.Metrics
	t := &tlsFiles{
		entries: cfg.Files, log: log,
		changes: changes{log: log, before: map[place]string{}},
		changed: map[place]int{}, failed: map[place]bool{},
		certs:     newCertificateMetrics(&all, "filename", "filepath"),
		fileError: newFileError(&all),
		found:     all.Gauge("tls_files_found", "Number of files with certificates that an entry of collectors.tls.files finds.", "name"),
		news:      all.Counter("tls_cert_changes_total", "How often another certificate took the place of the one before.", "name", "filename", "filepath"),
	}
	return collect.Collector{Name: "tls_files", Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: tlsFilesTimeout, MadeOf: cfg.Files, Collect: t.collect}
}

func newFileError(all *collect.Metrics) collect.Metric {
	return all.Gauge("x509_cert_error", "Indicates if the file cannot be read", "name", "source", "provider", "filename", "filepath")
}

// collect looks at all files. One that cannot be read is a good collection with x509_cert_error 1.
func (t *tlsFiles) collect(ctx context.Context, out *collect.Samples) error {
	now := time.Now()
	seen := map[place]bool{}
	paths := map[string]bool{}
	for i := range t.entries {
		entry := &t.entries[i]
		files, left := globs.Find(entry.Paths, maxFilesPerEntry)
		out.Dropped += left
		found := 0
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			seen[place{entry.Name, f.Path}], paths[f.Path] = true, true
			if t.file(entry, f, now, out) {
				found++
			}
		}
		out.Add(t.found, float64(found), entry.Name)
	}
	t.files.keep(paths)
	gone := func(p place) bool { return !seen[p] }
	maps.DeleteFunc(t.changed, func(p place, _ int) bool { return gone(p) })
	maps.DeleteFunc(t.failed, func(p place, _ bool) bool { return gone(p) })
	maps.DeleteFunc(t.changes.before, func(p place, _ string) bool { return gone(p) })
	return nil
}

// file gives the samples of one file, and tells whether it holds certificates.
func (t *tlsFiles) file(entry *FilesConfig, f globs.Found, now time.Time, out *collect.Samples) bool {
	certs, err := t.files.read(f.Path, entry.Password)
	if !f.Named && (errors.Is(err, errNoCertificate) || errors.Is(err, os.ErrNotExist) || isFolder(f.Path)) {
		return false // beside certificates lie keys, and folders
	}
	at := place{entry.Name, f.Path}
	labels := []string{entry.Name, entry.Source, entry.Provider, filepath.Base(f.Path), f.Path}
	t.logFailure(at, err)
	out.Add(t.fileError, collect.Bool(err != nil), slices.Clone(labels)...)
	if err != nil {
		return false
	}
	t.certs.add(out, now, certs, labels...)
	if t.changes.see(certs[0], at) {
		t.changed[at]++
	}
	out.Add(t.news, float64(t.changed[at]), entry.Name, filepath.Base(f.Path), f.Path)
	return true
}

// logFailure logs only changes: the metrics say the rest.
func (t *tlsFiles) logFailure(at place, err error) {
	switch {
	case err != nil && !t.failed[at]:
		t.log.Warn("certificates cannot be read", "err", err)
		t.failed[at] = true
	case err == nil && t.failed[at]:
		t.log.Info("certificates can be read again", "at", at.where)
		delete(t.failed, at)
	}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
