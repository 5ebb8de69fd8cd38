package alerting

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/alerting/relay"
)

// Arrival is what became of a test message to one receiver.
type Arrival struct {
	Receiver string
	// Err is why the message did not arrive, nil when it did. It holds no secret.
	Err error
	// Advice is what to do about Err.
	Advice string
}

// SendTests sends a message that says it is a test to every receiver of cfg, one after the other, without retries. It
// needs no engine and touches nothing of one that runs. The error says that there is nobody to send to.
func SendTests(ctx context.Context, cfg Config, host string, log *slog.Logger) ([]Arrival, error) {
	cfg.SetDefaults()
	dir, err := os.MkdirTemp("", "gatewatch-notify-test-") // a test belongs to no incident, so nothing comes to lie here
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if cfg, _, err = cfg.planned(); err != nil {
		return nil, err
	}
	all := newStations(cfg, dir, host, nil, log)
	arrivals := make([]Arrival, 0, len(all)+len(cfg.Alertmanagers))
	for _, m := range relay.Members(cfg.Alertmanagers) {
		a := Arrival{Receiver: "alertmanager " + m.Name}
		if err := m.Check(ctx); err != nil {
			a.Err, a.Advice = err, "check the address under alerting.alertmanagers, and that the agent's host may reach it"
		}
		arrivals = append(arrivals, a)
	}
	for _, r := range all {
		a := Arrival{Receiver: r.Name}
		receiver, err := r.Open(nil)
		if err != nil {
			return nil, err
		}
		if err := receiver.Send(ctx, receivers.TestNotice(time.Now()), 0); err != nil {
			failure := receivers.AsSendError(err)
			a.Err, a.Advice = failure, failure.Advice()
		}
		arrivals = append(arrivals, a)
	}
	if len(arrivals) == 0 {
		return nil, errors.New("no receiver is configured: give alerting.slack a token and a channel, or a webhook_url")
	}
	return arrivals, nil
}
