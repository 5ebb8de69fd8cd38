package proxies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

const (
	// retestEvery is how old the last test of an unchanged configuration becomes: a certificate it names may vanish.
	retestEvery = 5 * time.Minute
	// maxConfigFiles bounds what is looked at.
	maxConfigFiles = 1000
)

// configTests is the outcome of the last test of a configuration.
type configTests struct {
	at, changed time.Time
	ok          bool
}

// collectConfiguration says when the configuration was changed, when nginx last read it, and whether it is valid: what
// was changed and not loaded breaks at the next restart, and nobody remembers why.
func (n *nginxServer) collectConfiguration(ctx context.Context, out *collect.Samples) error {
	if len(n.cfg.ConfigFiles) == 0 {
		return nil
	}
	changed, err := lastChange(n.cfg.ConfigFiles)
	if err != nil {
		return err
	}
	out.Add(n.changed, collect.UnixSeconds(changed), n.labels()...)
	if !changed.Equal(n.read) {
		n.most, n.limited = connectionsLimit(n.cfg.ConfigFiles, n.proc)
		n.read = changed
	}
	if n.limited {
		out.Add(n.limit, n.most, n.labels()...)
	}
	if started, ok := newestWorker(n.proc); ok {
		out.Add(n.started, started, n.labels()...)
	}
	if len(n.cfg.ConfigTest) == 0 {
		return nil
	}
	if now := time.Now(); !changed.Equal(n.tests.changed) || now.Sub(n.tests.at) >= retestEvery {
		cmd := exec.CommandContext(ctx, n.cfg.ConfigTest[0], n.cfg.ConfigTest[1:]...)
		err = cmd.Run()
		if ctx.Err() != nil {
			return errors.New("the configuration's test did not end in time")
		}
		n.tests = configTests{at: now, changed: changed, ok: err == nil}
		// An exit code is the test's word; that it cannot be run is ours.
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			err = nil
		}
	}
	out.Add(n.testOK, collect.Bool(n.tests.ok), n.labels()...)
	out.Add(n.testTime, collect.UnixSeconds(n.tests.at), n.labels()...)
	if err != nil {
		return fmt.Errorf("config_test: %w", err)
	}
	return nil
}

// lastChange returns when the newest of the files was changed.
func lastChange(globs []string) (newest time.Time, err error) {
	looked := 0
	for _, glob := range globs {
		files, err := filepath.Glob(glob)
		if err != nil {
			return newest, err
		}
		for _, f := range files {
			if looked++; looked > maxConfigFiles {
				return newest, fmt.Errorf("config_files has more than %d files", maxConfigFiles)
			}
			info, err := os.Stat(f)
			if err != nil {
				continue // removed meanwhile, or a link to nowhere
			}
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
	}
	if looked == 0 {
		return newest, errors.New("config_files has no file")
	}
	return newest, nil
}

// newestWorker returns when the youngest nginx worker was started; a reload starts new ones and keeps the master.
func newestWorker(proc string) (started float64, found bool) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return 0, false
	}
	all, err := fs.AllProcs()
	if err != nil {
		return 0, false
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0, false
	}
	for _, p := range all {
		if name, err := p.Comm(); err != nil || name != "nginx" {
			continue
		}
		words, err := p.CmdLine()
		if err != nil || !strings.HasPrefix(strings.Join(words, " "), "nginx: worker process") {
			continue
		}
		s, err := p.Stat()
		if err != nil {
			continue
		}
		// In ticks since boot, of which Linux tells programs a hundred a second.
		started, found = max(started, float64(stat.BootTime)+float64(s.Starttime)/100), true
	}
	return started, found
}
