package host

import (
	"context"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"

	"gatewatch/collectors/collect"
)

// fromProc returns a collector that reads the host's /proc.
func fromProc(h Config, name string, gives collect.Metrics, read func(proc procfs.FS, out *collect.Samples) error) collect.Collector {
	return collect.Collector{Name: name, Metrics: gives, Collect: func(_ context.Context, out *collect.Samples) error {
		proc, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		return read(proc, out)
	}}
}

// fromSys returns a collector that reads the host's /sys.
func fromSys(h Config, name string, gives collect.Metrics, read func(sys sysfs.FS, out *collect.Samples) error) collect.Collector {
	return collect.Collector{Name: name, Metrics: gives, Collect: func(_ context.Context, out *collect.Samples) error {
		sys, err := sysfs.NewFS(h.Sys)
		if err != nil {
			return err
		}
		return read(sys, out)
	}}
}
