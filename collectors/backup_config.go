package collectors

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// BackupConfig is an entry of collectors.backups in the configuration: one kind of backups of one thing.
type BackupConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// What made the backups: pgbackrest, wal-g, barman, restic, xtrabackup (also mariabackup) or files.
	Kind string `yaml:"kind"`
	// Program that lists them, as an absolute path. Empty: the kind's own, from PATH.
	Program string `yaml:"program"`
	// Stanza of pgBackRest, or server of Barman.
	Target string `yaml:"target"`
	// Environment of the program, such as RESTIC_REPOSITORY and WALG_S3_PREFIX. It has nothing else but PATH and HOME.
	Env map[string]secret.Secret `yaml:"env"`
	// File in which something else leaves what the program prints, read in place of running it.
	OutputFile string `yaml:"output_file"`
	// Of files: the backups, with * and ?. Of xtrabackup: the folders, a backup each.
	Paths []string `yaml:"paths"`
	// A smaller backup is a failed one.
	MinSize units.Base2Bytes `yaml:"min_size"`
	// Of files: whether the newest is read once and compared with NAME.sha256, as sha256sum writes it.
	Checksum bool `yaml:"checksum"`
	// Of files: what the last line has to contain, such as "-- Dump completed" of mysqldump. Not for compressed ones.
	EndsWith string `yaml:"ends_with"`
	// How old the last good backup may become.
	MaxAge model.Duration `yaml:"max_age"`
	// File that is touched when a backup was restored to try it.
	RestoreTestFile string `yaml:"restore_test_file"`
	// How long ago that may be.
	RestoreTestMaxAge model.Duration `yaml:"restore_test_max_age"`
	// How often backups are listed.
	Interval model.Duration `yaml:"interval"`
	// How long that may take.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	kindFiles      = "files"
	kindXtrabackup = "xtrabackup"

	defaultBackupInterval = model.Duration(5 * time.Minute)
	defaultBackupTimeout  = model.Duration(time.Minute)
	defaultBackupAge      = model.Duration(26 * time.Hour)
	defaultRestoreTestAge = model.Duration(35 * 24 * time.Hour)

	maxBackups        = 50
	minBackupInterval = model.Duration(10 * time.Second)
)

func (b *BackupConfig) identity() (key, value string) { return "name", b.Name }

func (b *BackupConfig) most() int { return maxBackups }

func (b *BackupConfig) setDefaults() {
	setDefault(&b.Interval, defaultBackupInterval)
	setDefault(&b.Timeout, defaultBackupTimeout)
	setDefault(&b.MaxAge, defaultBackupAge)
	setDefault(&b.RestoreTestMaxAge, defaultRestoreTestAge)
}

// Validate returns every mistake in b as invalid.Mistakes, but for those of the name.
func (b *BackupConfig) Validate() error {
	var m invalid.Mistakes
	tool := backupTool(b.Kind)
	onDisk := b.Kind == kindFiles || b.Kind == kindXtrabackup
	switch {
	case tool == nil && !onDisk:
		m.Add("kind", "must be one of %q, is %q", backupKinds(), b.Kind)
	case onDisk && len(b.Paths) == 0:
		m.Add("paths", "is missing")
	case tool != nil && len(b.Paths) > 0:
		m.Add("paths", "is for the kinds %q and %q", kindFiles, kindXtrabackup)
	case tool != nil && tool.needsTarget && b.OutputFile == "" && b.Target == "":
		m.Add("target", "is missing: the stanza or server")
	case strings.HasPrefix(b.Target, "-"):
		m.Add("target", "must not begin with a dash")
	}
	checkPatterns(&m, "paths", b.Paths)
	for _, f := range []struct{ key, path string }{{"program", b.Program}, {"output_file", b.OutputFile}, {"restore_test_file", b.RestoreTestFile}} {
		if f.path != "" && !filepath.IsAbs(f.path) {
			m.Add(f.key, "must be an absolute path, is %q", f.path)
		}
	}
	if (b.Checksum || b.EndsWith != "") && b.Kind != kindFiles {
		m.Add("kind", "checksum and ends_with are for files")
	}
	if b.MinSize < 0 {
		m.Add("min_size", "must not be negative")
	}
	for _, d := range []struct {
		key   string
		value model.Duration
	}{{"interval", b.Interval}, {"timeout", b.Timeout}, {"max_age", b.MaxAge}, {"restore_test_max_age", b.RestoreTestMaxAge}} {
		if least := minBackupInterval; d.key != "timeout" && d.value < least {
			m.Add(d.key, "must be at least %s, is %s", least, d.value)
		}
	}
	return m.Err()
}

func backupKinds() []string {
	kinds := []string{kindFiles, kindXtrabackup}
	for _, t := range backupTools() {
		kinds = append(kinds, t.kind)
	}
	slices.Sort(kinds)
	return kinds
}

func (b *BackupConfig) collectors(env) ([]collector, error) {
	all := []collector{newBackups(*b)}
	if b.Checksum {
		all = append(all, newChecksum(*b))
	}
	return all, nil
}

func (*BackupConfig) catalogue() []Metric {
	all := newBackups(BackupConfig{}).metrics.list("")
	return append(all, newChecksum(BackupConfig{}).metrics.list("with checksum")...)
}

// errNoRestoreTest says that nothing can be noted for a name.
func errNoRestoreTest(name string) error {
	return fmt.Errorf("no entry of collectors.backups with the name %q has a restore_test_file", name)
}
