package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
)

// mountTimeout is how long one file system may take to say how full it is.
const mountTimeout = 500 * time.Millisecond

// maxStuckMounts bounds the threads that hang in dead mounts. What comes after is not asked.
const maxStuckMounts = 32

// maxMounts is how many file systems are told of.
const maxMounts = 700

// pseudoFileSystems returns the types that hold no data of their own.
func pseudoFileSystems() []string {
	return strings.Fields(`autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs fusectl hugetlbfs iso9660
		mqueue nsfs overlay proc procfs pstore rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs`)
}

// ignoredMounts are the mount points of the kernel and of containers.
var ignoredMounts = regexp.MustCompile(
	`^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)`)

// mount is one line of /proc/mounts.
type mount struct {
	device, point, fstype string
	readonly              bool
}

// collectFileSystems gives size and free space of each mounted file system. A mount that does not answer is reported
// as an error and not asked again until it does.
func collectFileSystems(h Config, statfs func(path string, buf *unix.Statfs_t) error) collect.Collector {
	var all collect.Metrics
	metric := func(name, help string) collect.Metric {
		return all.Gauge("node_filesystem_"+name, help, "device", "fstype", "mountpoint")
	}
	size := metric("size_bytes", "Filesystem size in bytes.")
	free := metric("free_bytes", "Filesystem free space in bytes.")
	avail := metric("avail_bytes", "Filesystem space available to non-root users in bytes.")
	files := metric("files", "Filesystem total file nodes.")
	filesFree := metric("files_free", "Filesystem total free file nodes.")
	readonly := metric("readonly", "Filesystem read-only status.")
	deviceError := metric("device_error", "Whether an error occurred while getting statistics for the given device.")
	unseen := all.Gauge("gatewatch_filesystems_unseen", "Number of file systems that the agent may not look at, or does not see where the host has them.")

	guard := statGuard{statfs: statfs, pending: map[string]bool{}}
	return collect.Collector{Name: "filesystem", Metrics: all, Collect: func(ctx context.Context, out *collect.Samples) error {
		text, err := readMounts(h.Proc)
		if err != nil {
			return err
		}
		mounts := firstOfDevices(parseMounts(text, h.IgnoreFSTypes))
		if left := len(mounts) - maxMounts; left > 0 {
			out.Dropped += left
			mounts = mounts[:maxMounts]
		}
		var failed error
		hidden := 0
		for _, m := range mounts {
			labels := func() []string { return []string{m.device, m.fstype, m.point} }
			st, err := guard.stat(ctx, filepath.Join(h.Root, m.point))
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
				hidden++
				continue
			}
			out.Add(deviceError, collect.Bool(err != nil), labels()...)
			out.Add(readonly, collect.Bool(m.readonly), labels()...)
			if err != nil {
				failed = fmt.Errorf("%s: %w", m.point, err)
				continue
			}
			block := float64(st.Bsize)
			out.Add(size, float64(st.Blocks)*block, labels()...)
			out.Add(free, float64(st.Bfree)*block, labels()...)
			out.Add(avail, float64(st.Bavail)*block, labels()...)
			out.Add(files, float64(st.Files), labels()...)
			out.Add(filesFree, float64(st.Ffree), labels()...)
		}
		out.Add(unseen, float64(hidden))
		if hidden > 0 && hidden == len(mounts) {
			return fmt.Errorf("none of %d file systems is seen below %s: is collectors.host.root right?", hidden, h.Root)
		}
		return failed
	}}
}

// firstOfDevices puts the first mount of each device before all others, so that a host with very many mounts (of containers, of folders)
// loses none of its disks.
func firstOfDevices(mounts []mount) []mount {
	seen := map[string]bool{}
	var first, others []mount
	for _, m := range mounts {
		if seen[m.device] {
			others = append(others, m)
		} else {
			first = append(first, m)
		}
		seen[m.device] = true
	}
	return append(first, others...)
}

// readMounts returns the mounts that the host's first process sees, or ours where that one is hidden.
func readMounts(proc string) (string, error) {
	text, err := os.ReadFile(filepath.Join(proc, "1/mounts"))
	if err == nil {
		return string(text), nil
	}
	text, err = os.ReadFile(filepath.Join(proc, "self/mountinfo"))
	return mountsOf(string(text)), err
}

// mountsOf returns the lines of mountinfo as those of mounts, with the options of the file systems: a service that systemd
// protects sees all of them mounted read-only.
func mountsOf(mountinfo string) string {
	var lines strings.Builder
	for line := range strings.Lines(mountinfo) {
		mount, super, _ := strings.Cut(line, " - ")
		f, of := strings.Fields(mount), strings.Fields(super)
		if len(f) >= 6 && len(of) >= 3 {
			fmt.Fprintln(&lines, of[1], f[4], of[0], of[2], "0 0")
		}
	}
	return lines.String()
}

// parseMounts returns the mounts worth watching, each place once. The root is always one, also when it is a
// container's overlay.
func parseMounts(text string, ignoreTypes []string) []mount {
	var mounts []mount
	seen := map[[2]string]bool{}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		m := mount{device: unescape.Replace(f[0]), point: unescape.Replace(f[1]), fstype: f[2]}
		ignored := slices.Contains(ignoreTypes, m.fstype) && m.point != "/" || ignoredMounts.MatchString(m.point)
		if key := [2]string{m.device, m.point}; !ignored && !seen[key] {
			seen[key] = true
			m.readonly = slices.Contains(strings.Split(f[3], ","), "ro")
			mounts = append(mounts, m)
		}
	}
	return mounts
}

var errStuck = errors.New("file system does not answer")

// statGuard asks file systems how full they are without ever hanging on a dead one: the call on a dead network mount
// cannot be interrupted, so it is left alone in its goroutine, at most one for each mount.
type statGuard struct {
	statfs func(path string, buf *unix.Statfs_t) error

	mu      sync.Mutex
	pending map[string]bool
}

func (g *statGuard) stat(ctx context.Context, path string) (unix.Statfs_t, error) {
	g.mu.Lock()
	stuck := g.pending[path] || len(g.pending) >= maxStuckMounts
	if !stuck {
		g.pending[path] = true
	}
	g.mu.Unlock()
	if stuck {
		return unix.Statfs_t{}, errStuck
	}

	type answer struct {
		st  unix.Statfs_t
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		a.err = g.statfs(path, &a.st)
		g.mu.Lock()
		delete(g.pending, path)
		g.mu.Unlock()
		answers <- a
	}()
	ctx, cancel := context.WithTimeout(ctx, mountTimeout)
	defer cancel()
	select {
	case a := <-answers:
		return a.st, a.err
	case <-ctx.Done():
		return unix.Statfs_t{}, errStuck
	}
}
