//go:build !linux

package processes

import "gatewatch/collectors/collect"

// processTable is empty away from Linux: groups and units are those of /proc and systemd.
func processTable(Config, collect.Paths) ([]collect.Collector, error) { return nil, nil }
