package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"gatewatch/alerting"
)

const notifyTestAbout = `
Every receiver of the configuration gets one message that says it is a test. For each one is printed whether it
arrived, and if not, why and what to do. Exit code 1 means that one did not arrive. An agent that runs is not disturbed.

  gatewatch notify-test -config /etc/gatewatch/gatewatch.yml
`

// notifyTestTimeout bounds the sending of all messages.
const notifyTestTimeout = time.Minute

func notifyTest(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	path := flags.String("config", "", "configuration file with the receivers")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	cfg, err := loadConfig(*path, out)
	if err != nil {
		return err
	}
	a := cfg.Alerting
	a.ExternalURL = cmp.Or(a.ExternalURL, "http://"+cfg.HTTP.Listen)
	ctx, cancel := context.WithTimeout(ctx, notifyTestTimeout)
	defer cancel()
	arrivals, err := alerting.SendTests(ctx, a, hostname(), slog.New(slog.DiscardHandler))
	if err != nil {
		return usageError{err}
	}
	missing := 0
	for _, one := range arrivals {
		if one.Err == nil {
			fmt.Fprintf(out.stdout, "%s: arrived\n", one.Receiver)
			continue
		}
		missing++
		fmt.Fprintf(out.stdout, "%s: did not arrive\n  error    %v\n  to do    %s\n", one.Receiver, one.Err, one.Advice)
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d messages did not arrive", missing, len(arrivals))
	}
	return nil
}
