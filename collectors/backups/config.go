package backups

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/globs"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config is an entry of collectors.backups in the configuration: one kind of backups of one thing.
type Config struct {
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

// Identity returns the key that tells entries apart, and its value.
func (b *Config) Identity() (key, value string) { return "name", b.Name }

// Most is how many entries there may be.
func (b *Config) Most() int { return maxBackups }

// SetDefaults fills what is left out.
func (b *Config) SetDefaults() {
	collect.SetDefault(&b.Interval, defaultBackupInterval)
	collect.SetDefault(&b.Timeout, defaultBackupTimeout)
	collect.SetDefault(&b.MaxAge, defaultBackupAge)
	collect.SetDefault(&b.RestoreTestMaxAge, defaultRestoreTestAge)
}

// Validate returns every mistake in b as invalid.Mistakes, but for those of the name.
func (b *Config) Validate() error {
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
	globs.Check(&m, "paths", b.Paths)
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

// Collectors returns what is switched on.
func (b *Config) Collectors(collect.Env) ([]collect.Collector, error) {
	all := []collect.Collector{newBackups(*b)}
	if b.Checksum {
		all = append(all, newChecksum(*b))
	}
	return all, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	all := newBackups(Config{}).Metrics.List("")
	return append(all, newChecksum(Config{}).Metrics.List("with checksum")...)
}
