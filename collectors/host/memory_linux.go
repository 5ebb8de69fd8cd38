package host

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gatewatch/collectors/collect"
)

// collectMemory gives every line of /proc/meminfo.
func collectMemory(h Config) collect.Collector {
	var all collect.Metrics
	all.Gauge("node_memory_*", "Fields of /proc/meminfo.")
	path := filepath.Join(h.Proc, "meminfo")
	return collect.Collector{Name: "memory", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := parseMeminfo(text)
		for _, name := range slices.Sorted(maps.Keys(info)) {
			out.Add(collect.Gauge("node_memory_"+name, "Memory information field "+name+"."), info[name])
		}
		return err
	}}
}

// parseMeminfo returns the fields of /proc/meminfo under the names they have in metrics: "Active(anon):  4 kB" is
// Active_anon_bytes 4096. The good lines of a bad text are returned beside the error.
func parseMeminfo(text []byte) (map[string]float64, error) {
	info := map[string]float64{}
	var bad error
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		parts := strings.Fields(rest)
		if len(parts) == 0 {
			continue
		}
		value, err := strconv.ParseFloat(parts[0], 64)
		if err != nil {
			bad = fmt.Errorf("field %s of meminfo: %w", name, err)
			continue
		}
		name = strings.TrimSuffix(strings.ReplaceAll(name, "(", "_"), ")")
		if len(parts) > 1 && parts[1] == "kB" {
			name, value = name+"_bytes", value*1024
		}
		info[name] = value
	}
	return info, bad
}
