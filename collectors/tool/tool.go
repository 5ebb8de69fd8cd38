// Package tool runs the programs that some collectors ask, bounded in time and output, and without telling their secrets.
package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"gatewatch/internal/secret"
)

const (
	// MaxOutput bounds what a tool may print; ten thousand backups are a few MiB.
	MaxOutput = 16 << 20
	// maxToolSays is how much a tool may say on standard error, maxToolComplaint how much of that is told.
	maxToolSays      = 16 << 10
	maxToolComplaint = 300
)

// Run returns what a program prints. Beside PATH and HOME it sees env only, gives way to other programs, and is
// stopped with all it started when ctx ends. Errors hold none of env's values. What a program printed that ended with
// another status than 0 comes with the error.
func Run(ctx context.Context, program string, args []string, env map[string]secret.Secret) ([]byte, error) {
	out, _, err := RunBoth(ctx, program, args, env)
	return out, err
}

// RunBoth is Run that also returns what a program says on standard error.
func RunBoth(ctx context.Context, program string, args []string, env map[string]secret.Secret) (printed, said []byte, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LC_ALL=C.UTF-8"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value.Reveal())
	}
	// A program that keeps its output open after it was stopped is not waited for.
	cmd.WaitDelay = time.Second
	out, complaint := &bounded{most: MaxOutput}, &bounded{most: maxToolSays, cut: true}
	cmd.Stdout, cmd.Stderr = out, complaint
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	giveWay(cmd.Process.Pid)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, nil, fmt.Errorf("%s gave no answer in time: %w", program, ctx.Err())
	case out.over:
		return nil, nil, fmt.Errorf("%s printed more than %d MiB", program, MaxOutput>>20)
	case err != nil:
		return out.Bytes(), nil, fmt.Errorf("%s: %w: %s", program, err, Complaint(complaint.String(), env))
	}
	return out.Bytes(), complaint.Bytes(), nil
}

// credentials stand in an address: scheme://user:password@host.
var credentials = regexp.MustCompile(`://[^/@\s]+@`)

// Complaint returns the beginning of a complaint without secrets, on one line.
func Complaint(complaint string, env map[string]secret.Secret) string {
	for _, value := range env {
		if v := value.Reveal(); v != "" {
			complaint = strings.ReplaceAll(complaint, v, value.String())
		}
	}
	complaint = credentials.ReplaceAllString(complaint, "://<redacted>@")
	complaint = strings.Join(strings.Fields(complaint), " ")
	if len(complaint) > maxToolComplaint {
		complaint = strings.ToValidUTF8(complaint[:maxToolComplaint], "") + "…"
	}
	return complaint
}

// bounded keeps the first most bytes. With cut it drops the rest, otherwise that is an error.
type bounded struct {
	bytes.Buffer
	most      int
	cut, over bool
}

var errTooMuch = errors.New("too much output")

// Write keeps what fits. What does not ends the program, unless it is cut off.
func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); len(p) > room {
		b.over = true
		if !b.cut {
			return 0, errTooMuch
		}
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
