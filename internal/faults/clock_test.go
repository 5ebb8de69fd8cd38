package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gatewatch/internal/retry"
)

// clockVariable names the file whose first byte says by how many hours the clock of an agent is wrong.
const clockVariable = "GATEWATCH_FAULTS_CLOCK"

// jumpSource goes into package time of an agent whose clock jumps. The runtime asks for the time where no system call may
// be made, so the file is mapped.
const jumpSource = `package time

import "syscall"

var jumpHours = mapHours()

func mapHours() []byte {
	path, ok := syscall.Getenv("` + clockVariable + `")
	if !ok {
		return nil
	}
	file, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	hours, err := syscall.Mmap(file, 0, 1, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return hours
}

// jump returns by how many seconds the clock is wrong.
func jump() int64 {
	if jumpHours == nil {
		return 0
	}
	return int64(int8(jumpHours[0])) * 3600
}
`

// jumpingClock replaces Go's clock: a Go program asks the kernel for the time itself, so that nothing outside of it can
// change the answer but the kernel's own clock, which all programs share. As on a real jump, the monotonic clock goes on.
func jumpingClock(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	library := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(library, "time.go"))
	if err != nil {
		return "", err
	}
	const line = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if bytes.Count(source, []byte(line)) != 1 {
		return "", errors.New("time.Now of this Go version is written in another way than this test expects")
	}
	source = bytes.Replace(source, []byte(line), []byte(line+"\tsec += jump()\n"), 1)
	replace := map[string]string{}
	for name, text := range map[string][]byte{"time.go": source, "jump.go": []byte(jumpSource)} {
		replace[filepath.Join(library, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o600)
}

// clockJump lets the agent's clock jump an hour forth and back, and asks the agent for the time to see that it does.
func clockJump(ctx context.Context, c *cell) error {
	for hours := int8(1); retry.Sleep(ctx, 600*time.Millisecond); hours = -hours {
		if err := c.agent.setClock(hours); err != nil {
			return err
		}
		off, err := c.agent.clockError()
		if err != nil {
			return err
		}
		if off != time.Duration(hours)*time.Hour {
			return fmt.Errorf("the agent's clock is wrong by %v, want %d h: the test proves nothing", off, hours)
		}
	}
	return c.agent.setClock(0)
}

// jumping makes a an agent whose clock can jump.
func (a *agent) jumping() error {
	a.path, a.clock = gatewatchJumping.build(a.t), filepath.Join(a.t.TempDir(), "clock")
	return a.setClock(0)
}

// setClock makes the agent's clock wrong by so many hours. The file is mapped, so it must not be truncated.
func (a *agent) setClock(hours int8) error {
	file, err := os.OpenFile(a.clock, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte{byte(hours)})
	return errors.Join(err, file.Close())
}

// clockError returns by how many hours the agent's clock is wrong, as its answers say.
func (a *agent) clockError() (time.Duration, error) {
	resp, err := http.Get(a.address() + "/-/healthy")
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	return time.Until(at).Round(time.Hour), err
}
