package host

import (
	"context"
	"regexp"

	"github.com/prometheus/procfs/blockdevice"

	"gatewatch/collectors/collect"
)

// ignoredDisks are memory disks, loops and partitions, which repeat what their disk says.
var ignoredDisks = regexp.MustCompile(`^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`)

// sectorSize is the unit of /proc/diskstats, whatever the disk has.
const sectorSize = 512

// The number of fields of /proc/diskstats from which a kernel tells discards (4.18) and flushes (5.5).
const (
	fieldsWithDiscards = 18
	fieldsWithFlushes  = 20
)

// diskMetric is one metric of a disk: the first kernel fields it needs, and how it follows from them.
type diskMetric struct {
	collect.Metric
	fields int
	value  func(s *blockdevice.Diskstats) float64
}

func diskMetrics(all *collect.Metrics) []diskMetric {
	type stats = blockdevice.Diskstats
	number := func(name, help string, fields int, value func(s *stats) uint64) diskMetric {
		return diskMetric{all.Counter("node_disk_"+name, help, "device"), fields, func(s *stats) float64 { return float64(value(s)) }}
	}
	seconds := func(name, help string, fields int, milliseconds func(s *stats) uint64) diskMetric {
		return diskMetric{all.Counter("node_disk_"+name, help, "device"), fields, func(s *stats) float64 { return float64(milliseconds(s)) / 1e3 }}
	}
	return []diskMetric{
		number("reads_completed_total", "The total number of reads completed successfully.", 0, func(s *stats) uint64 { return s.ReadIOs }),
		number("reads_merged_total", "The total number of reads merged.", 0, func(s *stats) uint64 { return s.ReadMerges }),
		number("read_bytes_total", "The total number of bytes read successfully.", 0, func(s *stats) uint64 { return s.ReadSectors * sectorSize }),
		seconds("read_time_seconds_total", "The total number of seconds spent by all reads.", 0, func(s *stats) uint64 { return s.ReadTicks }),
		number("writes_completed_total", "The total number of writes completed successfully.", 0, func(s *stats) uint64 { return s.WriteIOs }),
		number("writes_merged_total", "The number of writes merged.", 0, func(s *stats) uint64 { return s.WriteMerges }),
		number("written_bytes_total", "The total number of bytes written successfully.", 0, func(s *stats) uint64 { return s.WriteSectors * sectorSize }),
		seconds("write_time_seconds_total", "This is the total number of seconds spent by all writes.", 0, func(s *stats) uint64 { return s.WriteTicks }),
		{all.Gauge("node_disk_io_now", "The number of I/Os currently in progress.", "device"), 0, func(s *stats) float64 { return float64(s.IOsInProgress) }},
		seconds("io_time_seconds_total", "Total seconds spent doing I/Os.", 0, func(s *stats) uint64 { return s.IOsTotalTicks }),
		seconds("io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os.", 0, func(s *stats) uint64 { return s.WeightedIOTicks }),
		number("discards_completed_total", "The total number of discards completed successfully.", fieldsWithDiscards, func(s *stats) uint64 { return s.DiscardIOs }),
		number("discards_merged_total", "The total number of discards merged.", fieldsWithDiscards, func(s *stats) uint64 { return s.DiscardMerges }),
		number("discarded_sectors_total", "The total number of sectors discarded successfully.", fieldsWithDiscards, func(s *stats) uint64 { return s.DiscardSectors }),
		seconds("discard_time_seconds_total", "This is the total number of seconds spent by all discards.", fieldsWithDiscards, func(s *stats) uint64 { return s.DiscardTicks }),
		number("flush_requests_total", "The total number of flush requests completed successfully", fieldsWithFlushes, func(s *stats) uint64 { return s.FlushRequestsCompleted }),
		seconds("flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests.", fieldsWithFlushes, func(s *stats) uint64 { return s.TimeSpentFlushing }),
	}
}

// collectDisks gives the work of each disk.
func collectDisks(h Config) collect.Collector {
	var all collect.Metrics
	metrics := diskMetrics(&all)
	return collect.Collector{Name: "disk", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		fs, err := blockdevice.NewFS(h.Proc, h.Sys)
		if err != nil {
			return err
		}
		disks, err := fs.ProcDiskstats()
		if err != nil {
			return err
		}
		for i := range disks {
			d := &disks[i]
			if ignoredDisks.MatchString(d.DeviceName) {
				continue
			}
			for _, m := range metrics {
				if d.IoStatsCount >= m.fields {
					out.Add(m.Metric, m.value(d), d.DeviceName)
				}
			}
		}
		return nil
	}}
}
