package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/faults/gatewaylog"
	"gatewatch/internal/faults/sink"
	"gatewatch/internal/servicetest"
)

const (
	linesPerSecond = 20_000
	shortCell      = 4 * time.Second
	rotateEvery    = 900 * time.Millisecond
	// stalled is how long nothing may arrive before what is missing counts as lost. The agent pauses for up to half a
	// minute between attempts to deliver.
	stalled = 90 * time.Second
	// afterwards is how long a line too many is waited for.
	afterwards = 300 * time.Millisecond
)

// cellVariable says how long the log of one cell is written.
const cellVariable = "GATEWATCH_FAULTS_CELL"

// lasting is how long the log of one cell is written.
func lasting(t *testing.T) time.Duration {
	text := os.Getenv(cellVariable)
	if text == "" {
		return shortCell
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", cellVariable, err)
	}
	return d
}

// TestMatrix writes logs, rotates them, makes trouble, and checks that the agent delivers every line once and whole:
// each rotation under each trouble.
//
// It takes minutes, so it runs in ./test.sh only. GATEWATCH_FAULTS_CELL is how long each cell writes (default 4s);
// GATEWATCH_FAULTS_TABLE names a file for the table, which -v prints as well.
func TestMatrix(t *testing.T) {
	servicetest.Wanted(t)
	table := &table{}
	t.Cleanup(func() { table.print(t) })
	for _, trouble := range troubles() {
		for _, rotation := range gatewaylog.Rotations() {
			t.Run(fmt.Sprintf("%s/%s", trouble.name, rotation), func(t *testing.T) {
				t.Parallel()
				c := newCell(t, rotation, trouble)
				table.row(c.run(c.await))
			})
		}
	}
	t.Run("restart", func(t *testing.T) { elasticsearchRestarted(t, table) })
}

// cell is one agent, its log, its cluster and what goes wrong.
type cell struct {
	t       *testing.T
	trouble trouble
	writer  *gatewaylog.Writer
	agent   *agent
	sink    *sink.Sink
	server  *sink.Server
	data    string // folder of the agent's data
	kills   int
}

// newCell prepares a cell whose cluster is a sink.
func newCell(t *testing.T, rotation gatewaylog.Rotation, trouble trouble) *cell {
	t.Helper()
	c := emptyCell(t, rotation, trouble)
	c.agent = newAgent(t, c.data, "http://"+c.server.Addr, "faults", c.writer.Glob())
	if trouble.disk > 0 {
		c.agent.journal = "64MiB" // fits on it
		if err := c.agent.configure("", ""); err != nil {
			t.Fatal(err)
		}
	}
	if trouble.clock {
		if err := c.agent.jumping(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// emptyCell prepares a cell without an agent.
func emptyCell(t *testing.T, rotation gatewaylog.Rotation, trouble trouble) *cell {
	t.Helper()
	dir := t.TempDir()
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	c := &cell{t: t, trouble: trouble, data: filepath.Join(dir, "data")}
	if trouble.disk > 0 {
		c.data = filepath.Join(servicetest.SmallDisk(t, trouble.disk), "data")
	}
	c.writer = &gatewaylog.Writer{
		Path: filepath.Join(logs, "gw.log"), Format: gatewaylog.JSON, Rotation: rotation, Every: rotateEvery, Keep: 1000, Rate: linesPerSecond,
	}
	c.sink = sink.New(linesPerSecond * int(lasting(t)/time.Second+10))
	var err error
	if c.server, err = sink.Serve("127.0.0.1:0", c.sink); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.server.Close() })
	return c
}

// run runs the writer and the trouble beside each other, awaits what was written, and judges.
func (c *cell) run(await func(lines int) sink.Report) result {
	t := c.t
	if err := errors.Join(c.agent.start(), c.agent.ready()); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	troubled := make(chan error, 1)
	go func() { troubled <- c.trouble.during(ctx, c) }() // ends with the writer
	written, err := c.writer.Run(ctx, lasting(t))
	ended := time.Now()
	stop()
	if err := errors.Join(err, <-troubled); err != nil {
		t.Errorf("%s: %v\n%s", c.trouble.name, err, c.agent.said())
	}
	report := await(written.Lines)
	r := result{c.writer.Rotation, c.trouble.name, written, c.kills, report, max(0, report.Last.Sub(ended))}
	if !r.clean() {
		t.Errorf("%s: %d of %d lines lost (in %d runs, the first is %d), %d repeated, %d torn, %.300s\n%s", r.rotation, report.Lost,
			written.Lines, report.Gaps, report.FirstLost, report.Repeated, report.Torn, report.SampleTorn, c.agent.said())
	}
	if c.agent.mentioned("WARNING: DATA RACE") { // of an agent that was built to detect them
		t.Errorf("data race\n%s", c.agent.said())
	}
	if c.trouble.bites != nil && !c.trouble.bites(c, report) {
		t.Errorf("%s went unnoticed: the test proves nothing\n%s", c.trouble.name, c.agent.said())
	}
	return r
}

// await waits until all lines arrived or nothing comes any more, and a moment longer for a line too many.
func (c *cell) await(lines int) sink.Report {
	documents, since := -1, time.Now()
	for {
		r := c.sink.Report(lines)
		if r.Lost == 0 {
			time.Sleep(afterwards)
			return c.sink.Report(lines)
		}
		if r.Documents != documents {
			documents, since = r.Documents, time.Now()
		}
		if time.Since(since) > stalled || !c.agent.running() {
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// result is one row of the table.
type result struct {
	rotation gatewaylog.Rotation
	trouble  string
	written  gatewaylog.Written
	kills    int
	report   sink.Report
	late     time.Duration // from the last line written to the last delivered
}

func (r result) clean() bool {
	return r.report.Lost == 0 && r.report.Repeated == 0 && r.report.Torn == 0 && r.written.Lines > 0
}

func (r result) String() string {
	return fmt.Sprintf("%-14s %-14s %9d %9d %6d %7d %9d %5d %8d %7.1f s", r.trouble, r.rotation, r.written.Lines, r.written.Rotations,
		r.kills, r.report.Lost, r.report.Repeated, r.report.Torn, r.report.Resent, r.late.Seconds())
}

const tableHead = "trouble        rotation         written rotations  kills    lost  repeated  torn   resent      late"

func (t *table) text() string { return tableHead + "\n" + strings.Join(t.rows, "\n") + "\n" }
