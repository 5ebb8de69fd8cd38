// Command compare measures Gatewatch beside other programs that follow logs, in one run on the same input:
//
//	go run ./bench/compare                                  # print the tables
//	go run ./bench/compare -write docs/benchmarks.md        # and put them into the document
//
// It needs Linux. What is not installed is named as missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"gatewatch/internal/faults/gatewaylog"
	"gatewatch/internal/marked"
)

// options are the flags.
type options struct {
	lines, rounds, rate int
	live                time.Duration
	write               string
}

func main() {
	var o options
	flag.IntVar(&o.lines, "lines", 500_000, "lines of the file that is read")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each program reads it; the median counts")
	flag.IntVar(&o.rate, "rate", 20_000, "lines a second that are written live")
	flag.DurationVar(&o.live, "live", 10*time.Second, "how long lines are written live")
	flag.StringVar(&o.write, "write", "", "Markdown file whose tables are replaced, between the marks in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, o options) (err error) {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	report := &report{options: o}
	for _, format := range []string{gatewaylog.JSON, gatewaylog.Nginx} {
		t, err := b.atOnce(ctx, format)
		if err != nil {
			return err
		}
		report.tables = append(report.tables, t)
	}
	if report.live, err = b.live(ctx); err != nil {
		return err
	}
	fmt.Println(report)
	if o.write == "" {
		return nil
	}
	return marked.Replace(o.write, "compare", report.String())
}
