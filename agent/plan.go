package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors"
	"gatewatch/configs"
	"gatewatch/internal/secret"
	"gatewatch/redact"
)

const planAbout = `
The ID is postgresql.statement.query.id of a document, or "id" of a line "statement is slower than usual". The plan is the one for any
values: the statement is not run, and nothing is changed. Who asks needs the rights that the statement needs, which the agent's own
user does not have: set GATEWATCH_PLAN_DSN to the connection string of somebody who has them.

  GATEWATCH_PLAN_DSN=postgres://pay@db:5432/orders gatewatch plan -config /etc/gatewatch/gatewatch.yml -name orders 5998982741070976361
`

// planDSN is the variable that says who asks, when that is not the agent's user.
const planDSN = "GATEWATCH_PLAN_DSN"

func showPlan(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	config := flags.String("config", "", "configuration file")
	name := flags.String("name", "", "name of the entry of collectors.postgres; may be left out when there is one")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if *config == "" || flags.NArg() != 1 {
		return usageError{errors.New("give -config FILE and the ID of one statement; -h explains")}
	}
	cfg, err := configs.Load(*config, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	dsn, err := planSource(cfg.Collectors.Postgres, *name)
	if err != nil {
		return usageError{err}
	}
	text, plan, err := collectors.PostgresPlan(ctx, cmp.Or(secret.Secret(os.Getenv(planDSN)), dsn), flags.Arg(0))
	if err != nil {
		return err
	}
	clean := redact.New(cfg.Redact, prometheus.NewRegistry())
	_, err = fmt.Fprintf(out.stdout, "%s\n", clean.Redact(nil, []byte(text+"\n\n"+strings.Join(plan, "\n"))))
	return err
}

// planSource returns the connection string of the entry with that name, or of the only one.
func planSource(all []collectors.PostgresConfig, name string) (secret.Secret, error) {
	for i := range all {
		if all[i].Name == name || name == "" && len(all) == 1 {
			return all[i].DSN, nil
		}
	}
	return "", fmt.Errorf("no entry of collectors.postgres has the name %q", name)
}
