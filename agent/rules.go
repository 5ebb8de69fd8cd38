package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting"
	"gatewatch/alerting/ruletest"
	"gatewatch/alerting/slo"
	"gatewatch/configs"
)

const rulesAbout = `
  test FILE …          run unit tests of rules, files in promtool's format; in rule_files, "pack:payments" is a shipped pack
  list [-config FILE]  print the rules that are loaded: those of a configuration, or the shipped ones
  slo -config FILE     print the rules that are made for the objectives of a configuration, as a file for Prometheus
  route -config FILE LABEL=VALUE …
                       say who would be told of an alert with these labels now, and by which route

A test that fails is printed with what it expects and what it got. Exit code 1 means that tests failed, 2 that a file is
wrong.

  gatewatch rules test /etc/gatewatch/rules/*_test.yml
  gatewatch rules list -config /etc/gatewatch/gatewatch.yml
  gatewatch rules route -config /etc/gatewatch/gatewatch.yml alertname=PaymentProviderDown severity=critical
`

func rulesCommand(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	config := flags.String("config", "", "list, slo, route: the configuration")
	work := ""
	if len(args) > 0 && slices.Contains([]string{"test", "list", "slo", "route"}, args[0]) {
		work, args = args[0], args[1:]
	}
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	switch {
	case work == "":
		return usageError{errors.New("what shall be done? test, list, slo or route; -h explains")}
	case work != "test" && work != "route" && flags.NArg() > 0:
		return usageError{fmt.Errorf("%s takes no files: %q", work, flags.Arg(0))}
	case work == "slo":
		return printObjectives(*config, out)
	case work == "list":
		return listRules(*config, out)
	case work == "route":
		return routeAlert(*config, flags.Args(), out)
	case *config != "":
		return usageError{errors.New("test takes no -config: the files of tests name their rule files")}
	case flags.NArg() == 0:
		return usageError{errors.New("which tests? name at least one file")}
	}
	return testRules(ctx, flags.Args(), out)
}

// testRules runs all files, whatever becomes of the others.
func testRules(ctx context.Context, files []string, out *output) error {
	failed, wrong := 0, false
	for _, file := range files {
		result, err := ruletest.Run(ctx, file)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			fmt.Fprintln(out.stderr, err)
			wrong = true
		case len(result.Failures) > 0:
			failed++
			fmt.Fprintf(out.stdout, "%s: FAILED\n", file)
			for _, f := range result.Failures {
				printFailure(out.stdout, f)
			}
		default:
			fmt.Fprintf(out.stdout, "%s: good (%d tests, %d checks)\n", file, result.Tests, result.Checks)
		}
	}
	switch {
	case wrong:
		return usageError{}
	case failed > 0:
		return fmt.Errorf("tests failed in %d of %d files", failed, len(files))
	}
	return nil
}

func printFailure(w io.Writer, f ruletest.Failure) {
	fmt.Fprintf(w, "  %s: %s\n", f.Test, f.What)
	if f.Err != nil {
		fmt.Fprintf(w, "    error     %v\n", f.Err)
		return
	}
	for _, side := range []struct {
		name  string
		lines []string
	}{{"expected", f.Expected}, {"got", f.Got}} {
		if len(side.lines) == 0 {
			fmt.Fprintf(w, "    %-8s  nothing\n", side.name)
		}
		for _, line := range side.lines {
			fmt.Fprintf(w, "    %-8s  %s\n", side.name, strings.ReplaceAll(line, "\n", " "))
		}
	}
}

func listRules(config string, out *output) error {
	cfg := configs.Default()
	if config != "" {
		var err error
		if cfg, err = loadConfig(config, out); err != nil {
			return err
		}
	}
	all, err := alerting.Rules(cfg.Alerting)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	w := tabwriter.NewWriter(out.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tGROUP\tINTERVAL\tKIND\tNAME\tSEVERITY\tFOR\tKEEPS\tPOLICY\tRUNBOOK")
	for _, r := range all {
		kind := "record"
		if r.Alert {
			kind = "alert"
		}
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.File, r.Group, model.Duration(r.Interval), kind, r.Name,
			dash(r.Severity), dash(span(r.For)), dash(span(r.KeepFiringFor)), dash(r.Policy), dash(r.Runbook))
	}
	return w.Flush()
}

// span writes a duration as configurations do, and none as nothing.
func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return model.Duration(d).String()
}

// dash keeps the columns of a table apart where one is empty.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printObjectives prints one rule file with the rules of all objectives.
func printObjectives(config string, out *output) error {
	if config == "" {
		return usageError{errors.New("which objectives? name a configuration with -config")}
	}
	cfg, err := loadConfig(config, out)
	if err != nil {
		return err
	}
	if len(cfg.SLO) == 0 {
		return fmt.Errorf("%s has no objectives: slo is empty", config)
	}
	text, err := slo.Rules(cfg.SLO...)
	if err != nil {
		return err
	}
	_, err = out.stdout.Write(text)
	return err
}
