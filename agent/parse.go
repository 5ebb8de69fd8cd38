package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/configs"
	"gatewatch/event"
	"gatewatch/patterns"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
)

const parseAbout = `
Each record of the files is printed as the document that would be sent to Elasticsearch: redacted, with its fields
named by ECS and its payment classed. Nothing is followed, kept or sent. "-" reads standard input. -explain says under
each document from which field and by which rule each fact comes, and what was not taken and why.

  gatewatch parse /var/log/gateway/pay.log | jq .
  gatewatch parse -explain /var/log/gateway/pay.log
  gatewatch parse -format grok -pattern '%{IP:source.ip} %{GREEDYDATA:message}' pay.log

Of a record that does not follow its format or pattern, error.message says where it stops doing so.
`

func parseFiles(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	format := flags.String("format", "", "format of the files; default: what the configuration says, or found from their first lines")
	pattern := flags.String("pattern", "", "pattern of the format: an nginx log_format, an Apache LogFormat, a logback pattern, a regular expression …")
	config := flags.String("config", "", "configuration whose logs entry for the file is used")
	explain := flags.Bool("explain", false, "say why each fact is what it is")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError{fmt.Errorf("name at least one log file, or - for standard input")}
	}
	cfg := configs.Default()
	if *config != "" {
		var err error
		if cfg, err = configs.Load(*config, os.LookupEnv); err != nil {
			return usageError{err}
		}
	}
	parts, err := offlineParts(cfg)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out.stdout)
	defer w.Flush()
	var why *explainer
	if *explain {
		why = &explainer{w: w}
		parts.Explain = func(x pipeline.Explanation) { why.of = x }
	}
	for _, path := range flags.Args() {
		group := groupFor(path, cfg.Logs)
		if *format != "" {
			group.Format, group.Pattern = *format, ""
		}
		if *pattern != "" {
			group.Pattern = *pattern
		}
		if err := group.Validate(); err != nil {
			return usageError{err}
		}
		if err := parseFile(ctx, path, group, parts, w, why); err != nil {
			return err
		}
	}
	return nil
}

func parseFile(ctx context.Context, path string, cfg pipeline.GroupConfig, parts pipeline.Parts, w *bufio.Writer, why *explainer) error {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	var doc []byte
	var failed error
	_, err := pipeline.ReadAll(ctx, in, path, cfg, parts, func(ev *event.Event) {
		parts.Observe(ev)
		doc = append(event.AppendDocument(doc[:0], ev), '\n')
		if _, err := w.Write(doc); err != nil && failed == nil {
			failed = fmt.Errorf("write: %w", err)
		}
		if why != nil {
			why.write(ev)
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

// groupFor returns the first group that matches the path, or one that knows nothing about it.
func groupFor(path string, groups []pipeline.GroupConfig) pipeline.GroupConfig {
	if abs, err := filepath.Abs(path); err == nil {
		for _, g := range groups {
			for _, glob := range g.Paths {
				if ok, _ := filepath.Match(glob, abs); ok {
					return g
				}
			}
		}
	}
	g := pipeline.GroupConfig{Paths: []string{path}}
	g.SetDefaults()
	return g
}

// offlineParts are the stages of a pipeline whose metrics nobody reads.
func offlineParts(cfg *configs.Config) (pipeline.Parts, error) {
	classifier, err := payment.New(cfg.Payments.Outcomes)
	if err != nil {
		return pipeline.Parts{}, err
	}
	reg := prometheus.NewRegistry()
	return pipeline.Parts{
		Host: hostname(), Redactor: redact.New(cfg.Redact, reg), Classifier: classifier,
		Observe: patterns.New(cfg.Patterns, "", slog.New(slog.DiscardHandler), reg).Observe,
		Metrics: pipeline.NewMetrics(reg), Log: slog.New(slog.DiscardHandler),
	}, nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return string(bytes.ToLower([]byte(name)))
}
