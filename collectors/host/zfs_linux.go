package host

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// zpoolStates are the states a pool of ZFS is reported in, of which one is 1.
var zpoolStates = []string{"online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"}

// collectZFS gives the state of the pools of ZFS.
func collectZFS(h Config) collect.Collector {
	var all collect.Metrics
	state := all.Gauge("node_zfs_zpool_state", "kstat.zfs.misc.state", "zpool", "state")
	return fromProc(h, "zfs", all, func(_ procfs.FS, out *collect.Samples) error {
		files, err := filepath.Glob(filepath.Join(h.Proc, "spl/kstat/zfs/*/state"))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return collect.UnlessMissing(err)
			}
			now := strings.ToLower(strings.TrimSpace(string(text)))
			for _, s := range zpoolStates {
				out.Add(state, collect.Bool(s == now), filepath.Base(filepath.Dir(file)), s)
			}
		}
		return nil
	})
}
