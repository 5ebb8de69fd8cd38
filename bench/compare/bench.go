package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/faults/gatewaylog"
	"gatewatch/internal/faults/sink"
	"gatewatch/internal/retry"
)

// bench is what all measurements share.
type bench struct {
	options
	dir    string
	sink   *sink.Sink
	server *sink.Server
	// port is where a contender shows its metrics.
	port string
}

func newBench(o options) (*bench, error) {
	b := &bench{options: o, sink: sink.New(max(o.lines, o.rate*int(o.live.Seconds()+2)))}
	var err error
	if b.dir, err = os.MkdirTemp("", "gatewatch-compare-*"); err != nil {
		return nil, err
	}
	if err := b.prepare(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) prepare() (err error) {
	if b.server, err = sink.Serve("127.0.0.1:0", b.sink); err != nil {
		return err
	}
	if b.port, err = freePort(); err != nil {
		return err
	}
	for _, folder := range []string{"agent", "bench/ref"} {
		if err := build(".", "./"+folder, b.program(filepath.Base(folder))); err != nil {
			return err
		}
	}
	for _, name := range []string{"hpcloud", "nxadm"} {
		// Without the network their modules may be out of reach.
		if err := build("bench/baselines", "./"+name, b.program(name)); err != nil {
			fmt.Fprintln(os.Stderr, "compare:", err)
		}
	}
	for _, format := range []string{gatewaylog.JSON, gatewaylog.Nginx} {
		if err := gatewaylog.WriteFile(b.input(format), format, 0, b.lines); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) close() error {
	err := os.RemoveAll(b.dir)
	if b.server != nil {
		err = errors.Join(err, b.server.Close())
	}
	return err
}

func (b *bench) program(name string) string { return filepath.Join(b.dir, "program-"+name) }
func (b *bench) input(format string) string { return filepath.Join(b.dir, "input."+format) }

func build(dir, folder, to string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", to, folder)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

func freePort() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// atOnce measures all contenders with a file that is there at once.
func (b *bench) atOnce(ctx context.Context, format string) (table, error) {
	t := table{format: format}
	info, err := os.Stat(b.input(format))
	if err != nil {
		return t, err
	}
	t.lineBytes = int(info.Size()) / b.lines
	for range b.rounds {
		// The yardstick speaks of JSON lines: one loop is the unit for all tables.
		ref, err := b.reference(ctx)
		if err != nil {
			return t, err
		}
		t.ref = append(t.ref, ref)
		for i, c := range contenders() {
			if len(t.rows) == i {
				t.rows = append(t.rows, row{contender: c})
			}
			f, err := b.read(ctx, c, format)
			if err := t.rows[i].add(f, err); err != nil {
				return t, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return t, nil
}

// reference returns the CPU seconds of the yardstick.
func (b *bench) reference(ctx context.Context) (float64, error) {
	out, err := exec.CommandContext(ctx, b.program("ref"), b.input(gatewaylog.JSON)).Output()
	if err != nil {
		return 0, fmt.Errorf("ref: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// read lets one contender read the input: it is started first, and the file comes into its folder when it has settled.
func (b *bench) read(ctx context.Context, c contender, format string) (figures, error) {
	r, err := b.start(c, format)
	if err != nil {
		return figures{}, err
	}
	defer r.stop()
	before, start := r.cpu(), time.Now()
	if err := b.deliver(c, format, r.log); err != nil {
		return figures{}, err
	}
	end, err := r.await(ctx, b.lines)
	if err != nil {
		return figures{}, err
	}
	// The journal is sealed, and caches are written, after the last line.
	if c.kept != "" {
		retry.Sleep(ctx, sealing)
	}
	f := figures{cpu: (r.cpu() - before).Seconds(), seconds: end.Sub(start).Seconds(), rss: r.peakRSS(), disk: -1}
	if c.kept != "" {
		f.disk, f.later = folderSize(filepath.Join(r.dir, c.kept)), b.scraped(c.later)
	}
	return f, nil
}

// deliver brings the input to where c looks for it.
func (b *bench) deliver(c contender, format, log string) error {
	if !c.fromEnd {
		return os.Link(b.input(format), log)
	}
	source, err := os.Open(b.input(format))
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// live measures all contenders with a log that is being written.
func (b *bench) live(ctx context.Context) (table, error) {
	var t table
	for _, c := range contenders() {
		r := row{contender: c}
		f, err := b.follow(ctx, c)
		if err := r.add(f, err); err != nil {
			return t, fmt.Errorf("%s, live: %w", c.name, err)
		}
		t.rows = append(t.rows, r)
	}
	return t, nil
}

func (b *bench) follow(ctx context.Context, c contender) (figures, error) {
	r, err := b.start(c, gatewaylog.JSON)
	if err != nil {
		return figures{}, err
	}
	defer r.stop()
	w := gatewaylog.Writer{Path: r.log, Format: gatewaylog.JSON, Rotation: gatewaylog.None, Rate: b.rate}
	before, start := r.cpu(), time.Now()
	written, err := w.Run(ctx, b.options.live)
	if err != nil {
		return figures{}, err
	}
	if _, err := r.await(ctx, written.Lines); err != nil {
		return figures{}, err
	}
	return figures{cpu: (r.cpu() - before).Seconds() / time.Since(start).Seconds(), rss: r.peakRSS()}, nil
}
