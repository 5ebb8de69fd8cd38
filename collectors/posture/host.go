package posture

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/collectors/collect"
)

// postureTimeout is how long a look at a few small files may take.
const postureTimeout = 10 * time.Second

// newPostureHost returns the collector of what a few small files say: accounts with all rights, and whether the host
// waits for a restart.
func newPostureHost(h collect.Paths) collect.Collector {
	var all collect.Metrics
	root := all.Gauge("posture_uid0_account", "1 for each account with the user id 0, which has all rights.", "user")
	reboot := all.Gauge("node_reboot_required", "Whether the host waits for a restart: a package asks for one, or a newer kernel is installed than the one that runs.")
	packages := all.Gauge("posture_reboot_required_packages", "Number of packages that ask for a restart.")
	kernel := all.Gauge("posture_kernel_outdated", "Whether a newer kernel of the same kind is installed than the one that runs; absent when the one that runs is not in /boot.")
	return collect.Collector{Name: "posture_host", Metrics: all, Timeout: postureTimeout, MadeOf: h, Collect: func(_ context.Context, out *collect.Samples) error {
		accounts, err := readAccounts(h.Root)
		for i, name := range rootAccounts(accounts) {
			if i == maxRootAccounts {
				out.Dropped++
				break
			}
			out.Add(root, 1, name)
		}
		asked, who := rebootAsked(h.Root)
		older, known, kernelErr := kernelOutdated(h)
		out.Add(reboot, collect.Bool(asked || older))
		out.Add(packages, float64(who))
		if known {
			out.Add(kernel, collect.Bool(older))
		}
		return errors.Join(err, kernelErr)
	}}
}

// rebootAsked tells whether a package of Debian or Ubuntu asked for a restart, and how many did.
func rebootAsked(root string) (asked bool, packages int) {
	for _, dir := range []string{"run", "var/run"} {
		file := filepath.Join(root, dir, "reboot-required")
		if _, err := os.Stat(file); err != nil {
			continue
		}
		text, _ := os.ReadFile(file + ".pkgs") // it need not be there
		seen := map[string]bool{}
		for _, name := range strings.Fields(string(text)) {
			seen[name] = true
		}
		return true, len(seen)
	}
	return false, 0
}

// kernelOutdated compares the kernel that runs with those in /boot and /lib/modules. In a container, or where kernels
// are elsewhere, there is nothing to compare with: known is false, and that is no error.
func kernelOutdated(h collect.Paths) (older, known bool, err error) {
	text, err := os.ReadFile(filepath.Join(h.Proc, "sys/kernel/osrelease"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	running := strings.TrimSpace(string(text))
	images, _ := filepath.Glob(filepath.Join(h.Root, "boot", "vmlinuz-*")) // the pattern is right
	var installed []string
	for _, image := range images {
		installed = append(installed, strings.TrimPrefix(filepath.Base(image), "vmlinuz-"))
	}
	return newerKernel(running, installed), slices.Contains(installed, running), nil
}

// newerKernel tells whether one of installed is newer than running and of the same kind. When running is not among them
// it came from elsewhere (a hypervisor, a container's host), and nothing can be said.
func newerKernel(running string, installed []string) bool {
	newer, there := false, false
	for _, other := range installed {
		there = there || other == running
		newer = newer || kernelKind(other) == kernelKind(running) && compareVersions(other, running) > 0
	}
	return newer && there
}

// kernelKind returns what tells kernels apart that are built side by side: "amd64" of 6.1.0-28-amd64, "cloud-amd64" of
// 6.1.0-28-cloud-amd64, "generic"; "" when the version says nothing, as on Red Hat's.
func kernelKind(version string) string {
	parts := strings.Split(version, "-")
	for i, part := range parts {
		if part != "" && (part[0] < '0' || part[0] > '9') {
			return strings.Join(parts[i:], "-")
		}
	}
	return ""
}
