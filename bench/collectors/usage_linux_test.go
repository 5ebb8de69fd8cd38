package collectors

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatewatch/internal/servicetest"
)

// program is one that is measured.
type program struct {
	name string
	cmd  *exec.Cmd
	// page is what is scraped.
	page string
	// cpu is its CPU time while it was measured, resident its memory then, peak the most of it, all in bytes.
	cpu            time.Duration
	resident, peak int64
}

// launch starts a program that ends with b, and waits until its page answers.
func launch(b *testing.B, name, page string, cmd *exec.Cmd) *program {
	b.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	ended, err := servicetest.Start(cmd)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); <-ended })
	p := &program{name: name, cmd: cmd, page: page}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_, _, err := fetch(page, 5*time.Second)
		if err == nil {
			return p
		}
		select {
		case <-ended:
			b.Fatalf("%s ended: %s", name, said.String())
		default:
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not answer: %v", name, err)
		}
	}
}

// clock returns the CPU time of the program so far, to the nanosecond.
func (p *program) clock() (time.Duration, error) {
	// The kernel's number of the CPU clock of another process.
	clock := int32(^p.cmd.Process.Pid<<3 | 2)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("CPU clock of %s: %w", p.name, err)
	}
	return time.Duration(t.Nano()), nil
}

// memory notes the resident memory of the program.
func (p *program) memory() error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			p.resident = kilobytes << 10
		case "VmHWM:":
			p.peak = kilobytes << 10
		}
	}
	return nil
}
