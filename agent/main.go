// Command gatewatch follows the logs of a payment gateway, watches what the gateway stands on, and tells people what
// is wrong and whose fault it is. This package is commands and wiring, nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes of all commands.
const (
	exitOK    = 0
	exitError = 1 // the work could not be done
	exitUsage = 2 // the command line or the configuration is wrong; nothing was done
)

// command is one word of the command line.
type command struct {
	name, arguments, summary string
	// about is printed by -h under the summary.
	about string
	// run does it. It declares its flags on the set, parses args with it, and returns when ctx ends at the latest.
	run func(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error
}

// output is where a command writes.
type output struct{ stdout, stderr io.Writer }

func commands() []command {
	return []command{
		{"run", "[-config FILE] [-logs GLOB …] [-data FOLDER]", "follow logs, collect metrics, alert, show the page", runAbout, run},
		{"demo", "[-rate N] [-listen ADDRESS]", "show all of it on a simulated payment gateway", demoAbout, demo},
		{"check", "-config FILE [-connect]", "report every mistake in a configuration", checkAbout, check},
		{"parse", "[-format F] [-pattern P] [-config FILE] FILE …", "show what each line of a log becomes, as JSON lines", parseAbout, parseFiles},
		{"scan", "[-json] [-all] FILE|FOLDER …", "look for card data in existing log files, archives too", scanAbout, scanFiles},
		{"replay", "[-config FILE] [-rules FILE] [-compare FILE] [-json] LOG …", "run old logs through the alert rules: which would have fired, and when", replayAbout, replayLogs},
		{"rules", "test FILE … | list [-config FILE] | route -config FILE LABEL=VALUE …", "test alert rules, list those that are loaded, say who is told of an alert", rulesAbout, rulesCommand},
		{"notify-test", "-config FILE", "send a test message to each receiver of alerts", notifyTestAbout, notifyTest},
		{"collectors", "list [-kind KIND]", "list every metric that collectors give", collectorsAbout, collectorsCommand},
		{"journal", "cat|verify|stats [-data FOLDER | -config FILE] [-from TIME] [-to TIME] [WORD …]", "print, check or describe what the agent keeps", journalAbout, inspectJournal},
		{"plan", "-config FILE [-name DATABASE] ID", "show how PostgreSQL or MySQL runs a statement, by the id in its document", planAbout, showPlan},
		{"config", "-config FILE", "print the effective configuration, secrets masked", configAbout, printConfig},
		{"version", "", "print version and build", "", printVersion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], &output{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// execute runs the command that args name and returns the exit code.
func execute(ctx context.Context, args []string, out *output) int {
	if len(args) == 0 {
		usage(out.stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(out.stdout)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.execute(ctx, args[1:], out)
		}
	}
	fmt.Fprintf(out.stderr, "gatewatch: there is no command %q; `gatewatch help` lists them\n", args[0])
	return exitUsage
}

func (c command) execute(ctx context.Context, args []string, out *output) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(out.stderr)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "gatewatch %s %s\n\n%s%s\n", c.name, c.arguments, sentence(c.summary), c.about)
		flags.PrintDefaults()
	}
	err := c.run(ctx, flags, args, out)
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &wrong):
		if wrong.error != nil {
			fmt.Fprintf(out.stderr, "gatewatch %s: %v\n", c.name, wrong.error)
		}
		return exitUsage
	}
	fmt.Fprintf(out.stderr, "gatewatch %s: %v\n", c.name, err)
	return exitError
}

// usageError is a mistake of whoever called us. A nil error was printed already.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// parseFlags parses args; what it returns on error is ready to be returned by a command.
func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError{} // the flag package has said what is wrong
	}
	return err
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Gatewatch watches a payment gateway from its own host.\n\n"+
		"  gatewatch run -logs '/var/log/gateway/*.log'   follow these logs and open the page\n"+
		"  gatewatch demo                                 see it work on a simulated gateway\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n`gatewatch COMMAND -h` explains a command and its flags.\n"+
		"Exit codes: 0 done, 1 failed, 2 wrong command line or configuration.\n")
}

func sentence(s string) string { return string(s[0]-'a'+'A') + s[1:] + ".\n" }
