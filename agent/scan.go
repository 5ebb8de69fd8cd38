package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/configs"
	"gatewatch/redact"
	"gatewatch/scan"
)

const scanAbout = `
Looks for card numbers, security codes, track data and PINs in log files that exist already: files, folders with all below
them, patterns, compressed files (.gz, .zst, .bz2) and "-" for standard input. Prints file, line, kind, the masked value and
the logger that wrote it, then a report by kind, file and logger. A number is never printed.

  gatewatch scan /var/log/gateway '/backup/pay-*.log.gz'

Exit codes: 0 nothing found, 1 found, 2 some files could not be read or the command line is wrong.
`

func scanFiles(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	asJSON := flags.Bool("json", false, "print findings and report as JSON lines")
	summary := flags.Bool("summary", false, "print the report only")
	all := flags.Bool("all", false, "also look for secrets, identity numbers and phone numbers")
	config := flags.String("config", "", "configuration whose redact section says what else is a secret or a card number")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError{fmt.Errorf("name at least one log file or folder, or - for standard input")}
	}
	scanner, err := newScanner(*config, *all)
	if err != nil {
		return usageError{err}
	}
	a := &audit{
		scanner: scanner, report: newScanReport(), out: bufio.NewWriter(out.stdout), errors: out.stderr,
		bar: newProgress(out.stderr), json: *asJSON, quiet: *summary,
	}
	err = a.run(ctx, flags.Args())
	if err == nil {
		err = a.finish()
	}
	switch {
	case err != nil:
		return usageError{err} // for its exit code
	case a.failed > 0:
		return usageError{}
	case a.report.Findings > 0:
		return fmt.Errorf("%s found in %s", counted(a.report.Findings, "value"), counted(len(a.report.Files), "file"))
	}
	return nil
}

func newScanner(config string, all bool) (*scan.Scanner, error) {
	cfg := redact.Config{IdentityNumbers: all, PhoneNumbers: all}
	if config != "" {
		whole, err := configs.Load(config, os.LookupEnv)
		if err != nil {
			return nil, err
		}
		cfg.Keys, cfg.Maestro = whole.Redact.Keys, whole.Redact.Maestro
	}
	scanner, err := scan.New(redact.New(cfg, prometheus.NewRegistry()))
	if err != nil {
		return nil, err
	}
	scanner.All = all
	return scanner, nil
}

// audit is one run of the command.
type audit struct {
	scanner     *scan.Scanner
	report      *scanReport
	out         *bufio.Writer
	errors      io.Writer
	bar         *progress
	json, quiet bool
	failed      int // files that could not be read
}

// run scans what the arguments name. What cannot be read is said at once and does not keep the rest from being scanned.
func (a *audit) run(ctx context.Context, args []string) error {
	var paths []string
	for _, arg := range args {
		if arg != "-" {
			paths = append(paths, arg)
			continue
		}
		a.note(a.scanner.Stream(ctx, "-", os.Stdin, a.found))
	}
	targets, err := scan.Targets(paths)
	a.note(err)
	for _, t := range targets {
		a.bar.total += t.Size
	}
	for _, t := range targets {
		a.scanner.SkipBinary = !t.Named
		a.bar.begin(t.Path)
		err := a.scanner.File(ctx, t.Path, a.bar.add, a.found)
		a.bar.clear()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, scan.ErrBinary):
			a.report.Skipped++
			continue
		}
		a.note(err)
		a.report.Scanned++
		a.report.Bytes += t.Size
	}
	return ctx.Err()
}

// note says on stderr what could not be read.
func (a *audit) note(err error) {
	if err != nil {
		a.failed++
		fmt.Fprintf(a.errors, "gatewatch scan: %v\n", err)
	}
}

func (a *audit) found(f scan.Finding) {
	a.report.add(f)
	if a.quiet {
		return
	}
	a.bar.clear()
	switch {
	case a.json:
		text, err := json.Marshal(f)
		if err == nil {
			a.out.Write(append(text, '\n'))
		}
	case f.Logger != "":
		fmt.Fprintf(a.out, "%s:%d: %s %s (%s)\n", f.File, f.Line, f.Kind, f.Masked, f.Logger)
	default:
		fmt.Fprintf(a.out, "%s:%d: %s %s\n", f.File, f.Line, f.Kind, f.Masked)
	}
	if a.bar.w != nil {
		a.out.Flush() // somebody watches
	}
}

// finish prints the report. A writer that failed says so here.
func (a *audit) finish() error {
	a.report.Took = time.Since(a.report.began).Round(time.Millisecond).Seconds()
	if a.json {
		text, err := json.Marshal(map[string]any{"report": a.report})
		if err != nil {
			return err
		}
		a.out.Write(append(text, '\n'))
	} else {
		a.report.print(a.out)
	}
	if err := a.out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
