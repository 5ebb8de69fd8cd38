package collectors

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"
)

// mdStates are the states a software RAID is reported in, of which one is 1.
var mdStates = []string{"active", "inactive", "recovering", "resync", "check"}

// collectRAID gives the state of software RAIDs.
func collectRAID(h HostConfig) collector {
	var all metrics
	state := all.gauge("node_md_state", "Indicates the state of md-device.", "device", "state")
	disks := all.gauge("node_md_disks", "Number of active/failed/spare disks of device.", "device", "state")
	required := all.gauge("node_md_disks_required", "Total number of disks of device.", "device")
	blocks := all.gauge("node_md_blocks", "Total number of blocks on device.", "device")
	synced := all.gauge("node_md_blocks_synced", "Number of blocks synced on device.", "device")
	return fromProc(h, "mdadm", all, func(proc procfs.FS, out *samples) error {
		all, err := proc.MDStat()
		if err != nil {
			return unlessMissing(err)
		}
		for _, d := range all {
			// The kernel's "resyncing" and "checking" have had shorter names in metrics since they exist.
			now := strings.NewReplacer("resyncing", "resync", "checking", "check").Replace(d.ActivityState)
			for _, s := range mdStates {
				out.add(state, boolValue(s == now), d.Name, s)
			}
			out.add(disks, float64(d.DisksActive), d.Name, "active")
			out.add(disks, float64(d.DisksFailed), d.Name, "failed")
			out.add(disks, float64(d.DisksSpare), d.Name, "spare")
			out.add(required, float64(d.DisksTotal), d.Name)
			out.add(blocks, float64(d.BlocksTotal), d.Name)
			out.add(synced, float64(d.BlocksSynced), d.Name)
		}
		return nil
	})
}

// collectNVMe names the NVMe disks and their state.
func collectNVMe(h HostConfig) collector {
	var all metrics
	info := all.gauge("node_nvme_info", "Non-numeric data from /sys/class/nvme/<device>, value is always 1.",
		"device", "firmware_revision", "model", "serial", "state", "cntlid")
	return fromSys(h, "nvme", all, func(sys sysfs.FS, out *samples) error {
		devices, err := sys.NVMeClass()
		if err != nil {
			return unlessMissing(err)
		}
		for _, d := range devices {
			out.add(info, 1, d.Name, d.FirmwareRevision, d.Model, d.Serial, d.State, d.ControllerID)
		}
		return nil
	})
}

// collectMemoryErrors gives the memory errors that the hardware corrected and those it could not.
func collectMemoryErrors(h HostConfig) collector {
	var all metrics
	corrected := all.counter("node_edac_correctable_errors_total", "Total correctable memory errors.", "controller")
	uncorrected := all.counter("node_edac_uncorrectable_errors_total", "Total uncorrectable memory errors.", "controller")
	return fromSys(h, "edac", all, func(_ sysfs.FS, out *samples) error {
		controllers, err := filepath.Glob(filepath.Join(h.Sys, "devices/system/edac/mc/mc[0-9]*"))
		if err != nil {
			return err
		}
		slices.Sort(controllers)
		for _, c := range controllers {
			number := strings.TrimPrefix(filepath.Base(c), "mc")
			for file, m := range map[string]metric{"ce_count": corrected, "ue_count": uncorrected} {
				value, err := readNumber(filepath.Join(c, file))
				if err != nil {
					return err
				}
				out.add(m, value, number)
			}
		}
		return nil
	})
}

// collectExt4 gives the errors that the kernel noted in ext4 file systems since they were last checked.
func collectExt4(h HostConfig) collector {
	var all metrics
	total := all.counter("node_ext4_errors_total", "Errors noted in the file system since it was last checked.", "device")
	return fromSys(h, "ext4", all, func(_ sysfs.FS, out *samples) error {
		files, err := filepath.Glob(filepath.Join(h.Sys, "fs/ext4/*/errors_count"))
		if err != nil {
			return err
		}
		for _, file := range files {
			value, err := readNumber(file)
			if err != nil {
				return unlessMissing(err) // unmounted meanwhile
			}
			out.add(total, value, filepath.Base(filepath.Dir(file)))
		}
		return nil
	})
}
