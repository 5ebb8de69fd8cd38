package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/configs"
	"gatewatch/internal/gatewaysim"
	"gatewatch/internal/secret"
)

const demoAbout = `
A simulated gateway writes real, rotating log files in a temporary folder: JSON lines of a Node.js gateway, logback
lines of a Java one, nginx access lines. The agent follows them as it would follow yours. After 30 seconds WeChat Pay
begins to fail, 45 seconds later it heals; meanwhile an order is paid twice, callbacks are forged, and a debug log shows
cards. With SLACK_WEBHOOK_URL, or SLACK_TOKEN and SLACK_CHANNEL, set, alerts go there too, with SLACK_APP_TOKEN with
buttons. Ctrl-C ends it and removes the files.

`

func demo(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	rate := flags.Float64("rate", 0, "payment attempts a second (default 110; each gives about three log lines)")
	listen := flags.String("listen", "", "address of the page (default 127.0.0.1:9600, or a free port when that is taken)")
	incident := flags.Duration("incident-after", 30*time.Second, "when the incident begins")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gatewatch-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		return err
	}
	cfg, err := demoConfig(dir, logs, *listen)
	if err != nil {
		return usageError{err}
	}
	cfg.Patterns.Learn = model.Duration(max(*incident*3/4, 0)) // what the incident brings is new
	listener, err := listenOn(cfg.HTTP.Listen, *listen == "")
	if err != nil {
		return err
	}
	// Only trouble is worth a line on the terminal of a demo.
	log := slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := assemble(cfg, listener, log)
	if err != nil {
		return err
	}
	show := &teller{w: out.stdout}
	a.alerts.Subscribe(show.alert)
	sim := gatewaysim.Config{
		Rate: *rate, Seed: uint64(time.Now().UnixNano()), IncidentAfter: *incident,
		OnFirstFailure: show.failing, OnHealed: show.healed,
	}
	a.parts = append(a.parts, part{"simulated gateway", func(ctx context.Context) error {
		return gatewaysim.Run(ctx, logs, sim, log)
	}})
	fmt.Fprintf(out.stdout, "Gatewatch demo: http://%s/\nA simulated gateway writes to %s; its incident begins in %s. Ctrl-C ends.\n\n",
		listener.Addr(), logs, *incident)
	return a.run(ctx)
}

func demoConfig(dir, logs, listen string) (*configs.Config, error) {
	cfg, err := configs.ForLogs(filepath.Join(dir, "data"), filepath.Join(logs, "*.log"))
	if err != nil {
		return nil, err
	}
	if listen != "" {
		cfg.HTTP.Listen = listen
	}
	if url, token := os.Getenv("SLACK_WEBHOOK_URL"), os.Getenv("SLACK_TOKEN"); token != "" {
		cfg.Alerting.Slack = []receivers.SlackConfig{{
			Token: secret.Secret(token), Channel: os.Getenv("SLACK_CHANNEL"), APIURL: os.Getenv("SLACK_API_URL"),
			AppToken: secret.Secret(os.Getenv("SLACK_APP_TOKEN")),
		}}
	} else if url != "" {
		cfg.Alerting.Slack = []receivers.SlackConfig{{WebhookURL: secret.Secret(url)}}
	}
	cfg.Payments.Intents.Window = model.Duration(30 * time.Second) // nobody watches for longer
	cfg.SetDefaults()
	return cfg, cfg.Validate()
}

// teller prints what happens in the demo.
type teller struct {
	mu    sync.Mutex
	w     io.Writer
	first time.Time // the incident's first failing line
}

func (t *teller) failing(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.first = at
	t.say(at, "the simulated WeChat Pay begins to fail")
}

func (t *teller) healed(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.say(at, "the simulated WeChat Pay works again")
}

func (t *teller) alert(c alerting.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := cmp.Or(c.Alert.Text("summary", "en"), c.Alert.Name)
	if !c.Fired {
		t.say(time.Now(), "RESOLVED  "+text)
		return
	}
	after := ""
	if c.Alert.Labels["provider"] == gatewaysim.IncidentProvider && c.Alert.Labels["about"] == "" && !t.first.IsZero() && c.At.After(t.first) {
		after = fmt.Sprintf("  (%.1f s after the first failing line)", time.Since(t.first).Seconds())
	}
	t.say(time.Now(), "ALERT     "+text+after)
}

func (t *teller) say(at time.Time, text string) {
	fmt.Fprintf(t.w, "%s  %s\n", at.Format("15:04:05"), text)
}
