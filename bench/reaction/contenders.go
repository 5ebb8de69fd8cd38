package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// contender is what tells people of failing payments.
type contender struct {
	name  string
	start func(ctx context.Context, p *programs, at place) error
}

// place is where a contender works.
type place struct {
	// dir is for its files, log is what it follows, hook is the webhook that it tells.
	dir, log, hook string
}

// contenders are all that are measured, Gatewatch first.
func contenders() []contender {
	return []contender{
		{"Gatewatch, defaults", gatewatch},
		{"mtail chain, 5 s and no group_wait", chain{"5s", "5s", "0s", "30s"}.start},
		{"mtail chain, Debian's 15 s", chain{"15s", "15s", "30s", "1m"}.start},
		{"mtail chain, built-in defaults", chain{"1m", "1m", "30s", "5m"}.start},
	}
}

func gatewatch(ctx context.Context, p *programs, at place) error {
	program := filepath.Join(at.dir, "gatewatch")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./agent")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	address, err := free()
	if err != nil {
		return err
	}
	config := filepath.Join(at.dir, "gatewatch.yml")
	err = write(config, "data_dir: %q\nhttp: {listen: %q}\nlogs: [{paths: [%q]}]\nalerting: {slack: {webhook_url: %q}}\n",
		filepath.Join(at.dir, "data"), address, at.log, at.hook)
	if err != nil {
		return err
	}
	return p.start(ctx, address, []string{program}, "run", "-config", config)
}

// chain is mtail, scraped by a Prometheus that tells an Alertmanager.
type chain struct{ scrape, evaluate, groupWait, window string }

const mtailProgram = `counter payment_attempts_total by provider, status
/"provider":"(?P<provider>[^"]+)".*"status":"(?P<status>[^"]+)"/ {
  payment_attempts_total[$provider][$status]++
}
`

// chainRule is the usual one: the share of failures over four scrapes or more, and no waiting.
const chainRule = `groups:
  - name: payments
    rules:
      - alert: PaymentFailures
        expr: >-
          sum by (provider) (rate(payment_attempts_total{status="failed"}[%[1]s]))
          / sum by (provider) (rate(payment_attempts_total[%[1]s])) > 0.05
        annotations: {summary: "{{ $labels.provider }} fails"}
`

func (c chain) start(ctx context.Context, p *programs, at place) error {
	dir, err := os.MkdirTemp(at.dir, "chain-*")
	if err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	var mtail, manager, prometheus string
	for _, address := range []*string{&mtail, &manager, &prometheus} {
		if *address, err = free(); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"payments.mtail": mtailProgram,
		"alertmanager.yml": "route: {receiver: slack, group_by: [alertname, provider], group_wait: " + c.groupWait + "}\n" +
			"receivers: [{name: slack, slack_configs: [{api_url: \"" + at.hook + "\", channel: \"#pay\", " +
			"text: \"{{ .CommonAnnotations.summary }}\"}]}]\n",
		"rules.yml": strings.ReplaceAll(chainRule, "%[1]s", c.window),
		"prometheus.yml": "global: {scrape_interval: " + c.scrape + ", evaluation_interval: " + c.evaluate + "}\n" +
			"rule_files: [rules.yml]\n" +
			"alerting: {alertmanagers: [{static_configs: [{targets: [\"" + manager + "\"]}]}]}\n" +
			"scrape_configs: [{job_name: mtail, static_configs: [{targets: [\"" + mtail + "\"]}]}]\n",
	} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	host, port, err := net.SplitHostPort(mtail)
	if err != nil {
		return err
	}
	if err := p.start(ctx, mtail, []string{"mtail"}, "-progs", file("payments.mtail"), "-logs", at.log, "-address", host, "-port", port, "-logtostderr"); err != nil {
		return err
	}
	if err := p.start(ctx, manager, []string{"prometheus-alertmanager", "alertmanager"}, "--config.file="+file("alertmanager.yml"),
		"--storage.path="+file("manager"), "--web.listen-address="+manager, "--cluster.listen-address="); err != nil {
		return err
	}
	return p.start(ctx, prometheus, []string{"prometheus"}, "--config.file="+file("prometheus.yml"),
		"--storage.tsdb.path="+file("series"), "--web.listen-address="+prometheus)
}
