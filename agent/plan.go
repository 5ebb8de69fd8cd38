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
	"gatewatch/collectors/sqldb"
	"gatewatch/configs"
	"gatewatch/internal/secret"
	"gatewatch/redact"
)

const planAbout = `
The ID is postgresql.statement.query.id or mysql.statement.query.id of a document, or "id" of a line "statement is slower than usual". The
statement is not run, and nothing is changed. PostgreSQL's plan is the one for any values, MySQL's (from 8.0 on) the one for an example
that the server keeps. Who asks needs the rights that the statement needs, which the agent's own user does not have: set
GATEWATCH_PLAN_DSN to the connection string of somebody who has them.

  GATEWATCH_PLAN_DSN=postgres://pay@db:5432/orders gatewatch plan -config /etc/gatewatch/gatewatch.yml -name orders 5998982741070976361
`

// planDSN is the variable that says who asks, when that is not the agent's user.
const planDSN = "GATEWATCH_PLAN_DSN"

func showPlan(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	config := flags.String("config", "", "configuration file")
	name := flags.String("name", "", "name of the entry of collectors.postgres or collectors.mysql; may be left out when there is one")
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
	id := flags.Arg(0)
	explain := sqldb.PostgresPlan
	if sqldb.IsDigest(id) {
		explain = sqldb.MySQLPlan
	}
	dsn, err := planSource(cfg.Collectors, sqldb.IsDigest(id), *name)
	if err != nil {
		return usageError{err}
	}
	text, plan, err := explain(ctx, cmp.Or(secret.Secret(os.Getenv(planDSN)), dsn), id)
	if err != nil {
		return err
	}
	clean := redact.New(cfg.Redact, prometheus.NewRegistry())
	_, err = fmt.Fprintf(out.stdout, "%s\n", clean.Redact(nil, []byte(text+"\n\n"+strings.Join(plan, "\n"))))
	return err
}

// planSource returns the connection string of the entry with that name, or of the only one.
func planSource(cfg collectors.Config, mysql bool, name string) (secret.Secret, error) {
	key, entries := "postgres", map[string]secret.Secret{}
	for _, e := range cfg.Postgres {
		entries[e.Name] = e.DSN
	}
	if mysql {
		key, entries = "mysql", map[string]secret.Secret{}
		for _, e := range cfg.MySQL {
			entries[e.Name] = e.DSN
		}
	}
	if dsn, ok := entries[name]; ok {
		return dsn, nil
	}
	if name == "" && len(entries) == 1 {
		for _, dsn := range entries {
			return dsn, nil
		}
	}
	return "", fmt.Errorf("no entry of collectors.%s has the name %q", key, name)
}
