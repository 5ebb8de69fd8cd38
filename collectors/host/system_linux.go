package host

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gatewatch/collectors/collect"
)

// collectOS names the distribution.
func collectOS(h Config) collect.Collector {
	var all collect.Metrics
	keys := []string{"BUILD_ID", "ID", "ID_LIKE", "IMAGE_ID", "IMAGE_VERSION", "NAME", "PRETTY_NAME", "VARIANT",
		"VARIANT_ID", "VERSION", "VERSION_CODENAME", "VERSION_ID"}
	labels := make([]string, len(keys))
	for i, k := range keys {
		labels[i] = strings.ToLower(k)
	}
	info := all.Gauge("node_os_info", "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, "+
		"name, pretty_name, variant, variant_id, version, version_codename, version_id.", labels...)
	version := all.Gauge("node_os_version", "Metric containing the major.minor part of the OS version.", "id", "id_like", "name")
	return collect.Collector{Name: "os", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		release, err := readRelease(h.Root)
		if err != nil {
			return collect.UnlessMissing(err)
		}
		values := make([]string, len(keys))
		for i, k := range keys {
			values[i] = release[k]
		}
		out.Add(info, 1, values...)
		parts := strings.SplitN(release["VERSION_ID"], ".", 3)
		if v, err := strconv.ParseFloat(strings.Join(parts[:min(2, len(parts))], "."), 64); err == nil {
			out.Add(version, v, release["ID"], release["ID_LIKE"], release["NAME"])
		}
		return nil
	}}
}

// readRelease returns the assignments of os-release(5).
func readRelease(root string) (map[string]string, error) {
	f, err := os.Open(filepath.Join(root, "etc/os-release"))
	if os.IsNotExist(err) {
		f, err = os.Open(filepath.Join(root, "usr/lib/os-release"))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	release := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "="); ok && !strings.HasPrefix(key, "#") {
			release[key] = strings.Trim(value, `"'`)
		}
	}
	return release, lines.Err()
}

// collectSELinux says whether SELinux is on, as far as its files are there.
func collectSELinux(h Config) collect.Collector {
	var all collect.Metrics
	enabled := all.Gauge("node_selinux_enabled", "SELinux is enabled, 1 is true, 0 is false")
	enforcing := all.Gauge("node_selinux_current_mode", "Current SELinux enforcement mode")
	return collect.Collector{Name: "selinux", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		mode, err := collect.ReadNumber(filepath.Join(h.Sys, "fs/selinux/enforce"))
		out.Add(enabled, collect.Bool(err == nil))
		if err == nil {
			out.Add(enforcing, mode)
		}
		return collect.UnlessMissing(err)
	}}
}
