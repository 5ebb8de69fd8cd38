package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"gatewatch/alerting"
	"gatewatch/alerting/rules"
	"gatewatch/configs"
)

const replayAbout = `
The logs, compressed ones too, go through parsing, metrics, the joining of orders and the alert rules, on the logs' own
clock: which alerts would have fired, when, how long, how often, and whose fault it was. Nobody is told, nothing is kept.
Several files are merged by the times of their records. What does not come from logs (the host, probes, the agent
itself) is not there, so its alerts stay silent; grouping, inhibition and silences are not applied. Anomalies are learned
from these logs alone: hours of the day are known after some days of them.

  gatewatch replay -config /etc/gatewatch/gatewatch.yml /var/log/gateway/pay.log*
  gatewatch replay -rules pack:payments -compare my-rules.yml pay.log

The logs entry of the configuration whose files have the same name says how a file is read.
`

func replayLogs(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	config := flags.String("config", "", "configuration whose log formats and rules are used; default: formats are found, and the shipped rules")
	rules := flags.String("rules", "", "rule file, pattern of rule files or shipped pack (pack:payments) in the place of the configuration's rules")
	compare := flags.String("compare", "", "second set of rules, on the same records")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError{errors.New("name at least one log file or folder")}
	}
	cfg := configs.Default()
	if *config != "" {
		var err error
		if cfg, err = loadConfig(*config, out); err != nil {
			return err
		}
	}
	paths, err := replayFiles(flags.Args())
	if err != nil {
		return usageError{err}
	}
	sides := []*side{{name: cmp.Or(*rules, *config, "shipped rules"), cfg: withRules(cfg.Alerting, *rules)}}
	if *compare != "" {
		sides = append(sides, &side{name: *compare, cfg: withRules(cfg.Alerting, *compare)})
	}
	for _, s := range sides {
		if err := alerting.CheckRules(s.cfg); err != nil {
			fmt.Fprintln(out.stderr, err)
			return usageError{}
		}
	}
	report, err := runReplay(ctx, cfg, sides, paths)
	if err != nil {
		return err
	}
	if *asJSON {
		encoder := json.NewEncoder(out.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	return report.print(out.stdout)
}

// withRules returns cfg with these rules in the place of its own, "" for its own.
func withRules(cfg alerting.Config, name string) alerting.Config {
	switch {
	case name == "":
	case rules.IsPack(name):
		cfg.Rules, cfg.Packs = nil, []string{rules.PackOf(name)}
	default:
		cfg.Rules, cfg.Packs = []string{name}, nil
	}
	return cfg
}

// replayGC is how many percent the heap grows before it is collected.
const replayGC = 400

func runReplay(ctx context.Context, cfg *configs.Config, sides []*side, paths []string) (*replayReport, error) {
	// Memory is short of nothing here, and collecting it often takes a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(replayGC))
	dir, err := os.MkdirTemp("", "gatewatch-replay-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r, err := newReplay(cfg, dir, sides)
	if err != nil {
		return nil, err
	}
	defer r.close()
	logs, err := openLogs(ctx, paths, cfg.Logs, r.parts)
	if err != nil {
		return nil, err
	}
	defer logs.close()
	if err := r.run(ctx, logs); err != nil {
		return nil, err
	}
	if r.records == 0 {
		return nil, errors.New("there are no records in the files")
	}
	return newReplayReport(r, len(paths)), nil
}
