package alerting

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
)

// outside is the other side of a heartbeat.
type outside struct {
	beats  []time.Time
	status int
	err    error
}

func (o *outside) RoundTrip(req *http.Request) (*http.Response, error) {
	o.beats = append(o.beats, time.Now())
	if o.err != nil {
		return nil, o.err
	}
	return &http.Response{StatusCode: o.status, Status: http.StatusText(o.status), Body: http.NoBody, Request: req}, nil
}

// TestHeartbeatFollowsEvaluations evaluates every 5 s, stops for some minutes, and goes on.
func TestHeartbeatFollowsEvaluations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		o := &outside{status: 200}
		cfg := HeartbeatConfig{URL: "https://hc.example/very-secret", Interval: model.Duration(time.Minute), Method: "POST"}
		h := newHeartbeat(cfg, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
		h.client.Transport = o
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.run(ctx) }()
		evaluate := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Second) {
				h.tick()
				synctest.Wait()
			}
		}
		time.Sleep(time.Minute)
		if len(o.beats) > 0 {
			t.Errorf("%d heartbeats before the first evaluation", len(o.beats))
		}
		evaluate(5 * time.Minute)
		if n := len(o.beats); n != 5 {
			t.Errorf("%d heartbeats in five minutes, want 5", n)
		}
		time.Sleep(10 * time.Minute)
		if n := len(o.beats); n > 6 {
			t.Errorf("%d heartbeats, though nothing is evaluated", n-5)
		}
		before := len(o.beats)
		o.err = errors.New("connection refused")
		evaluate(2 * time.Minute)
		o.err, o.status = nil, 500
		evaluate(2 * time.Minute)
		if n := len(o.beats) - before; n < 3 || strings.Count(log.String(), "heartbeat not taken") != 1 || strings.Contains(log.String(), "very-secret") {
			t.Errorf("%d heartbeats, log %s, want several and one line without the address", n, log.String())
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run() = %v", err)
		}
	})
}
