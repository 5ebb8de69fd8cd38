package processes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// fakeHost is a /proc and /sys that a test writes.
type fakeHost struct {
	t         *testing.T
	proc, sys string
}

func newFakeHost(t *testing.T) fakeHost {
	h := fakeHost{t: t, proc: t.TempDir(), sys: t.TempDir()}
	h.write(h.proc, "stat", "cpu  1 2 3 4 5 6 7 8 9 10\nbtime 1700000000\n")
	h.process(1, "init", "/sbin/init", 1, 10)
	return h
}

func (h fakeHost) write(dir, name, text string) {
	h.t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// process writes a process that began start ticks after the boot and used so many ticks of CPU.
func (h fakeHost) process(pid int, comm, cmdline string, start, ticks int) {
	dir := fmt.Sprint(pid)
	h.write(h.proc, dir+"/stat", fmt.Sprintf("%d (%s) S 1 %d %d 0 -1 4194560 11 0 2 0 %d %d 0 0 20 0 57 0 %d 4729106432 1000 "+
		"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n", pid, comm, pid, pid, ticks, ticks/2, start))
	h.write(h.proc, dir+"/cmdline", strings.ReplaceAll(cmdline, " ", "\x00")+"\x00")
	h.write(h.proc, dir+"/status", "Name:\t"+comm+"\nVmSwap:\t 4 kB\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t5\n")
	h.write(h.proc, dir+"/cgroup", "0::/system.slice/pay.service\n")
	h.write(h.proc, dir+"/limits", "Limit                     Soft Limit           Hard Limit           Units     \n"+
		"Max open files            4                    1024                 files     \n")
	h.write(h.proc, dir+"/fd/0", "")
	h.write(h.proc, dir+"/fd/1", "")
}

func (h fakeHost) end(pid int) {
	if err := os.RemoveAll(filepath.Join(h.proc, fmt.Sprint(pid))); err != nil {
		h.t.Fatal(err)
	}
}

func TestProcessGroups(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t)
	c, err := newProcessGroups(Config{Groups: []ProcessGroupConfig{
		{Name: "core", Executable: "java", Command: `pay-core-\d+\.jar`}, {Name: "java", Executable: "java"},
		{Name: "renamed", Executable: "gateway-long-*"}, {Name: "absent", Command: "nowhere"},
	}}, collect.Paths{Proc: h.proc, Sys: h.sys})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	expect := func(want ...string) {
		t.Helper()
		text := collecttest.Collect(t, c)
		for _, line := range want {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("no %q in\n%s", line, text)
			}
		}
		if strings.Contains(text, "secret") {
			t.Errorf("a command line is shown:\n%s", text)
		}
	}
	h.process(10, "java", "/usr/bin/java -Dkey=secret -jar pay-core-12.jar", 100, 300)
	h.process(11, "java", "/opt/jdk/bin/java -jar other.jar", 200, 100)
	h.process(12, "sh", "sh start.sh pay-core-12.jar", 300, 100)
	h.process(13, "gateway-long-na", "/srv/gateway-long-name --port 80", 300, 100)
	h.process(14, "kworker/0:1", "", 300, 100)
	expect(`namedprocess_namegroup_num_procs{groupname="core"} 1`, `namedprocess_namegroup_num_procs{groupname="java"} 1`,
		`namedprocess_namegroup_num_procs{groupname="renamed"} 1`, `namedprocess_namegroup_num_procs{groupname="absent"} 0`,
		`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="user"} 3`,
		`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="system"} 1.5`,
		`namedprocess_namegroup_num_threads{groupname="core"} 57`, `namedprocess_namegroup_open_filedesc{groupname="core"} 2`,
		`namedprocess_namegroup_worst_fd_ratio{groupname="core"} 0.5`,
		`namedprocess_namegroup_oldest_start_time_seconds{groupname="core"} 1.700000001e+09`,
		`namedprocess_namegroup_memory_bytes{groupname="core",memtype="swapped"} 4096`,
		`gatewatch_process_starts_total{groupname="core"} 0`)
	// It works on, is replaced under another number, then under the same one: what the dead used is not forgotten.
	h.process(10, "java", "/usr/bin/java -jar pay-core-12.jar", 100, 500)
	expect(`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="user"} 5`)
	h.end(10)
	expect(`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="user"} 5`, `namedprocess_namegroup_num_procs{groupname="core"} 0`)
	h.process(20, "java", "/usr/bin/java -jar pay-core-13.jar", 900, 100)
	expect(`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="user"} 6`, `gatewatch_process_starts_total{groupname="core"} 1`)
	h.process(20, "java", "/usr/bin/java -jar pay-core-13.jar", 990, 50)
	expect(`namedprocess_namegroup_cpu_seconds_total{groupname="core",mode="user"} 6.5`, `gatewatch_process_starts_total{groupname="core"} 2`)
	// A shell that becomes the program.
	h.process(12, "java", "java -jar pay-core-12.jar", 300, 100)
	expect(`namedprocess_namegroup_num_procs{groupname="core"} 2`, `gatewatch_process_starts_total{groupname="core"} 3`)
}

// TestProcessesHidden has a /proc that shows nobody else's processes: what is not seen is not told to be absent.
func TestProcessesHidden(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t)
	h.end(1)
	h.process(10, "java", "java -jar own.jar", 100, 300)
	c, err := newProcessGroups(Config{Groups: []ProcessGroupConfig{{Name: "java", Executable: "java"}, {Name: "nginx", Executable: "nginx"}}}, collect.Paths{Proc: h.proc, Sys: h.sys})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `namedprocess_namegroup_num_procs{groupname="java"} 1`, `gatewatch_collector_success{collector="processes_groups"} 0`)
	if strings.Contains(text, `groupname="nginx"`) {
		t.Errorf("a group of hidden processes is told:\n%s", text)
	}
}

// TestProcessesPartly has a collection end before it looked at all processes: those that are looked at the next time are not new.
func TestProcessesPartly(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t)
	h.process(10, "java", "java -jar pay.jar", 100, 300)
	h.write(h.proc, "10/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 700\nwrite_bytes: 30\ncancelled_write_bytes: 0\n")
	c, err := newProcessGroups(Config{Groups: []ProcessGroupConfig{{Name: "java", Executable: "java"}}}, collect.Paths{Proc: h.proc, Sys: h.sys})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	same := []string{`namedprocess_namegroup_cpu_seconds_total{groupname="java",mode="user"} 3`, `gatewatch_process_starts_total{groupname="java"} 0`,
		`namedprocess_namegroup_read_bytes_total{groupname="java"} 700`}
	collecttest.WantLines(t, collecttest.Collect(t, c), same...)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	var out collect.Samples
	if err := c.Collect(stopped, &out); err == nil {
		t.Error("a collection that is stopped is no failure")
	}
	// The rights to read how much was read and written are gone for a while.
	if err := os.Rename(filepath.Join(h.proc, "10/io"), filepath.Join(h.proc, "10/hidden")); err != nil {
		t.Fatal(err)
	}
	collecttest.WantLines(t, collecttest.Collect(t, c), same...)
	if err := os.Rename(filepath.Join(h.proc, "10/hidden"), filepath.Join(h.proc, "10/io")); err != nil {
		t.Fatal(err)
	}
	collecttest.WantLines(t, collecttest.Collect(t, c), same...)
}

func TestCgroups(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t)
	h.process(10, "java", "java -jar pay.jar", 100, 300)
	c, err := newProcessGroups(Config{Groups: []ProcessGroupConfig{{Name: "pay", Executable: "java"}}}, collect.Paths{Proc: h.proc, Sys: h.sys})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	if text := collecttest.Collect(t, c); strings.Contains(text, "container_") || strings.Contains(text, "success 0") {
		t.Errorf("without control groups:\n%s", text)
	}
	dir := "fs/cgroup/system.slice/pay.service/"
	h.write(h.sys, dir+"cpu.stat", "usage_usec 2500000\nuser_usec 1\nnr_periods 100\nnr_throttled 40\nthrottled_usec 1500000\n")
	h.write(h.sys, dir+"cpu.max", "200000 100000\n")
	h.write(h.sys, dir+"memory.current", "1048576\n")
	h.write(h.sys, dir+"memory.max", "max\n")
	h.write(h.sys, dir+"memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
	labels := `{id="/system.slice/pay.service",name="pay"} `
	want := strings.Join([]string{
		"container_cpu_cfs_periods_total" + labels + "100", "container_cpu_cfs_throttled_periods_total" + labels + "40",
		"container_cpu_cfs_throttled_seconds_total" + labels + "1.5", "container_cpu_usage_seconds_total" + labels + "2.5",
		"container_memory_usage_bytes" + labels + "1.048576e+06", "container_oom_events_total" + labels + "1",
		"container_spec_cpu_period" + labels + "100000", "container_spec_cpu_quota" + labels + "200000"}, "\n")
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "container_"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	h.write(h.sys, dir+"cpu.max", "max 100000\n")
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "container_spec_cpu_quota"); got != "" {
		t.Errorf("without a limit of CPU: %q", got)
	}
}

// TestCgroupsOfVersion1 has the files of version 1 as the kernel documents them, and the empty group of version 2 that systemd
// keeps beside them.
func TestCgroupsOfVersion1(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t)
	h.process(10, "java", "java -jar pay.jar", 100, 300)
	h.write(h.proc, "10/cgroup", "12:pids:/system.slice/pay.service\n5:memory:/system.slice/pay.service\n4:cpu,cpuacct:/system.slice\n2:cpuset:/other\n1:name=systemd:/system.slice/pay.service\n0::/system.slice/pay.service\n")
	c, err := newProcessGroups(Config{Groups: []ProcessGroupConfig{{Name: "pay", Executable: "java"}}}, collect.Paths{Proc: h.proc, Sys: h.sys})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	h.write(h.sys, "fs/cgroup/cpu/system.slice/cpu.stat", "nr_periods 100\nnr_throttled 40\nthrottled_time 1500000000\n")
	h.write(h.sys, "fs/cgroup/cpu/system.slice/cpu.cfs_quota_us", "-1\n")
	h.write(h.sys, "fs/cgroup/cpu/system.slice/cpu.cfs_period_us", "100000\n")
	h.write(h.sys, "fs/cgroup/cpuacct/system.slice/cpuacct.usage", "2500000000\n")
	h.write(h.sys, "fs/cgroup/memory/system.slice/pay.service/memory.usage_in_bytes", "1048576\n")
	h.write(h.sys, "fs/cgroup/memory/system.slice/pay.service/memory.limit_in_bytes", "9223372036854771712\n")
	h.write(h.sys, "fs/cgroup/memory/system.slice/pay.service/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
	h.write(h.sys, "fs/cgroup/pids/system.slice/pay.service/pids.current", "57\n")
	h.write(h.sys, "fs/cgroup/pids/system.slice/pay.service/pids.max", "max\n")
	labels := `{id="/system.slice/pay.service",name="pay"} `
	want := strings.Join([]string{
		"container_cpu_cfs_periods_total" + labels + "100", "container_cpu_cfs_throttled_periods_total" + labels + "40",
		"container_cpu_cfs_throttled_seconds_total" + labels + "1.5", "container_cpu_usage_seconds_total" + labels + "2.5",
		"container_memory_usage_bytes" + labels + "1.048576e+06", "container_oom_events_total" + labels + "1",
		"container_spec_cpu_period" + labels + "100000", "container_threads" + labels + "57"}, "\n")
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "container_"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRealProcesses watches processes that it starts.
func TestRealProcesses(t *testing.T) {
	t.Parallel()
	// Nobody else's processes sleep for as long.
	pi := fmt.Sprintf("314.%09d", os.Getpid())
	start := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "sleep", pi)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		return cmd
	}
	began := time.Now()
	one := start()
	after := time.Now()
	cfg := Config{Groups: []ProcessGroupConfig{{Name: "sleeper", Executable: "sleep", Command: regexp.QuoteMeta(pi)}}}
	c, err := newProcessGroups(cfg, collect.Paths{Proc: "/proc", Sys: "/sys"})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = time.Minute
	text := collecttest.Collect(t, c)
	for _, want := range []string{`num_procs{groupname="sleeper"} 1`, `open_filedesc{groupname="sleeper"} `, `num_threads{groupname="sleeper"} 1`} {
		if !strings.Contains(text, "namedprocess_namegroup_"+want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var started float64
	if _, err := fmt.Sscanf(collecttest.SamplesOf(text, "namedprocess_namegroup_oldest"), `namedprocess_namegroup_oldest_start_time_seconds{groupname="sleeper"} %g`, &started); err != nil {
		t.Fatal(err)
	}
	// The boot time is in whole seconds.
	if started < collect.UnixSeconds(began)-3 || started > collect.UnixSeconds(after)+3 {
		t.Errorf("a process that began between %v and %v is said to have begun at %v", began, after, time.Unix(int64(started), 0))
	}
	one.Process.Kill()
	one.Wait()
	start()
	if got := collecttest.SamplesOf(collecttest.Collect(t, c), "gatewatch_process_starts_total"); got != `gatewatch_process_starts_total{groupname="sleeper"} 1` {
		t.Errorf("after a restart: %q", got)
	}
}
