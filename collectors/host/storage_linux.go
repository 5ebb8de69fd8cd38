package host

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"

	"gatewatch/collectors/collect"
)

// mdStates are the states a software RAID is reported in, of which one is 1.
var mdStates = []string{"active", "inactive", "recovering", "resync", "check"}

// collectRAID gives the state of software RAIDs.
func collectRAID(h Config) collect.Collector {
	var all collect.Metrics
	state := all.Gauge("node_md_state", "Indicates the state of md-device.", "device", "state")
	disks := all.Gauge("node_md_disks", "Number of active/failed/spare disks of device.", "device", "state")
	required := all.Gauge("node_md_disks_required", "Total number of disks of device.", "device")
	blocks := all.Gauge("node_md_blocks", "Total number of blocks on device.", "device")
	synced := all.Gauge("node_md_blocks_synced", "Number of blocks synced on device.", "device")
	return fromProc(h, "mdadm", all, func(proc procfs.FS, out *collect.Samples) error {
		all, err := proc.MDStat()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, d := range all {
			// The kernel's "resyncing" and "checking" have had shorter names in metrics since they exist.
			now := strings.NewReplacer("resyncing", "resync", "checking", "check").Replace(d.ActivityState)
			for _, s := range mdStates {
				out.Add(state, collect.Bool(s == now), d.Name, s)
			}
			out.Add(disks, float64(d.DisksActive), d.Name, "active")
			out.Add(disks, float64(d.DisksFailed), d.Name, "failed")
			out.Add(disks, float64(d.DisksSpare), d.Name, "spare")
			out.Add(required, float64(d.DisksTotal), d.Name)
			out.Add(blocks, float64(d.BlocksTotal), d.Name)
			out.Add(synced, float64(d.BlocksSynced), d.Name)
		}
		return nil
	})
}

// collectNVMe names the NVMe disks and their state.
func collectNVMe(h Config) collect.Collector {
	var all collect.Metrics
	info := all.Gauge("node_nvme_info", "Non-numeric data from /sys/class/nvme/<device>, value is always 1.",
		"device", "firmware_revision", "model", "serial", "state", "cntlid")
	return fromSys(h, "nvme", all, func(sys sysfs.FS, out *collect.Samples) error {
		devices, err := sys.NVMeClass()
		if err != nil {
			return collect.UnlessMissing(err)
		}
		for _, d := range devices {
			out.Add(info, 1, d.Name, d.FirmwareRevision, d.Model, d.Serial, d.State, d.ControllerID)
		}
		return nil
	})
}

// collectMemoryErrors gives the memory errors that the hardware corrected and those it could not.
func collectMemoryErrors(h Config) collect.Collector {
	var all collect.Metrics
	corrected := all.Counter("node_edac_correctable_errors_total", "Total correctable memory errors.", "controller")
	uncorrected := all.Counter("node_edac_uncorrectable_errors_total", "Total uncorrectable memory errors.", "controller")
	return fromSys(h, "edac", all, func(_ sysfs.FS, out *collect.Samples) error {
		controllers, err := filepath.Glob(filepath.Join(h.Sys, "devices/system/edac/mc/mc[0-9]*"))
		if err != nil {
			return err
		}
		slices.Sort(controllers)
		for _, c := range controllers {
			number := strings.TrimPrefix(filepath.Base(c), "mc")
			for file, m := range map[string]collect.Metric{"ce_count": corrected, "ue_count": uncorrected} {
				value, err := collect.ReadNumber(filepath.Join(c, file))
				if err != nil {
					return err
				}
				out.Add(m, value, number)
			}
		}
		return nil
	})
}

// collectExt4 gives the errors that the kernel noted in ext4 file systems since they were last checked.
func collectExt4(h Config) collect.Collector {
	var all collect.Metrics
	total := all.Counter("node_ext4_errors_total", "Errors noted in the file system since it was last checked.", "device")
	return fromSys(h, "ext4", all, func(_ sysfs.FS, out *collect.Samples) error {
		files, err := filepath.Glob(filepath.Join(h.Sys, "fs/ext4/*/errors_count"))
		if err != nil {
			return err
		}
		for _, file := range files {
			value, err := collect.ReadNumber(file)
			if err != nil {
				return collect.UnlessMissing(err) // unmounted meanwhile
			}
			out.Add(total, value, filepath.Base(filepath.Dir(file)))
		}
		return nil
	})
}
