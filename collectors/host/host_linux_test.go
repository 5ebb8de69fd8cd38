package host

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

func fixture() Config {
	return Config{Proc: "testdata/host/proc", Sys: "testdata/host/sys", Root: "/", IgnoreFSTypes: pseudoFileSystems()}
}

// TestHostFiles compares everything that comes from the files of a host with the golden exposition.
func TestHostFiles(t *testing.T) {
	t.Parallel()
	h := fixture()
	h.Root, h.TextfileDir, h.Also = "testdata/host", "testdata/host/textfile", optionalNames()
	var all []collect.Collector
	for _, c := range hostTable(h) {
		switch c.Name {
		case "time", "clock", "uname", "filesystem":
			continue // asked from the kernel of the machine that runs the test
		}
		c.Timeout, c.OfHost = time.Minute, true
		all = append(all, c)
	}
	text := collecttest.Collect(t, all...)
	var node strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "_collector_") && !strings.Contains(line, "mtime_seconds{") {
			node.WriteString(line)
		}
	}
	collecttest.Golden(t, "testdata/host.golden", node.String())
	if failed := collecttest.SamplesOf(text, "gatewatch_collector_success"); strings.Contains(failed, " 0") {
		t.Errorf("collectors failed:\n%s", failed)
	}
}

// TestHostFilesMissing: a host that lacks what a collector reads fails that collector, or leaves its samples out.
func TestHostFilesMissing(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, c := range hostTable(Config{Proc: empty, Sys: empty, Root: empty}) {
		c.Timeout = time.Minute
		text := collecttest.Collect(t, c)
		switch c.Name {
		// Asked from the kernel without files; load falls back to a system call.
		case "time", "clock", "uname", "load":
			continue
		// Parts that a kernel or a host may lack.
		case "pressure", "softnet", "udp_queues", "arp", "conntrack", "schedstat", "entropy", "os", "selinux", "textfile",
			"thermal_zone", "cpufreq", "powersupplyclass", "hwmon", "mdadm", "nvme", "edac", "bonding", "zfs", "ext4":
			if got := collecttest.SamplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, " 1") {
				t.Errorf("%s on a host that lacks it: %q, want success 1", c.Name, got)
			}
			continue
		}
		if got := collecttest.SamplesOf(text, "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
			t.Errorf("%s without its files: %q, want success 0", c.Name, got)
		}
	}
}

func TestHostSystemCalls(t *testing.T) {
	t.Parallel()
	text := collecttest.Collect(t, collectTime(), collectClock(), collectUname())
	for _, want := range []string{
		"node_time_seconds ", "node_time_zone_offset_seconds{time_zone=", "node_timex_sync_status ",
		"node_timex_offset_seconds ", "node_uname_info{domainname=",
	} {
		if collecttest.SamplesOf(text, want) == "" {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestParseMeminfo(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, want map[string]float64, wantErr bool) {
		t.Helper()
		got, err := parseMeminfo([]byte(text))
		if !maps.Equal(got, want) || (err != nil) != wantErr {
			t.Errorf("parseMeminfo(%q) = %v, %v, want %v, error %v", text, got, err, want, wantErr)
		}
	}
	f(t, "MemTotal:  4 kB\n", map[string]float64{"MemTotal_bytes": 4096}, false)
	f(t, "Active(file):  1 kB\n", map[string]float64{"Active_file_bytes": 1024}, false)
	f(t, "HugePages_Free: 7\n", map[string]float64{"HugePages_Free": 7}, false)
	f(t, "MemTotal: many kB\nMemFree: 1 kB\n", map[string]float64{"MemFree_bytes": 1024}, true)
	f(t, "\nnothing\n", map[string]float64{}, false)
}

func TestParseMounts(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text string, want ...mount) {
		t.Helper()
		if got := parseMounts(text, pseudoFileSystems()); !slices.Equal(got, want) {
			t.Errorf("parseMounts(%q) = %v, want %v", text, got, want)
		}
	}
	root := mount{device: "/dev/vda", point: "/", fstype: "ext4"}
	f(t, "/dev/vda / ext4 rw 0 0\n", root)
	f(t, "/dev/vda / ext4 rw 0 0\n/dev/vda / ext4 rw 0 0\n", root)
	f(t, "/dev/vda / ext4 relatime,ro 0 0\n", mount{"/dev/vda", "/", "ext4", true})
	f(t, "overlay / overlay rw,errors=remount-ro 0 0\n", mount{"overlay", "/", "overlay", false})
	f(t, "overlay /somewhere overlay rw 0 0\nproc /proc proc rw 0 0\n/dev/vdc /var/lib/docker/x ext4 rw 0 0\n")
	f(t, `/dev/vdb /data\040base xfs rw 0 0`, mount{"/dev/vdb", "/data base", "xfs", false})
	f(t, "cut off\n")
}

func TestMountsOf(t *testing.T) {
	t.Parallel()
	const text = "43 42 254:0 / / ro,relatime shared:1 master:2 - ext4 /dev/vda rw,discard\n" +
		"63 43 254:1 / /data\\040base rw,relatime - xfs /dev/vdb ro\nnonsense\n1 2 3\n"
	want := []mount{{"/dev/vda", "/", "ext4", false}, {"/dev/vdb", "/data base", "xfs", true}}
	if got := parseMounts(mountsOf(text), nil); !slices.Equal(got, want) {
		t.Errorf("mountsOf(%q) is %v, want %v", text, got, want)
	}
}

// mountsFixture returns a host with these lines in its mounts.
func mountsFixture(t *testing.T, text string) Config {
	t.Helper()
	h := fixture()
	h.Proc = t.TempDir()
	if err := os.Mkdir(filepath.Join(h.Proc, "1"), 0o700); err != nil {
		t.Fatal(err)
	}
	collecttest.Write(t, filepath.Join(h.Proc, "1"), "mounts", text)
	return h
}

// TestManyMounts has more mounts than are told of: each device is among those that are.
func TestManyMounts(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for i := range maxMounts {
		fmt.Fprintf(&all, "tmpfs /pod/%d tmpfs rw 0 0\n/dev/vda /bind/%[1]d ext4 rw 0 0\n", i)
	}
	text := all.String() + "/dev/vdb /late ext4 rw 0 0\n"
	c := collectFileSystems(mountsFixture(t, text), func(string, *unix.Statfs_t) error { return nil })
	c.Timeout = time.Minute
	got := collecttest.Collect(t, c)
	collecttest.WantLines(t, got, `node_filesystem_readonly{device="/dev/vdb",fstype="ext4",mountpoint="/late"} 0`,
		fmt.Sprintf(`gatewatch_collector_dropped_samples_total{collector="filesystem"} %d`, maxMounts+1))
	if n := strings.Count(got, "\nnode_filesystem_size_bytes{"); n != maxMounts {
		t.Errorf("%d file systems are told of, want %d", n, maxMounts)
	}
}

// TestUnseenMounts has file systems that the agent may not look at, and some that it does not see: they are no dead ones.
func TestUnseenMounts(t *testing.T) {
	t.Parallel()
	statfs := func(path string, _ *unix.Statfs_t) error {
		return map[string]error{"/pods/1": unix.EACCES, "/gone": unix.ENOENT}[path]
	}
	const closed = "/dev/vdb /pods/1 ext4 rw 0 0\n/dev/vdc /gone ext4 rw 0 0\n"
	c := collectFileSystems(mountsFixture(t, "/dev/vda / ext4 rw 0 0\n"+closed), statfs)
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, "gatewatch_filesystems_unseen 2", `gatewatch_collector_success{collector="filesystem"} 1`)
	if strings.Contains(text, "/dev/vdb") {
		t.Errorf("a file system that may not be looked at is told:\n%s", text)
	}
	c = collectFileSystems(mountsFixture(t, closed), statfs)
	c.Timeout = time.Minute
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_collector_success"); !strings.HasSuffix(got, " 0") {
		t.Errorf("without any file system: %q, want a failure", got)
	}
}

// TestManyDevices has thousands of network devices of containers: those of the host are told.
func TestManyDevices(t *testing.T) {
	t.Parallel()
	h := fixture()
	h.Sys = t.TempDir()
	device := func(name string, index int, hardware bool) {
		t.Helper()
		at := filepath.Join(h.Sys, "class/net", name)
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		collecttest.Write(t, at, "ifindex", fmt.Sprint(index))
		collecttest.Write(t, at, "operstate", "up")
		if hardware {
			collecttest.Write(t, at, "device", "")
		}
	}
	device("zeth", 5000, true)
	device("wg0", 1, false)
	for i := range maxDevices + 5 {
		device(fmt.Sprintf("cali%04d", i), 10+i, false)
	}
	c := collectNetworkDevices(h)
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `node_network_up{device="zeth"} 1`, `node_network_up{device="wg0"} 1`, `node_network_up{device="cali0000"} 1`,
		`gatewatch_collector_dropped_samples_total{collector="network_devices"} 7`)
	if strings.Contains(text, `"cali0304"`) {
		t.Errorf("the newest device is told of:\n%.300s", text)
	}
}

func TestDeadMountNeverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		revive := make(chan bool)
		var asked atomic.Int32
		statfs := func(path string, st *unix.Statfs_t) error {
			switch path {
			case "/dead":
				asked.Add(1)
				<-revive
			case "/data base":
				return errors.New("input/output error")
			}
			*st = unix.Statfs_t{Bsize: 4096, Blocks: 100, Bfree: 50, Bavail: 40, Files: 10, Ffree: 5}
			return nil
		}
		c := collectFileSystems(fixture(), statfs)
		c.Timeout = hostTimeout
		const (
			rootFS = `device="/dev/vda",fstype="ext4",mountpoint="/"`
			dead   = `device="nas:/pay",fstype="nfs4",mountpoint="/dead"`
			broken = `device="/dev/vdb",fstype="xfs",mountpoint="/data base"`
		)
		expect := func(want ...string) {
			t.Helper()
			began := time.Now()
			text := collecttest.Collect(t, c)
			if took := time.Since(began); took > time.Second {
				t.Errorf("the collection took %v", took)
			}
			for _, line := range want {
				if !strings.Contains(text, line+"\n") {
					t.Errorf("no %q in\n%s", line, text)
				}
			}
		}
		for range 3 {
			expect("node_filesystem_size_bytes{"+rootFS+"} 409600", "node_filesystem_avail_bytes{"+rootFS+"} 163840",
				"node_filesystem_device_error{"+rootFS+"} 0", "node_filesystem_device_error{"+dead+"} 1",
				"node_filesystem_readonly{"+dead+"} 1", "node_filesystem_device_error{"+broken+"} 1",
				`gatewatch_collector_success{collector="filesystem"} 0`)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("a dead mount was asked %d times, want once", n)
		}
		close(revive)
		synctest.Wait()
		expect("node_filesystem_device_error{"+dead+"} 0", "node_filesystem_files_free{"+dead+"} 5")
	})
}
