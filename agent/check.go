package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting"
	"gatewatch/configs"
	"gatewatch/outputs"
)

const checkAbout = `
Every mistake is printed with its line and key, and what would be right. With -connect the outputs are tried too.
Exit code 0 means that the configuration can be used.

  gatewatch check -config /etc/gatewatch/gatewatch.yml
`

// connectTimeout bounds the try of all outputs.
const connectTimeout = 15 * time.Second

func check(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	path := flags.String("config", "", "configuration file to check")
	connect := flags.Bool("connect", false, "also connect to the outputs")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	cfg, err := loadConfig(*path, out)
	if err != nil {
		return err
	}
	if err := alerting.CheckRules(cfg.Alerting); err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	plan, err := cfg.Alerting.Plan()
	if err != nil {
		return err // the file of Alertmanager was changed just now
	}
	for _, warning := range plan.Warnings {
		fmt.Fprintf(out.stderr, "warning: %s\n", warning)
	}
	if *connect {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		if err := checkOutputs(ctx, cfg); err != nil {
			return err
		}
	}
	fmt.Fprintf(out.stdout, "%s: good\n", *path)
	return nil
}

// checkOutputs connects to every output.
func checkOutputs(ctx context.Context, cfg *configs.Config) error {
	es := cfg.Outputs.Elasticsearch
	if es == nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "gatewatch-check-") // nothing is sent, so no dead letter comes to lie here
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out, err := outputs.NewElasticsearch(*es, nil, filepath.Join(dir, "dead.jsonl"), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	if err := out.Check(ctx); err != nil {
		return fmt.Errorf("outputs.elasticsearch: %w", err)
	}
	return nil
}
