package processes

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// clockTicks is how many of its ticks the kernel tells programs a second, on every architecture Go runs on.
const clockTicks = 100

// groupMatch says which processes belong to a group.
type groupMatch struct {
	name, executable string
	command          *regexp.Regexp // nil: any
}

func newGroupMatch(g ProcessGroupConfig) (groupMatch, error) {
	m := groupMatch{name: g.Name, executable: g.Executable}
	if g.Command == "" {
		return m, nil
	}
	var err error
	m.command, err = regexp.Compile(g.Command)
	return m, err
}

// groupOf returns the first group that the process fits, or "". The kernel cuts a program's name to 15 bytes and a
// program may rename itself, so the first word of the command line counts, too.
func (w *processWatch) groupOf(p procfs.Proc, comm string) string {
	words, err := p.CmdLine()
	if err != nil || len(words) == 0 {
		return "" // a thread of the kernel, or one that has ended
	}
	program, line := path.Base(words[0]), strings.Join(words, " ")
	for _, m := range w.matches {
		if m.executable != "" && !fits(m.executable, comm) && !fits(m.executable, program) {
			continue
		}
		if m.command == nil || m.command.MatchString(line) {
			return m.name
		}
	}
	return ""
}

func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// readCounted returns what of p only grows. What needs rights that the agent lacks stays as it was last.
func readCounted(p procfs.Proc, stat procfs.ProcStat, status procfs.ProcStatus, last counted) counted {
	c := counted{
		user: float64(stat.UTime) / clockTicks, system: float64(stat.STime) / clockTicks,
		minor: uint64(stat.MinFlt), major: uint64(stat.MajFlt),
		voluntary: status.VoluntaryCtxtSwitches, unwilling: status.NonVoluntaryCtxtSwitches,
		read: last.read, written: last.written,
	}
	if io, err := p.IO(); err == nil {
		c.read, c.written = io.ReadBytes, io.WriteBytes
	}
	return c
}

// add counts what a process did since last.
func (g *groupTotals) add(now, last counted) {
	g.user += max(0, now.user-last.user)
	g.system += max(0, now.system-last.system)
	for _, f := range []struct {
		total     *uint64
		now, last uint64
	}{
		{&g.minor, now.minor, last.minor}, {&g.major, now.major, last.major},
		{&g.voluntary, now.voluntary, last.voluntary}, {&g.unwilling, now.unwilling, last.unwilling},
		{&g.read, now.read, last.read}, {&g.written, now.written, last.written},
	} {
		if f.now > f.last {
			*f.total += f.now - f.last
		}
	}
}

// observe adds what is true of p now.
func (s *groupState) observe(p procfs.Proc, stat procfs.ProcStat, status procfs.ProcStatus, folder string, boot float64) {
	s.number++
	s.threads += stat.NumThreads
	s.resident += float64(stat.ResidentMemory())
	s.virtual += float64(stat.VirtualMemory())
	s.states[stateName(stat.State)]++
	if start := boot + float64(stat.Starttime)/clockTicks; s.oldest == 0 || start < s.oldest {
		s.oldest = start
	}
	s.swapped += float64(status.VmSwap)
	// Needs the rights of the process' user, or root.
	if n, err := p.FileDescriptorsLen(); err == nil {
		s.descriptors, s.hasDescriptors = s.descriptors+n, true
		if most := openFilesLimit(folder); most > 0 {
			s.worstDescriptors = max(s.worstDescriptors, float64(n)/most)
		}
	}
	if groups, err := p.Cgroups(); err == nil {
		for _, c := range cgroupsOf(groups) {
			s.cgroups[c.id] = c
		}
	}
}

// openFilesLimit returns how many files the process of a folder of /proc may have open; 0 when it is not known or not limited.
// procfs reads all sixteen limits, each by a regular expression.
func openFilesLimit(folder string) float64 {
	_, line, _ := bytes.Cut(readSmall(filepath.Join(folder, "limits")), []byte("\nMax open files"))
	soft, _, _ := bytes.Cut(bytes.TrimLeft(line, " "), []byte(" "))
	most, err := strconv.ParseFloat(string(soft), 64)
	if err != nil {
		return 0
	}
	return most
}

// stateName returns what process-exporter calls the kernel's letter for a state.
func stateName(letter string) string {
	switch letter {
	case "R":
		return "Running"
	case "S":
		return "Sleeping"
	case "D":
		return "Waiting"
	case "Z":
		return "Zombie"
	}
	return "Other"
}
