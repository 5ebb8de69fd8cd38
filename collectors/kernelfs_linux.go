package collectors

import (
	"context"
	"errors"
	"io/fs"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"
)

// fromProc returns a collector that reads the host's /proc.
func fromProc(h HostConfig, name string, gives metrics, read func(proc procfs.FS, out *samples) error) collector {
	return collector{name: name, metrics: gives, collect: func(_ context.Context, out *samples) error {
		proc, err := procfs.NewFS(h.Proc)
		if err != nil {
			return err
		}
		return read(proc, out)
	}}
}

// fromSys returns a collector that reads the host's /sys.
func fromSys(h HostConfig, name string, gives metrics, read func(sys sysfs.FS, out *samples) error) collector {
	return collector{name: name, metrics: gives, collect: func(_ context.Context, out *samples) error {
		sys, err := sysfs.NewFS(h.Sys)
		if err != nil {
			return err
		}
		return read(sys, out)
	}}
}

// unlessMissing returns err, but nil when the file that was read is not there: the kernel was built without the part,
// its module is not loaded, or the host has no such device. That is no failure.
func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
