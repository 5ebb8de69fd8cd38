package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
)

// slackBox returns a Slack that is reached by way, and an empty outbox before it.
func slackBox(t *testing.T, channel string, way http.RoundTripper, facts Facts) (*receivers.Slack, *Box) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := receivers.SlackConfig{Token: fakeslack.Token, Channel: channel, APIURL: "http://slack.test"}
	slack, err := receivers.NewSlack(cfg, receivers.SlackOptions{Threads: t.TempDir(), Log: log, Transport: way})
	if err != nil {
		t.Fatal(err)
	}
	told, err := ledger.Open(filepath.Join(t.TempDir(), "nflog"), log)
	if err != nil {
		t.Fatal(err)
	}
	box, err := open(t.TempDir(), always(slack), told, facts, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return slack, box
}

// always is a station of a receiver that is there.
func always(r receivers.Receiver) Station {
	return Station{Name: "slack", Open: func(prometheus.Registerer) (receivers.Receiver, error) { return r, nil }}
}

// start has box deliver; stop ends that, and waits for it.
func start(t *testing.T, box *Box) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { box.run(ctx) })
	return func() { cancel(); work.Wait() }
}

// notice is one of now to a group.
func notice(group string, alerts ...receivers.Alert) receivers.Notice {
	return receivers.Notice{Created: time.Now(), Told: receivers.Told{GroupKey: group}, Alerts: alerts}
}

// critical is an alert that fires from now on.
func critical(name string) receivers.Alert {
	return receivers.Alert{Name: name, Severity: "critical", Labels: map[string]string{"alertname": name}, Since: time.Now()}
}
